/** Readers of history have one bound of memory together, and what was read for one of them is not read again for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { encodeBatch } from "../../../lib/core/codec/encode-batch.ts";
import { readBatchHeader } from "../../../lib/core/codec/record-batch.ts";
import { limits } from "../../../lib/core/limits.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { readSealed } from "../../../lib/log/read-batches.ts";
import { SegmentReader } from "../../../lib/log/strata/segment-reader.ts";
import { segmentKey, segmentValue, type SegmentValue } from "../../../lib/log/strata/segment-row.ts";
import { segmentValueOf, writeSegment } from "../../../lib/log/strata/segment-writer.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";

const topicId = "f".repeat(32);
const mib = 1024 * 1024;
const partitions = 128;
/** Of a MiB: batches, each of one record. */
const batchesOfMib = 16;

/** A partition with segments of so many MiB, all partitions with the same: each has keys of its own, of the same bytes. */
async function history(...sizes: readonly number[]) {
  const { catalog, objects } = createMemoryEngine();
  const stored: SegmentValue[] = [];
  let baseOffset = 0;
  for (const [nth, size] of sizes.entries()) {
    const first = baseOffset;
    const batches = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for (let at = 0; at < size * batchesOfMib; at++) {
        await Promise.resolve();
        yield encodeBatch([{ key: null, value: new Uint8Array(mib / batchesOfMib - 100), headers: [] }], {
          nowMs: 1,
          compression: nodeCompression,
          compressionType: "none",
          baseOffset: first + at,
        });
      }
    };
    const next = first + size * batchesOfMib;
    stored.push(segmentValueOf(`${nth}`, await writeSegment(objects, `${nth}`, first, batches(), () => next), -1));
    baseOffset = next;
  }
  for (let partition = 0; partition < partitions; partition++) {
    let from = 0;
    const writes = stored.map((value) => {
      const write = {
        key: segmentKey(topicId, partition, from),
        put: segmentValue({ ...value, key: `${partition}/${value.key}` }),
        if: "absent",
      } as const;
      from = value.next;
      return write;
    });
    await catalog.transact(writes);
  }
  const counts = { gets: 0, bytes: 0, now: 0, most: 0 };
  const bytesOf = new Map(await Promise.all(stored.map(async ({ key }) => [key, (await objects.get(key)) ?? new Uint8Array(0)] as const)));
  const get = async (key: string, range = { start: 0, length: 0 }): Promise<Uint8Array | undefined> => {
    counts.gets++;
    counts.bytes += range.length;
    counts.most = Math.max(counts.most, (counts.now += range.length));
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    counts.now -= range.length;
    return bytesOf.get(key.slice(key.indexOf("/") + 1))?.subarray(range.start, range.start + range.length);
  };
  const time = { ms: 1_000_000 };
  const clock = { nowMs: () => time.ms, sleep: () => Promise.resolve() };
  return { segments: new SegmentReader(catalog, { ...objects, get }, clock), counts, time, end: baseOffset };
}

type World = Awaited<ReturnType<typeof history>>;

class Reader {
  readonly #world: World;
  readonly #partition: number;
  at: number;
  bytes = 0;
  constructor(world: World, partition: number, at = 0) {
    this.#world = world;
    this.#partition = partition;
    this.at = at;
  }

  get isDone(): boolean {
    return this.at >= this.#world.end;
  }

  async fetch(bytesMax: number = mib): Promise<void> {
    if (this.isDone) return;
    const place = { shard: { topicId, shard: 0 }, index: 0, partition: this.#partition };
    const run = await readSealed(this.#world, place, this.at, { bytesMax, recordsMax: Number.MAX_SAFE_INTEGER }, false);
    assert.ok(run !== undefined && run.nextOffset > this.at);
    const { baseOffset, byteLength } = readBatchHeader(run.batches, 0);
    assert.deepEqual([baseOffset, run.batches.length], [this.at, (run.nextOffset - this.at) * byteLength]);
    this.at = run.nextOffset;
    this.bytes += run.batches.length;
  }
}

/** All of them by turns, each a fetch of a MiB, until all are through. @returns bytes that were read for each byte that was given */
async function replay(world: World, readers: readonly Reader[]): Promise<number> {
  while (readers.some(({ isDone }) => !isDone)) await Promise.all(readers.map((reader) => reader.fetch()));
  return world.counts.bytes / readers.reduce((sum, { bytes }) => sum + bytes, 0);
}

const each = (count: number, make: (nth: number) => Reader): readonly Reader[] => Array.from({ length: count }, (_, nth) => make(nth));

for (const readers of [1, 8, 16, 32, 128]) {
  test(`${readers} readers, each of a partition of its own, read each byte once, and have no more on its way than the bound`, async () => {
    const world = await history(16, 8, 1, 1);
    const ratio = await replay(
      world,
      each(readers, (nth) => new Reader(world, nth)),
    );
    assert.ok(ratio < 1.01, `${ratio} times the bytes`);
    assert.ok(world.counts.most <= limits.segmentCacheBytesMax, `${world.counts.most / mib} MiB at once`);
    // Four segments, of the first its index and two stretches; with less room smaller stretches, or what one fetch wants.
    const most = readers === 1 ? 6 : readers <= 16 ? 12 : 32;
    assert.ok(world.counts.gets <= most * readers, `${world.counts.gets / readers} requests each`);
  });
}

test("readers that begin anywhere and are not equally fast read each byte once too", async () => {
  const world = await history(12, 4);
  const readers = each(32, (nth) => new Reader(world, nth, (nth * 7) % 150));
  for (let turn = 0; readers.some(({ isDone }) => !isDone); turn++) {
    await Promise.all(readers.filter((_, nth) => turn % (1 + (nth % 3)) === 0).map((reader) => reader.fetch()));
    world.time.ms += 500;
  }
  const ratio = world.counts.bytes / readers.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(ratio < 1.01, `${ratio} times the bytes`);
});

test("many consumers of one partition's history have it read once, also when each is elsewhere in it", async () => {
  for (const start of [() => 0, (nth: number) => nth]) {
    const world = await history(12, 4);
    await replay(
      world,
      each(128, (nth) => new Reader(world, 0, start(nth))),
    );
    // The first fetch of who begins where nobody has been has nothing to go on from.
    assert.ok(world.counts.bytes <= (start(1) === 0 ? 17 : 48) * mib, `${world.counts.bytes / mib} MiB`);
  }
});

test("what was read for readers that have gone makes room for others", async () => {
  const world = await history(24);
  for (const gone of each(10, (nth) => new Reader(world, nth))) await gone.fetch();
  world.time.ms += limits.segmentReaderMs;
  const before = world.counts.gets;
  await replay(world, [new Reader(world, 20)]);
  assert.equal(world.counts.gets - before, 1 + 3, "an index and three stretches");
});
