import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { segmentKey, segmentValue } from "../../../lib/log/strata/segment-row.ts";
import { firstAtTime } from "../../../lib/log/time-lookup.ts";
import { SegmentReader } from "../../../lib/log/strata/segment-reader.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

/** The engine, with every call of a port counted. */
function counted(engine: Engine): { readonly engine: Engine; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const count = <T extends object>(port: string, target: T): T =>
    new Proxy(target, {
      get(own, name) {
        const value: unknown = Reflect.get(own, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const what = `${port}.${String(name)}`;
          calls.set(what, (calls.get(what) ?? 0) + 1);
          return (value as (...all: unknown[]) => unknown).apply(own, args);
        };
      },
    });
  const { journal, catalog, objects, upkeep } = engine;
  const ports = { journal: count("journal", journal), catalog: count("catalog", catalog) };
  return { engine: { ...engine, ...ports, objects: count("objects", objects), upkeep: count("upkeep", upkeep) }, calls };
}

const total = (calls: ReadonlyMap<string, number>): number => [...calls.values()].reduce((sum, count) => sum + count, 0);
const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };

test("of 10,000 topics a round touches the 10 that are in use, and one where nothing is to do costs six reads", async () => {
  const { engine, calls } = counted(createMemoryEngine());
  const log = createLog(engine, parts);
  for (let nth = 0; nth < 10_000; nth++) await log.topics.create({ name: `t${nth}` });
  const janitor = createJanitor(engine, parts);
  await janitor(Number.MAX_SAFE_INTEGER);
  calls.clear();
  assert.equal((await janitor(Number.MAX_SAFE_INTEGER)).shardsSeen, 0);
  assert.deepEqual(
    [...calls],
    [
      ["catalog.get", 1],
      ["catalog.query", 5],
    ],
  );
  for (let nth = 0; nth < 10; nth++) {
    await log.append(`t${nth * 997}`, { records: [{ key: null, value: new Uint8Array(1), headers: [] }] });
  }
  calls.clear();
  const { shardsSeen, isComplete } = await janitor(Number.MAX_SAFE_INTEGER);
  assert.deepEqual([shardsSeen, isComplete], [10, true]);
  assert.ok(total(calls) <= 6 + 10 * 15, `${total(calls)} calls`);
});

const [topicId, records, segments] = ["f".repeat(32), 1_000_000, 8_192];

/**
 * A partition with so many segments, of which there are only rows, and how one looks for times in it.
 * @param timeOf a segment's largest timestamp
 * @param goneMs what the partition has reached before
 */
async function timedRows(timeOf: (nth: number) => number, goneMs = -1) {
  const base = createMemoryEngine();
  let reachedMs = goneMs;
  const keyOf = (nth: number): string => `s/00/${topicId}/0/${nth}`;
  const rows = Array.from({ length: segments }, (_, nth) => {
    reachedMs = Math.max(reachedMs, timeOf(nth));
    const own = { minTimestampMs: timeOf(nth), maxTimestampMs: timeOf(nth), reachedMs, cleanedTo: 0, tombstonesMs: 0 };
    const value = { next: (nth + 1) * records, key: keyOf(nth), bytes: 100, endBytes: 20, records, ...own };
    return { key: segmentKey(topicId, 0, nth * records), put: segmentValue(value), if: "absent" } as const;
  });
  for (let at = 0; at < rows.length; at += 100) await base.catalog.transact(rows.slice(at, at + 100));
  await base.journal.open({ topicId, shard: 0 }, { partitions: 1, layout: 0 });
  const { engine, calls } = counted(base);
  const objects: string[] = [];
  const get = (key: string): Promise<undefined> => Promise.resolve(void objects.push(key));
  const segmentReader = new SegmentReader(engine.catalog, { ...engine.objects, get }, nodeClock);
  const services = { ...engine, segments: segmentReader, compression: nodeCompression };
  const place = { shard: { topicId, shard: 0 }, index: 0, partition: 0 };
  const sealed = segments * records;
  const look = async (timestampMs: number, logStartOffset = 0) => {
    calls.clear();
    objects.length = 0;
    const found = await firstAtTime(services, place, { logStartOffset, highWatermark: sealed, journalStart: sealed, sealed }, timestampMs);
    // An object is not there: what is counted is how its segment is found.
    assert.deepEqual(found, objects.length > 0 ? undefined : { offset: undefined, timestampMs: undefined });
    return { queries: calls.get("catalog.query") ?? 0, objects: [...objects] };
  };
  return { look, keyOf };
}

