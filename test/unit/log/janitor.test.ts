import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { frontierKey, readFrontier } from "../../../lib/log/strata/frontier.ts";
import { Frontiers } from "../../../lib/log/strata/frontiers.ts";
import { tendShard } from "../../../lib/log/strata/tend.ts";
import { defaultStrataTuning } from "../../../lib/log/strata/tuning.ts";
import { deletedTopicsPk, topicKey } from "../../../lib/log/topic-row.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { JsonValue } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const utf8 = new TextEncoder();
let nowMs = 0;
let engine: Engine;
let log: Log;
const clock = { ...nodeClock, nowMs: () => nowMs };
const parts = { clock, random: nodeRandom, compression: nodeCompression };
const open = (over: Engine): Log => createLog(over, parts);

beforeEach(() => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = open(engine);
});

const round = (endMs = Number.MAX_SAFE_INTEGER) => createJanitor(engine, parts)(endMs);
const marks = async (pk: string) => (await engine.catalog.query(pk, { limit: 100 })).map(({ key }) => key.sk);

async function write(topic: string, partition = 0, timestampMs = nowMs): Promise<void> {
  await log.append(topic, { records: [{ partition, timestampMs, key: null, value: utf8.encode("v"), headers: [] }] });
}

const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);

test("a few records wait an hour for their seal, ten minutes more to leave the journal, and then expire in time", async () => {
  const { id } = await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": 3 * dayMs } });
  await write("t", 0);
  await write("t", 1);
  const first = await round();
  assert.deepEqual([first.shardsSeen, first.seals, first.unsealedEntries, first.failures], [1, 0, 2, 0]);
  nowMs += hourMs - 1;
  const waiting = await round();
  assert.deepEqual([waiting.seals, waiting.unsealedAgeMs], [0, hourMs - 1]);
  nowMs += 1;
  assert.equal((await round()).seals, 1);
  const startSeq = async () => (await engine.journal.head({ topicId: id, shard: 0 })).startSeq;
  assert.equal(await startSeq(), 0);
  nowMs += 600_000;
  await round();
  assert.equal(await startSeq(), 2);
  assert.deepEqual(
    [await marks("active"), await marks("due")].map(({ length }) => length),
    [0, 1],
    "only its retention is left to do",
  );
  assert.equal((await round()).shardsSeen, 0);
  nowMs += 3 * dayMs;
  const last = await round();
  assert.deepEqual([last.shardsSeen, last.segmentsExpired], [1, 2]);
  assert.deepEqual(await starts("t"), [1, 1]);
  nowMs += hourMs;
  assert.equal((await round()).objectsDeleted, 2);
  assert.deepEqual([await marks("active"), await marks("due"), await engine.objects.list("", { limit: 10 })], [[], [], []]);
  await write("t", 0);
  assert.equal((await log.watermarks("t"))[0]?.highWatermark, 2, "offsets go on");
});

test("a shard is sealed without waiting when much is there", async () => {
  await log.topics.create({ name: "t" });
  const records = Array.from({ length: 17 }, () => ({ key: null, value: new Uint8Array(1_000_000), headers: [] }));
  for (const record of records) await log.append("t", { records: [record] });
  assert.deepEqual([(await round()).seals, (await round()).unsealedEntries], [1, 0]);
});

test("a retention that was raised since the topic was marked counts", async () => {
  await log.topics.create({ name: "t", config: { "retention.ms": dayMs } });
  await write("t");
  await round();
  nowMs += hourMs;
  await round();
  nowMs += 2 * dayMs;
  await log.topics.alter("t", { config: { "retention.ms": 5 * dayMs } });
  assert.equal((await round()).segmentsExpired, 0);
  await log.topics.alter("t", { config: { "retention.ms": dayMs } });
  assert.equal((await round()).segmentsExpired, 1, "and so does one that was lowered");
});

test("a deletion and a growth that a crash cut short are ended", async () => {
  const gone = await log.topics.create({ name: "gone" });
  await log.topics.create({ name: "growing", partitions: 1 });
  const row = async (name: string) => (await engine.catalog.get(topicKey(name)))?.value as Readonly<Record<string, JsonValue>>;
  const goneRow = await row("gone");
  await engine.catalog.transact([
    { key: topicKey("gone"), delete: true, if: "any" },
    { key: { pk: "topic-ids", sk: gone.id }, delete: true, if: "any" },
    { key: { pk: deletedTopicsPk, sk: gone.id }, put: { ...goneRow, name: "gone" }, if: "absent" },
  ]);
  const journal: Engine["journal"] = { ...engine.journal, open: () => Promise.reject(new Error("the process ends here")) };
  await assert.rejects(open({ ...engine, journal }).topics.alter("growing", { partitions: 9 }));
  const report = await round();
  assert.deepEqual([report.deletionsFinished, report.failures], [1, 0]);
  assert.deepEqual(await marks(deletedTopicsPk), []);
  await assert.rejects(engine.journal.head({ topicId: gone.id, shard: 0 }), { code: "unknown_topic_or_partition" });
  assert.equal((await row("growing"))["growingTo"], 0);
  assert.equal((await log.topics.get("growing")).partitions, 9);
});

