import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type ErrorCode, LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../../lib/log/janitor.ts";
import { checkLog } from "../../../lib/log/check/check-log.ts";
import type { Finding } from "../../../lib/log/check/finding.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let nowMs = 0;
let engine: Engine;
let log: Log;
const clock = { ...nodeClock, nowMs: () => nowMs };
const parts = { clock, random: nodeRandom, compression: nodeCompression };
const round = (over: Engine = engine): Promise<JanitorReport> => createJanitor(over, parts)(Number.MAX_SAFE_INTEGER);
const marks = async (pk: string) => (await engine.catalog.query(pk, { limit: 1_000 })).map(({ key }) => key.sk);
const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);

beforeEach(() => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = createLog(engine, parts);
});

async function write(topic: string, partition = 0, over: Log = log): Promise<void> {
  await over.append(topic, { records: [{ partition, timestampMs: nowMs, key: null, value: new Uint8Array(1), headers: [] }] });
}

/** Rounds until all that was written is sealed and trimmed, and nothing is in use. */
async function settle(): Promise<void> {
  for (const afterMs of [0, hourMs, hourMs, hourMs]) {
    nowMs += afterMs;
    await round();
  }
  assert.deepEqual(await marks("active"), []);
}

/** The engine, which refuses writes of some kind. */
function refusing(isRefused: (write: CatalogWrite) => boolean): Engine {
  const transact: Engine["catalog"]["transact"] = async (writes) => {
    if (writes.some(isRefused)) throw new LogError("throttled", "It is busy.");
    await engine.catalog.transact(writes);
  };
  return { ...engine, catalog: { ...engine.catalog, transact } };
}

const at = (pk: string) => (each: CatalogWrite) => each.key.pk.startsWith(pk);

test("records are deleted in a shard that is marked by then, so that they are freed whatever comes between", async () => {
  const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
  await write("t");
  await settle();
  const before = [{ partition: 0, offset: "latest" }] as const;
  await assert.rejects(createLog(refusing(at("active")), parts).deleteRecords("t", before), { code: "throttled" });
  assert.deepEqual(await starts("t"), [0], "not before it is marked");
  await assert.rejects(createLog(refusing(at("frontiers/")), parts).deleteRecords("t", before), { code: "throttled" });
  assert.deepEqual(await marks("active"), [`${id}/0`]);
});

test("a shard whose only mark could not be written is sealed and expires all the same, though nobody comes back", async () => {
  await log.topics.create({ name: "t", config: { "retention.ms": 2 * dayMs } });
  await round();
  await write("t", 0, createLog(refusing(at("active")), parts));
  assert.deepEqual(await marks("active"), []);
  for (let day = 0; day < 8; day++) {
    nowMs += dayMs;
    assert.equal((await round()).failures, 0);
  }
  assert.deepEqual([await starts("t"), await marks("active"), await marks("due")], [[1], [], []]);
  assert.deepEqual(await engine.objects.list("", { limit: 10 }), []);
});

test("marks of what is due are found again, to the millisecond, and none are made where nothing comes", async () => {
  const compacted = { "cleanup.policy": "compact", "delete.retention.ms": 20 * dayMs, "min.cleanable.dirty.ratio": 0 };
  const configs = {
    expires: { "retention.ms": 9 * dayMs },
    stays: { "retention.ms": -1 },
    clean: { "cleanup.policy": "compact" },
    tombs: compacted,
  };
  for (const [name, config] of Object.entries(configs)) await log.topics.create({ name, partitions: 2, config });
  await log.topics.create({ name: "empty", partitions: 40, partitionsPerShard: 1 });
  const records = [{ key: new Uint8Array(1), value: null, headers: [], partition: 1 }];
  for (const name of ["expires", "stays"]) await write(name, 1);
  for (const name of ["clean", "tombs"]) await log.append(name, { records });
  await settle();
  const due = await marks("due");
  assert.equal(due.length, 3, "retention, and tombstones of two topics");
  await engine.catalog.transact(due.map((sk) => ({ key: { pk: "due", sk }, delete: true, if: "any" }) as const));
  nowMs += dayMs - 3 * hourMs;
  assert.equal((await round()).shardsSeen, 0);
  assert.deepEqual([await marks("due"), await marks("active")], [due, []]);
});