test("a time is found among billions of records, whose times jump, in a logarithmic number of reads", async () => {
  const { look, keyOf } = await timedRows((nth) => 1_000 * nth + (nth % 7 === 3 ? 50_000 : 0));
  for (const [timestampMs, first] of [
    [0, 0],
    [1_000, 1],
    [49_000, 3],
    [1_000_000, 955],
    [4_097_000, 4_049],
    [8_191_000, 8_144],
  ] as const) {
    const { queries, objects } = await look(timestampMs);
    assert.ok(queries <= Math.log2(segments * records) + 2 && queries <= 35, `${queries} reads for ${timestampMs}`);
    assert.deepEqual(objects, [keyOf(first)]);
  }
});

test("where what is gone was later than all that is left, segments are looked at 1,000 at a time, and once", async () => {
  const goneMs = 1_000_000_000;
  const { look, keyOf } = await timedRows((nth) => 1_000 * nth, goneMs);
  for (const [timestampMs, start, first, most] of [
    [5_000_500, 0, 5_001, 7],
    [5_000_500, 0, 5_001, 1],
    [123_000, 7, 123, 1],
    [123_000, 4_000, 4_000, 1],
    [8_191_000, 4_000, 8_191, 4],
    [8_000_000, 8_190, 8_190, 1],
    [2_000, 0, 2, 1],
  ] as const) {
    const { queries, objects } = await look(timestampMs, start * records);
    assert.deepEqual(objects, [keyOf(first)]);
    assert.ok(queries <= most, `${queries} reads for ${timestampMs} from segment ${start} on`);
  }
  assert.deepEqual(await look(goneMs), { queries: 0, objects: [] });
});

test("a time is found with five reads of objects, however much of a segment was deleted, whatever times that had", async () => {
  const { engine, calls } = counted(createMemoryEngine());
  const nowMs = 1_000_000;
  const clock = { ...nodeClock, nowMs: () => nowMs };
  const strata = { sealAgeMs: 0, trimLagMs: 0, mergeSegmentsMin: 100 };
  const log = createLog(engine, { ...parts, clock, strata });
  const janitor = createJanitor(engine, { ...parts, clock, strata });
  await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
  // Each record has a block of its own, and there are two segments.
  const [value, blocks] = [new Uint8Array(65_000), 64];
  for (let nth = 0; nth < 2 * blocks; nth++) {
    await log.append("t", { records: [{ key: null, value, headers: [], timestampMs: nth % 8 === 0 ? 900_000 : 1_000 * nth }] });
    if (nth === blocks - 1) await janitor(Number.MAX_SAFE_INTEGER);
  }
  await janitor(Number.MAX_SAFE_INTEGER);
  for (const [offset, timestampMs, found] of [
    [0, 63_000, 0],
    [1, 2_000, 2],
    [1, 7_500, 8],
    [33, 39_500, 40],
    [57, 61_000, 61],
    [57, 63_500, 64],
    [65, 71_000, 71],
    [121, 900_000, undefined],
  ] as const) {
    await log.deleteRecords("t", [{ partition: 0, offset }]);
    calls.clear();
    assert.equal((await log.offsetsForTime("t", timestampMs))[0]?.offset, found);
    const reads = calls.get("objects.get") ?? 0;
    assert.ok(reads <= 5, `${reads} reads`);
  }
  await log.close();
});
