import assert from "node:assert/strict";
import { test } from "node:test";
import { createAwsEngine } from "../../../lib/engines/aws/index.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { checkLog } from "../../../lib/log/check/check-log.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { deletedTopicsPk } from "../../../lib/log/topic-row.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Catalog, CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const time = { nowMs: 20_000 * dayMs };
const clock = { ...nodeClock, nowMs: () => time.nowMs };
const parts = { clock, random: nodeRandom, compression: nodeCompression };

const isLast = (writes: readonly CatalogWrite[]): boolean => writes.some(({ key }) => key.pk === "topics");

/** @param before what comes before the step that makes a topic */
function stopped({ catalog, ...engine }: Engine, before: () => Promise<void>): Engine {
  const transact: Catalog["transact"] = async (writes) => {
    if (isLast(writes)) await before();
    await catalog.transact(writes);
  };
  return { ...engine, catalog: { get: (key) => catalog.get(key), query: (pk, range) => catalog.query(pk, range), transact } };
}

async function notes(engine: Engine): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { isFault, kind, what } of checkLog(engine, parts)) found.push(`${isFault ? "fault" : "note"} ${kind} ${what}`);
  return found;
}

test("of a topic whose maker ends before it is made nothing is left, and a check tells of it meanwhile", async () => {
  const [table, bucket] = [new SimTable(clock), new SimBucket(clock)];
  const engine = createAwsEngine({ table, bucket, clock, random: nodeRandom });
  const crash = (): Promise<never> => Promise.reject(new Error("the process ends here"));
  await assert.rejects(createLog(stopped(engine, crash), parts).topics.create({ name: "t", partitions: 100 }));
  const heads = (): number => table.snapshot.filter(({ pk }) => pk !== undefined && "S" in pk && pk.S.startsWith("H#")).length;
  assert.equal(heads(), 25);
  assert.deepEqual(await notes(engine), [], "it may still be at it");
  time.nowMs += hourMs;
  assert.deepEqual(await notes(engine), ["note dangling topic"]);
  for (let rounds = 0; rounds < 30; rounds++) {
    assert.equal((await createJanitor(engine, parts)(Number.MAX_SAFE_INTEGER)).failures, 0);
    time.nowMs += hourMs;
  }
  assert.deepEqual(await engine.catalog.query(deletedTopicsPk, { limit: 10 }), []);
  // What is left has its end set; DynamoDB takes it away.
  assert.ok(table.snapshot.every(({ pk, ttl }) => ttl !== undefined || (pk !== undefined && "S" in pk && pk.S.startsWith("C#"))));
  assert.deepEqual(await notes(engine), []);
});

test("a topic is either made or given up: a maker that is too slow is told so, and one in time is left alone", async () => {
  for (const lateMs of [hourMs - 1, hourMs]) {
    const engine = createMemoryEngine();
    const janitor = createJanitor(engine, parts);
    const wait = async (): Promise<void> => {
      time.nowMs += lateMs;
      await janitor(Number.MAX_SAFE_INTEGER);
    };
    const made = createLog(stopped(engine, wait), parts).topics.create({ name: "t" });
    if (lateMs < hourMs) assert.equal((await made).name, "t");
    else await assert.rejects(made, { code: "unavailable", outcome: "not-applied", retryAfterMs: 0 });
    await janitor(Number.MAX_SAFE_INTEGER);
    assert.deepEqual(await engine.catalog.query(deletedTopicsPk, { limit: 10 }), []);
    const log = createLog(engine, parts);
    if (lateMs < hourMs) await log.append("t", { records: [{ key: null, value: Uint8Array.of(1), headers: [] }] });
    else assert.equal((await log.topics.create({ name: "t" })).name, "t");
  }
});

test("of those that lost the race for a name nothing is left", async () => {
  const engine = createMemoryEngine();
  const { topics } = createLog(engine, parts);
  const made = await Promise.allSettled(Array.from({ length: 5 }, () => topics.create({ name: "t" })));
  assert.equal(made.filter(({ status }) => status === "fulfilled").length, 1);
  await createJanitor(engine, parts)(Number.MAX_SAFE_INTEGER);
  assert.deepEqual(await engine.catalog.query(deletedTopicsPk, { limit: 10 }), []);
});

test("a maker whose shards are closed under it, since it was taken for gone, is told that nothing was made", async () => {
  const engine = createMemoryEngine();
  const { journal } = engine;
  const janitor = createJanitor(engine, { ...parts, strata: { garbageGraceMs: 0 } });
  const open: Engine["journal"]["open"] = async (...given) => {
    await journal.open(...given);
    for (let rounds = 0; rounds < 2; rounds++) {
      time.nowMs += 1;
      await janitor(Number.MAX_SAFE_INTEGER);
    }
    // Its answer was lost, and it is sent again.
    await journal.open(...given);
  };
  const log = createLog({ ...engine, journal: { ...journal, open } }, parts);
  await assert.rejects(log.topics.create({ name: "late" }), { code: "unavailable", outcome: "not-applied" });
  assert.deepEqual(await log.topics.list({}), []);
});