test("a round that runs out of time goes on in the next one; one bad topic holds up no other", async () => {
  for (const name of ["a", "b", "c"]) {
    await log.topics.create({ name });
    await write(name);
  }
  const late: Engine = {
    ...engine,
    journal: {
      ...engine.journal,
      head: async (shard) => {
        nowMs += 1;
        return await engine.journal.head(shard);
      },
    },
  };
  const first = await createJanitor(late, parts)(nowMs + 1);
  assert.deepEqual([first.shardsSeen, first.isComplete], [1, false]);
  const broken = await engine.catalog.get(topicKey("b"));
  await engine.catalog.transact([{ key: topicKey("b"), put: { ...(broken?.value as object), v: 99 }, if: "any" }]);
  const second = await round();
  assert.equal(second.shardsSeen + second.failures, 2, "those that the first did not come to");
  const third = await round();
  assert.deepEqual([third.shardsSeen, third.failures, third.isComplete], [2, 1, true], "from the first again");
});

test("topics of builds that had no rows by id get theirs", async () => {
  const { id } = await log.topics.create({ name: "old" });
  await engine.catalog.transact([{ key: { pk: "topic-ids", sk: id }, delete: true, if: "any" }]);
  await write("old");
  await round();
  nowMs += hourMs;
  assert.equal((await round()).seals, 1);
});

test("what an earlier build trimmed without sealing it is passed over", async () => {
  const { id } = await log.topics.create({ name: "t", partitions: 2 });
  for (let nth = 0; nth < 4; nth++) await write("t", nth % 2);
  await engine.journal.trim({ topicId: id, shard: 0 }, 3);
  assert.deepEqual(await starts("t"), [2, 1]);
  await round();
  nowMs += hourMs;
  assert.deepEqual([(await round()).seals, await starts("t")], [1, [2, 1]]);
  nowMs += hourMs;
  await round();
  assert.deepEqual([(await log.fetch("t", 1, { from: "earliest" })).nextOffset, await starts("t")], [2, [2, 1]]);
});

test("a round that ends before a busy shard's next turn leaves the next one to begin with the first shard", async () => {
  const topics = [];
  for (const name of ["a", "b"]) topics.push(await log.topics.create({ name }));
  for (const { name } of topics) for (let nth = 0; nth < 20; nth++) await write(name);
  const [first] = topics.map(({ id }) => `${id}/0`).sort();
  const cursor = { pk: "janitor", sk: "cursor" };
  await engine.catalog.transact([{ key: cursor, put: first ?? "", if: "any" }]);
  const ending = new AbortController();
  let puts = 0;
  const objects: Engine["objects"] = {
    ...engine.objects,
    put: async (key, body) => {
      // A visit seals eight times, and merges those.
      if (++puts === 9) ending.abort();
      return await engine.objects.put(key, body);
    },
  };
  const janitor = createJanitor({ ...engine, objects }, { ...parts, strata: { sealAgeMs: 0, sealBytesMax: 1 } });
  const report = await janitor(Number.MAX_SAFE_INTEGER, ending.signal);
  assert.deepEqual([report.shardsSeen, report.seals, report.isComplete], [1, 8, false]);
  assert.equal((await engine.catalog.get(cursor))?.value, "");
});

test("a visit makes so many merges at most, and says that there is more", async () => {
  const config = { "retention.ms": -1 };
  const { id } = await log.topics.create({ name: "t", partitions: 12, partitionsPerShard: 12, config });
  const tuning = { ...defaultStrataTuning, sealAgeMs: 0, sealEntries: 1, mergeSegmentsMin: 2 };
  const services = { engine, ...parts, frontiers: Frontiers.of(engine, clock), tuning };
  const visit = async () => await tendShard(services, await log.topics.get("t"), { topicId: id, shard: 0 }, () => false);
  for (let nth = 0; nth < 2; nth++) {
    for (let partition = 0; partition < 12; partition++) await write("t", partition);
    if (nth === 0) assert.deepEqual([(await visit()).merges, (await visit()).segments], [0, 12]);
  }
  const seen = [await visit(), await visit(), await visit()].map(({ merges, segments, hasMore, isBusy }) => [
    merges,
    segments,
    hasMore,
    isBusy,
  ]);
  assert.deepEqual(seen, [
    [8, 16, true, true],
    [4, 12, false, true],
    [0, 12, false, true],
  ]);
});

test("while sealing falls behind, the age of what waits is told to within the time between two visits", async () => {
  const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
  const appendedMs: number[] = [];
  const everyMs = 300_000;
  // A visit seals eight entries, of twelve that come.
  const tuning = { ...defaultStrataTuning, sealEntries: 1, sealBytesMax: 1, mergeSegmentsMin: 1_000 };
  const services = { engine, ...parts, frontiers: Frontiers.of(engine, clock), tuning };
  const tend = async () => await tendShard(services, await log.topics.get("t"), { topicId: id, shard: 0 }, () => false);
  let age = { toldMs: 0, realMs: 0 };
  for (let visit = 0; visit < 90; visit++) {
    for (let nth = 0; nth < 12; nth++) {
      nowMs += everyMs / 12;
      await write("t");
      appendedMs.push(nowMs);
    }
    const { waitingSinceMs } = await tend();
    const { seq } = readFrontier(await engine.catalog.get(frontierKey({ topicId: id, shard: 0 })));
    const [toldMs, realMs] = [nowMs - waitingSinceMs, nowMs - (appendedMs[seq] ?? nowMs)];
    age = { toldMs, realMs };
    assert.ok(toldMs <= realMs && realMs - toldMs <= Math.max(everyMs, realMs / 4), `visit ${visit}: ${toldMs} of ${realMs}`);
  }
  assert.ok(age.realMs > 2 * hourMs && age.toldMs > 1.5 * hourMs, `${age.toldMs} of ${age.realMs}`);
  while ((await tend()).seals > 0);
  const { seen, waitingSinceMs } = readFrontier(await engine.catalog.get(frontierKey({ topicId: id, shard: 0 })));
  assert.deepEqual([seen, waitingSinceMs], [[], 0]);
});
