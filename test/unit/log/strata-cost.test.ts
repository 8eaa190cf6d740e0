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
      ["catalog.get", 2],
      ["catalog.query", 4],
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

test("a time is found among billions of records, whose times jump, in a logarithmic number of reads", async () => {
  const [topicId, records, segments] = ["f".repeat(32), 1_000_000, 8_192];
  const base = createMemoryEngine();
  const timeOf = (nth: number): number => 1_000 * nth + (nth % 7 === 3 ? 50_000 : 0);
  let reachedMs = -1;
  const rows = Array.from({ length: segments }, (_, nth) => {
    reachedMs = Math.max(reachedMs, timeOf(nth));
    const own = { minTimestampMs: timeOf(nth), maxTimestampMs: timeOf(nth), reachedMs, cleanedTo: 0, tombstonesMs: 0 };
    const value = { next: (nth + 1) * records, key: `s/00/${topicId}/0/${nth}`, bytes: 100, endBytes: 20, records, ...own };
    return { key: segmentKey(topicId, 0, nth * records), put: segmentValue(value), if: "absent" } as const;
  });
  for (let at = 0; at < rows.length; at += 100) await base.catalog.transact(rows.slice(at, at + 100));
  await base.journal.open({ topicId, shard: 0 }, { partitions: 1, layout: 0 });
  const { engine, calls } = counted(base);
  const services = { ...engine, segments: new SegmentReader(engine.catalog, engine.objects, nodeClock), compression: nodeCompression };
  const place = { shard: { topicId, shard: 0 }, index: 0, partition: 0 };
  const sealed = segments * records;
  const view = { logStartOffset: 0, highWatermark: sealed, journalStart: sealed, sealed };
  for (const nth of [0, 1, 1_000, 4_097, segments - 1]) {
    calls.clear();
    // The object is not there: what is counted is how the segment is found.
    assert.equal(await firstAtTime(services, place, view, 1_000 * nth), undefined);
    const queries = calls.get("catalog.query") ?? 0;
    assert.ok(queries <= Math.log2(sealed) + 2 && queries <= 35, `${queries} reads among ${sealed} records`);
    assert.equal(calls.get("objects.get"), 1);
  }
});
