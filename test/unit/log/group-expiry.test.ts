import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { CallFailed } from "../../../lib/log/consumers/consumers.ts";
import { record } from "../../../lib/testing/conformance/log/build.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const dayMs = 86_400_000;
let nowMs = 0;
let engine: Engine;
let log: Log;
const parts = { clock: { ...nodeClock, nowMs: () => nowMs }, random: nodeRandom, compression: nodeCompression };
const expired = async (offsetsRetentionMs?: number) =>
  (await createJanitor(engine, { ...parts, offsetsRetentionMs })(Number.MAX_SAFE_INTEGER)).groupsExpired;
const at = (offset: number) => [{ topic: "t", partition: 0, offset }];
const beat = () => log.groups.heartbeat("g", "m", { subscription: { topics: ["t"] } });
const groups = async () => (await log.groups.list({})).map(({ group }) => group);
const marks = async () => (await engine.catalog.query("group-marks", { limit: 10 })).length;

beforeEach(async () => {
  nowMs = 1_000 * dayMs;
  engine = createMemoryEngine();
  log = createLog(engine, parts);
  await log.topics.create({ name: "t" });
});

test("a group without members is deleted with its offsets a week after it was used last", async () => {
  await log.groups.set("g", at(3));
  nowMs += 5 * dayMs;
  await log.groups.set("g", at(4));
  nowMs += 7 * dayMs - 1;
  assert.equal(await expired(), 0);
  assert.deepEqual(await groups(), ["g"]);
  nowMs += 1;
  assert.equal(await expired(), 1);
  assert.deepEqual([await groups(), await marks()], [[], 0]);
  await assert.rejects(log.groups.committed("g"), { code: "group_id_not_found" });
});

test("members keep it, however long; once they are gone its time begins", async () => {
  for (let day = 0; day < 20; day++) {
    await beat();
    assert.equal(await expired(), 0);
    assert.equal(await marks(), 1);
    nowMs += dayMs;
    await beat();
  }
  await log.groups.leave("g", "m");
  nowMs += 7 * dayMs - 1;
  assert.equal(await expired(), 0);
  nowMs += 1;
  assert.equal(await expired(), 1);
  assert.deepEqual([await groups(), await marks()], [[], 0]);
});

test("members that are gone without a word keep it for the time of its retention, from when that was seen", async () => {
  await beat();
  nowMs += 8 * dayMs;
  assert.equal(await expired(), 0);
  assert.equal((await log.groups.describe("g")).state, "Empty");
  nowMs += 7 * dayMs;
  assert.equal(await expired(), 1);
  assert.deepEqual([await groups(), await marks()], [[], 0]);
});

test("the time is the janitor's to say", async () => {
  await log.groups.set("g", at(3));
  nowMs += dayMs;
  assert.deepEqual([await expired(dayMs + 1), await expired(dayMs)], [0, 1]);
});

test("dead letters of a triggered consumer go once their records are gone", async () => {
  await log.topics.create({ name: "u" });
  for (const topic of ["t", "u"]) {
    await log.append(topic, { records: [record("a"), record("b"), record("c")] });
    await log.consumers.put({
      ...{ group: topic, topic, target: "local:f" },
      startingPosition: "TRIM_HORIZON",
      batchSize: 1,
      retryAttempts: 0,
    });
    const carrier = { call: () => Promise.reject(new CallFailed("function", "boom")), sendFailure: () => Promise.resolve() };
    await log.consumers.deliver({ group: topic, topic, partition: 0 }, carrier, {});
  }
  const letters = async (group: string) => (await log.consumers.deadLetters(group, {})).map(({ fromOffset }) => fromOffset);
  assert.deepEqual(
    [await letters("t"), await letters("u")],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  await log.deleteRecords("t", [{ partition: 0, offset: 2 }]);
  await log.topics.delete("u");
  nowMs += 7 * dayMs;
  assert.equal(await expired(), 0);
  assert.deepEqual([await letters("t"), await letters("u")], [[2], []]);
});
