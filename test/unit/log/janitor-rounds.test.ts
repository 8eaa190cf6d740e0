import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { limits } from "../../../lib/core/limits.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor, type JanitorReport } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { garbageWrite, newGarbage } from "../../../lib/log/strata/garbage.ts";
import { segmentsPk } from "../../../lib/log/strata/segment-row.ts";
import type { StrataTuning } from "../../../lib/log/strata/tuning.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let nowMs = 0;
let engine: Engine;
let log: Log;
const clock = { ...nodeClock, nowMs: () => nowMs };
const parts = { clock, random: nodeRandom, compression: nodeCompression };

beforeEach(() => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = createLog(engine, parts);
});

interface RoundOptions {
  readonly over?: Engine;
  readonly endMs?: number;
  readonly signal?: AbortSignal;
  readonly strata?: Partial<StrataTuning>;
}

const round = ({ over = engine, endMs = Number.MAX_SAFE_INTEGER, signal, strata }: RoundOptions = {}): Promise<JanitorReport> =>
  createJanitor(over, { ...parts, strata })(endMs, signal);
const marks = async (pk: string) => (await engine.catalog.query(pk, { limit: 100 })).map(({ key }) => key.sk);
const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);

async function write(topic: string, partition = 0): Promise<void> {
  await log.append(topic, { records: [{ partition, timestampMs: nowMs, key: null, value: new Uint8Array(1), headers: [] }] });
}

/** Rounds until all that was written is sealed and trimmed, and nothing is in use. */
async function settle(): Promise<void> {
  for (const afterMs of [0, hourMs, hourMs, hourMs]) {
    nowMs += afterMs;
    await round();
  }
  assert.deepEqual(await marks("active"), []);
}

/** The engine, which does something first whenever a shard's head is read. */
function onHead(act: () => void): Engine {
  const head: Engine["journal"]["head"] = (...asked) => {
    act();
    return engine.journal.head(...asked);
  };
  return { ...engine, journal: { ...engine.journal, head } };
}

test("a round that is told to end within a visit leaves what was due there to the next one", async () => {
  await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": 2 * dayMs } });
  for (const partition of [0, 1]) await write("t", partition);
  await settle();
  nowMs += 2 * dayMs;
  const stopping = new AbortController();
  const report = await round({ over: onHead(() => stopping.abort()), signal: stopping.signal });
  assert.deepEqual([report.segmentsExpired, report.failures, report.isComplete], [0, 0, false]);
  assert.deepEqual([(await marks("active")).length, await marks("due")], [1, []], "it is to be gone on with");
  assert.equal((await round()).segmentsExpired, 2);
  assert.deepEqual(await starts("t"), [1, 1]);
});

test("what falls due elsewhere in a topic while a round runs takes no shard's mark away", async () => {
  const { id } = await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1, config: { "retention.ms": 10 * dayMs } });
  const firstMs = nowMs;
  for (let nth = 0; nth < 2; nth++) {
    await write("t", 1);
    await settle();
  }
  nowMs = firstMs + 10 * dayMs - 1_000;
  await engine.catalog.transact([garbageWrite(newGarbage(nodeRandom, id, nowMs + 500, ["s/00/t/0/0-00"], "expired"))]);
  await write("t", 0);
  // By when shard 0 has been looked at, both the garbage and shard 1's first segment are due.
  const query: Engine["catalog"]["query"] = async (pk, range) => {
    const items = await engine.catalog.query(pk, range);
    if (pk.startsWith("garbage/")) nowMs += 3_000;
    return items;
  };
  for (let nth = 0; nth < 2; nth++) await round({ over: { ...engine, catalog: { ...engine.catalog, query } } });
  assert.deepEqual(await starts("t"), [0, 1]);
  nowMs += dayMs;
  await round();
  assert.deepEqual(await starts("t"), [0, 2], "the second one too, in its time");
});

