/** What writers on AWS left behind when they crashed, found by no shard's visit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { payloadObjectKey } from "../../../lib/engines/aws/keys.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** @param lookMs what each look at the clock takes */
function world(lookMs = 0) {
  const time = { nowMs: 20_000 * dayMs };
  const clock = { ...nodeClock, nowMs: () => (time.nowMs += lookMs) };
  const [table, bucket] = [new SimTable(clock), new SimBucket(clock)];
  const engine = createAwsEngine({ table, bucket, clock, random: nodeRandom });
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  const log = createLog(engine, parts);
  const rounds = async (durationMs: number, everyMs: number): Promise<void> => {
    for (const endMs = time.nowMs + durationMs; time.nowMs < endMs; time.nowMs += everyMs) {
      assert.equal((await createJanitor(engine, parts)(Number.MAX_SAFE_INTEGER)).failures, 0);
    }
  };
  const write = async (topic: string): Promise<void> => {
    await log.append(topic, { records: [{ key: null, value: Uint8Array.of(1), headers: [] }] });
  };
  /** Stores a big payload, and no more. */
  const crash = async (topicId: string, id: string): Promise<void> => {
    const key = payloadObjectKey({ topicId, shard: 0 }, Math.floor(time.nowMs / hourMs), id);
    await bucket.put(key, new Uint8Array(9), id);
  };
  const payloads = (): number => bucket.snapshot.filter(({ key }) => key.startsWith("j/")).length;
  const swept = async () => (await engine.catalog.get({ pk: "janitor", sk: "swept" }))?.value;
  return { time, engine, log, rounds, write, crash, payloads, swept };
}

test("big payloads go, also those that were stored last before nobody uses the log any more, or when the last topic was deleted", async () => {
  for (const isDeleted of [false, true]) {
    const { log, rounds, write, crash, payloads, swept } = world();
    const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
    await write("t");
    await rounds(6 * hourMs, 600_000);
    await crash(id, "0000112233aabbcc");
    if (isDeleted) await log.topics.delete("t");
    await crash(id, "0000112233aabbdd");
    assert.equal(payloads(), 2);
    await rounds(4 * dayMs, hourMs);
    assert.equal(payloads(), 0);
    const before = await swept();
    await rounds(10 * dayMs, hourMs);
    assert.deepEqual(await swept(), before, "an idle log is swept no more");
    await log.topics.create({ name: "again", config: { "retention.ms": -1 } });
    await write("again");
    await rounds(hourMs, hourMs);
    assert.notDeepEqual(await swept(), before);
  }
});

test("the sweep comes to its turn while shards are visited", async () => {
  const { log, rounds, write, swept } = world(1);
  await log.topics.create({ name: "t" });
  await write("t");
  await rounds(1, hourMs);
  assert.notEqual(await swept(), undefined);
});
