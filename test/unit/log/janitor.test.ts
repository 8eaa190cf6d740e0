import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { runJanitor } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { deletedTopicsPk, topicKey, topicsPk } from "../../../lib/log/topic-row.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { JsonValue } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const dayMs = 86_400_000;
const utf8 = new TextEncoder();
let nowMs = 0;
let engine: Engine;
let log: Log;
const clock = { ...nodeClock, nowMs: () => nowMs };

beforeEach(() => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = createLog(engine, { clock, random: nodeRandom, compression: nodeCompression });
});

const round = (endMs = Number.POSITIVE_INFINITY) => runJanitor(engine, { clock, random: nodeRandom }, endMs);

async function write(topic: string, partition: number, ageDays: number): Promise<void> {
  const timestampMs = nowMs - ageDays * dayMs;
  await log.append(topic, { records: [{ partition, timestampMs, key: null, value: utf8.encode("v"), headers: [] }] });
}

const starts = async (topic: string) => (await log.watermarks(topic)).map(({ logStartOffset }) => logStartOffset);

test("records older than retention.ms go, whole entries from the start, and offsets stay", async () => {
  await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": 3 * dayMs } });
  await write("t", 0, 5);
  await write("t", 1, 4);
  await write("t", 0, 2);
  await write("t", 1, 9);
  await write("t", 0, 0);
  assert.equal((await round()).shardsTrimmed, 1);
  assert.deepEqual(await starts("t"), [1, 1], "what is old but stands behind a young entry stays");
  await assert.rejects(log.fetch("t", 0, { from: 0 }), { code: "offset_out_of_range" });
  assert.equal((await log.fetch("t", 0, { from: "earliest" })).offset, 1);
  assert.equal((await round()).shardsTrimmed, 0, "nothing twice");
  nowMs += 4 * dayMs;
  assert.equal((await round()).shardsTrimmed, 1);
  assert.deepEqual(await starts("t"), [3, 2], "all of it, in time");
  await write("t", 0, 0);
  assert.equal((await log.watermarks("t"))[0]?.highWatermark, 4, "offsets go on");
});

test("nothing expires without end, or where only compaction may remove", async () => {
  await log.topics.create({ name: "for-ever", config: { "retention.ms": -1 } });
  await log.topics.create({ name: "latest", config: { "cleanup.policy": "compact" } });
  for (const topic of ["for-ever", "latest"]) await write(topic, 0, 900);
  assert.equal((await round()).shardsTrimmed, 0);
  assert.deepEqual([...(await starts("for-ever")), ...(await starts("latest"))], [0, 0]);
});

test("a retention that is raised while a round runs counts", async () => {
  await log.topics.create({ name: "t", config: { "retention.ms": dayMs } });
  await write("t", 0, 2);
  const catalog: Engine["catalog"] = {
    ...engine.catalog,
    get: (key) => engine.catalog.get(key),
    transact: (writes) => engine.catalog.transact(writes),
    async query(pk, range) {
      const page = await engine.catalog.query(pk, range);
      if (pk === topicsPk) await log.topics.alter("t", { config: { "retention.ms": 5 * dayMs } });
      return page;
    },
  };
  const report = await runJanitor({ ...engine, catalog }, { clock, random: nodeRandom }, Number.POSITIVE_INFINITY);
  assert.equal(report.shardsTrimmed, 0);
});

test("a deletion and a growth that a crash cut short are ended", async () => {
  const gone = await log.topics.create({ name: "gone" });
  await log.topics.create({ name: "growing", partitions: 1 });
  const row = async (name: string) => (await engine.catalog.get(topicKey(name)))!.value as Readonly<Record<string, JsonValue>>;
  const goneRow = await row("gone");
  await engine.catalog.transact([
    { key: topicKey("gone"), delete: true, if: "any" },
    { key: { pk: deletedTopicsPk, sk: gone.id }, put: { ...goneRow, name: "gone" }, if: "absent" },
    { key: topicKey("growing"), put: { ...(await row("growing")), growingTo: 9 }, if: 1 },
  ]);
  const report = await round();
  assert.deepEqual([report.deletionsFinished, report.growthsFinished, report.failures], [1, 1, 0]);
  assert.deepEqual(await engine.catalog.query(deletedTopicsPk, { limit: 10 }), []);
  await assert.rejects(engine.journal.head({ topicId: gone.id, shard: 0 }), { code: "unknown_topic_or_partition" });
  assert.equal((await log.topics.get("growing")).partitions, 9);
});

test("a round that runs out of time goes on in the next one; one bad topic holds up no other", async () => {
  for (const name of ["a", "b", "c"]) {
    await log.topics.create({ name, config: { "retention.ms": dayMs } });
    await write(name, 0, 2);
  }
  const broken = (await engine.catalog.get(topicKey("b")))!;
  await engine.catalog.transact([{ key: topicKey("b"), put: { ...(broken.value as object), v: 99 }, if: "any" }]);
  const late: Engine = {
    ...engine,
    journal: {
      ...engine.journal,
      head: async (shard) => {
        nowMs += 1;
        return await engine.journal.head(shard);
      },
      entries: (...args) => engine.journal.entries(...args),
      trim: (...args) => engine.journal.trim(...args),
    },
  };
  const parts = { clock, random: nodeRandom };
  const first = await runJanitor(late, parts, nowMs + 1);
  assert.deepEqual([first.topicsSeen, first.shardsTrimmed, first.isComplete], [1, 1, false]);
  const second = await round();
  assert.deepEqual([second.topicsSeen, second.shardsTrimmed, second.failures, second.isComplete], [2, 1, 1, true]);
  const third = await round();
  assert.equal(third.topicsSeen, 3, "from the first topic again");
});