test("what is overdue, or lies below the log start, is looked at in the next round", async () => {
  await log.topics.create({ name: "bytes", config: { "retention.ms": -1 } });
  await log.topics.create({ name: "deleted", config: { "retention.ms": -1 } });
  for (const name of ["bytes", "deleted"]) await write(name);
  await settle();
  await log.deleteRecords("deleted", [{ partition: 0, offset: "latest" }]);
  await log.topics.alter("bytes", { config: { "retention.bytes": 0 } });
  const active = await marks("active");
  assert.equal(active.length, 2);
  await engine.catalog.transact(active.map((sk) => ({ key: { pk: "active", sk }, delete: true, if: "any" }) as const));
  nowMs += dayMs;
  await round();
  assert.deepEqual(await marks("active"), active);
  assert.equal((await round()).segmentsExpired, 2);
});

test("a search takes a part of each round, from where the last one came to, and begins anew a day after it began", async () => {
  for (const [name, partitions] of [
    ["a", 3],
    ["b", 2_300],
    ["c", 5],
    ["d", 1],
  ] as const)
    await log.topics.create({ name, partitions, partitionsPerShard: 1 });
  const heads: string[] = [];
  const head: Engine["journal"]["head"] = (shard, producerId) => {
    heads.push(`${shard.topicId}/${shard.shard}`);
    return engine.journal.head(shard, producerId);
  };
  const over = { ...engine, journal: { ...engine.journal, head } };
  await round(over);
  nowMs += dayMs;
  const seen: number[] = [];
  for (let nth = 0; nth < 5; nth++) {
    await round(over);
    seen.push(heads.length);
    nowMs += 300_000;
  }
  assert.deepEqual(seen, [1_000, 2_000, 2_309, 2_309, 2_309]);
  assert.equal(new Set(heads).size, 2_309, "each once");
  nowMs += dayMs;
  await round(over);
  assert.equal(heads.length, 3_309);
});

test("what cannot be read is left to its visits, and what is gone meanwhile to nobody", async () => {
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.push((await log.topics.create({ name, config: { "retention.ms": dayMs } })).id);
  for (const name of ["a", "b", "c"]) await write(name, 0, createLog(refusing(at("active")), parts));
  await round();
  const [damaged, closed, whole] = ids;
  let codes: Readonly<Record<string, ErrorCode>> = { [damaged ?? ""]: "corrupt_log", [closed ?? ""]: "unknown_topic_or_partition" };
  const head: Engine["journal"]["head"] = async (shard, producerId) => {
    const code = codes[shard.topicId];
    if (code !== undefined) throw new LogError(code, "It cannot be read.");
    return await engine.journal.head(shard, producerId);
  };
  const over = { ...engine, journal: { ...engine.journal, head } };
  nowMs += dayMs;
  assert.equal((await round(over)).failures, 0);
  assert.deepEqual(await marks("active"), [`${damaged}/0`, `${whole}/0`].sort());
  await engine.catalog.transact((await marks("active")).map((sk) => ({ key: { pk: "active", sk }, delete: true, if: "any" }) as const));
  nowMs += dayMs;
  codes = { [whole ?? ""]: "throttled" };
  assert.deepEqual([(await round(over)).failures, await marks("active")], [1, []], "storage is out of reach");
  codes = {};
  await round(over);
  assert.equal((await marks("active")).length, 3, "it is looked for again");
});

test("check tells of what waits without a mark, and marks it", async () => {
  const { id } = await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
  await write("t", 0);
  await write("t", 1, createLog(refusing(at("active")), parts));
  const found = async (): Promise<readonly Finding[]> => {
    const findings: Finding[] = [];
    for await (const finding of checkLog(engine, parts)) findings.push(finding);
    return findings;
  };
  const [lost, ...others] = await found();
  assert.deepEqual([lost?.kind, lost?.what, lost?.isFault, lost?.where.shard, others], ["missing", "mark", false, 1, []]);
  assert.equal(await lost?.repair?.(), true);
  assert.equal(await lost?.repair?.(), false, "it is marked");
  assert.deepEqual([await found(), await marks("active")], [[], [`${id}/0`, `${id}/1`]]);
});