test("a shard whose writer is faster than its sealing holds up no other", async () => {
  await log.topics.create({ name: "hot", config: { "retention.ms": -1 } });
  await log.topics.create({ name: "idle", config: { "retention.ms": 2 * dayMs } });
  await write("idle");
  await settle();
  nowMs += 2 * dayMs;
  for (let nth = 0; nth < 20; nth++) await write("hot");
  const put: Engine["objects"]["put"] = async (key, body) => {
    nowMs += 1_000;
    await write("hot");
    return await engine.objects.put(key, body);
  };
  const strata = { sealEntries: 2, sealBytesMax: 1, mergeSegmentsMin: 1_000, mergeSegmentsMax: 1_000 };
  const report = await round({ over: { ...engine, objects: { ...engine.objects, put } }, endMs: nowMs + 20_000, strata });
  assert.deepEqual([report.isComplete, report.segmentsExpired, await starts("idle")], [false, 1, [1]]);
  assert.equal(report.seals, 20, "and has the time that nobody else needs");
});

test("what is deleted of a topic is not looked at again, and a shard that cannot be freed holds up no other", async () => {
  const shards = 150;
  const { id } = await log.topics.create({ name: "t", partitions: shards, partitionsPerShard: 1 });
  for (const partition of [0, 70, 149]) await write("t", partition);
  await settle();
  await log.topics.delete("t");
  const reclaimed = new Map<number, number>();
  let isBroken = true;
  const reclaim: Engine["upkeep"]["reclaim"] = async (key, options) => {
    nowMs += 100;
    reclaimed.set(key.shard, (reclaimed.get(key.shard) ?? 0) + 1);
    if (key.shard === 40 && isBroken) throw new Error("it is out of order");
    return await engine.upkeep.reclaim(key, options);
  };
  const over = { ...engine, upkeep: { ...engine.upkeep, reclaim } };
  // Each round has the time for some thirty.
  const deleting = async () => await round({ over, endMs: nowMs + 3_000 });
  for (let nth = 0; nth < 8; nth++) assert.equal((await deleting()).deletionsFinished, 0);
  assert.equal(reclaimed.size, shards, "all were come to");
  assert.ok([...reclaimed].every(([shard, times]) => shard >= 40 || times === 1));
  const segments = await Promise.all([0, 70, 149].map((partition) => engine.catalog.query(segmentsPk(id, partition), { limit: 1 })));
  assert.deepEqual(segments.flat(), []);
  isBroken = false;
  nowMs += hourMs;
  let finished = 0;
  for (let nth = 0; nth < 8; nth++) finished += (await deleting()).deletionsFinished;
  assert.equal(finished, 1);
  assert.deepEqual(
    [await marks("deleted-topics"), await marks(`frontiers/${id}`), await engine.objects.list("", { limit: 9 })],
    [[], [], []],
  );
});

test("two rounds at the same deletion, and one that ends without a word, leave nothing", async () => {
  const { id } = await log.topics.create({ name: "t", partitions: 20, partitionsPerShard: 1 });
  for (const partition of [3, 17]) await write("t", partition);
  await settle();
  await log.topics.delete("t");
  const strata = { garbageGraceMs: 0 };
  const reclaim: Engine["upkeep"]["reclaim"] = async (key, options) => {
    nowMs += limits.janitorStepMs;
    return await engine.upkeep.reclaim(key, options);
  };
  const over = { ...engine, upkeep: { ...engine.upkeep, reclaim } };
  const dying: Engine = { ...over, journal: { ...engine.journal, close: () => new Promise(() => {}) } };
  void round({ over: dying, strata });
  const reports = await Promise.all([round({ over, strata }), round({ over, strata }), round({ over, strata })]);
  assert.ok(reports.every(({ failures }) => failures === 0));
  const { failures, isComplete } = await round({ strata });
  assert.deepEqual([failures, isComplete], [0, true]);
  assert.deepEqual(
    [await marks("deleted-topics"), await marks(`frontiers/${id}`), await engine.objects.list("", { limit: 9 })],
    [[], [], []],
  );
});

/** Starts a round that comes to an end nowhere, as one that is killed. @param seen what there is once it has gone so far */
async function killed(options: RoundOptions, seen: () => Promise<boolean>): Promise<void> {
  void round(options);
  for (let nth = 0; !(await seen()); nth++) assert.ok(nth < 10_000, "it goes so far");
}

const never = new Promise<never>(() => {});
const cursor = async () => (await engine.catalog.get({ pk: "janitor", sk: "cursor" }))?.value;

/** Three topics with a record each. @returns the ids in the order of their visits */
async function threeInUse(config: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) {
    ids.push((await log.topics.create({ name, config })).id);
    await write(name);
  }
  return ids.sort();
}

test("a round that was killed in a shard does not begin with it again: when it had run for long before", async () => {
  const [first, second, third] = await threeInUse();
  const deadly = new Set([second, third]);
  const head: Engine["journal"]["head"] = async (shard, producerId) =>
    deadly.has(shard.topicId) ? await never : await engine.journal.head(shard, producerId);
  const query: Engine["catalog"]["query"] = async (pk, range) => {
    if (pk === `garbage/${first}`) nowMs += limits.janitorStepMs;
    return await engine.catalog.query(pk, range);
  };
  const over = { ...engine, journal: { ...engine.journal, head }, catalog: { ...engine.catalog, query } };
  await killed({ over }, async () => (await cursor()) === `${second}/0`);
  await killed({ over }, async () => (await cursor()) === `${third}/0`);
  assert.deepEqual([(await round()).shardsSeen, await cursor()], [0, ""]);
  assert.equal((await round()).shardsSeen, 3);
});

test("a round that was killed in a shard does not begin with it again: when the visit had lasted long", async () => {
  const [first] = await threeInUse();
  const head: Engine["journal"]["head"] = async (shard, producerId) => {
    nowMs += limits.janitorStepMs;
    return await engine.journal.head(shard, producerId);
  };
  const put: Engine["objects"]["put"] = () => never;
  const over = { ...engine, journal: { ...engine.journal, head }, objects: { ...engine.objects, put } };
  nowMs += hourMs;
  await killed({ over, strata: { sealAgeMs: 0 } }, async () => (await cursor()) === `${first}/0`);
  assert.equal((await round()).shardsSeen, 2);
});

test("a round that was killed where something was due goes on with it later, as with what is in use", async () => {
  await threeInUse({ "retention.ms": 2 * dayMs });
  await settle();
  nowMs += 2 * dayMs;
  const [first] = await marks("due");
  const head: Engine["journal"]["head"] = async (shard, producerId) => {
    nowMs += limits.janitorStepMs;
    return await engine.journal.head(shard, producerId);
  };
  const query: Engine["catalog"]["query"] = async (pk, range) =>
    pk.startsWith("segments/") ? await never : await engine.catalog.query(pk, range);
  const over = { ...engine, journal: { ...engine.journal, head }, catalog: { ...engine.catalog, query } };
  await killed({ over }, async () => (await marks("due")).length === 2);
  assert.deepEqual(await marks("active"), [first?.slice(first.indexOf("-") + 1)]);
  const next = await round();
  assert.deepEqual([next.segmentsExpired, next.failures], [3, 0]);
});

test("a round writes down how far it is no more often than now and then", async () => {
  for (let nth = 0; nth < 50; nth++) {
    await log.topics.create({ name: `t${nth}` });
    await write(`t${nth}`);
  }
  let writes = 0;
  const transact: Engine["catalog"]["transact"] = async (own) => {
    if (own.some(({ key }) => key.pk === "janitor")) writes++;
    await engine.catalog.transact(own);
  };
  const slow = onHead(() => (nowMs += 100));
  const startMs = nowMs;
  await round({ over: { ...slow, catalog: { ...engine.catalog, transact } } });
  const tens = (nowMs - startMs) / limits.janitorStepMs;
  assert.ok(writes <= tens + 3, `${writes} writes in ${nowMs - startMs} ms`);
  writes = 0;
  await round({ over: { ...engine, catalog: { ...engine.catalog, transact } } });
  assert.equal(writes, 0, "never in a short round");
});
