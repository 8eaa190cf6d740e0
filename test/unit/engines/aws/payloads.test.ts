import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bucket } from "../../../../lib/engines/aws/bucket.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import type { EntrySlice } from "../../../../lib/ports/journal.ts";
import { type Between, entryOf, namesIn, openShard, range, shard, Store } from "./support.ts";

/** The store's bucket, with a note of each range that is read; `change` may damage what comes back. */
function watched(store: Store, change: (bytes: Uint8Array, nth: number) => Uint8Array = (bytes) => bytes) {
  const reads: string[] = [];
  const { bucket } = store;
  const watching: Bucket = {
    put: (key, bytes, writeId) => bucket.put(key, bytes, writeId),
    upload: (key, writeId) => bucket.upload(key, writeId),
    writeIdOf: (key) => bucket.writeIdOf(key),
    list: (prefix, page) => bucket.list(prefix, page),
    delete: (keys) => bucket.delete(keys),
    async get(key, part) {
      reads.push(part === undefined ? "all" : `${part.start}+${part.length}`);
      const found = await bucket.get(key, part);
      return found instanceof Uint8Array ? change(found, reads.length) : found;
    },
  };
  return { reads, watching };
}

async function slicesOf(engine: Engine, indexes: readonly number[]): Promise<readonly EntrySlice[]> {
  const entries = await engine.journal.entries(shard, { seq: 0 }, 100);
  return entries.flatMap((entry) => indexes.map((index) => ({ entry, index })));
}

/** One entry of partitions with so many bytes each, as an object. */
async function storeParts(store: Store, lengths: readonly number[]): Promise<void> {
  const engine = store.open();
  await openShard(engine, shard, lengths.length);
  const parts = lengths.map((length, index) => ({ index, records: 1, maxTimestampMs: 1, batches: new Uint8Array(length).fill(index + 1) }));
  await engine.journal.append(shard, { parts });
}

const rangesOnly = { inlineBytes: 0, payloadWholeBytes: 0 };
const gap = 64 * 1024;

describe("payload objects", () => {
  it("are read in one range when the parts are near, in several when they are not", async () => {
    const store = new Store(rangesOnly);
    await storeParts(store, [100, gap - 4, 100, gap - 3, 100]);
    const cases: readonly (readonly [wanted: readonly number[], reads: readonly string[]])[] = [
      [[0, 1], [`1+${104 + gap}`]],
      [[0], ["1+104"]],
      [[0, 2], [`1+${104 + gap + 104}`]],
      [[2, 0], [`1+${104 + gap + 104}`]],
      // One byte further apart than is joined.
      [
        [2, 4],
        [`${1 + 104 + gap}+104`, `${1 + 104 + gap + 104 + gap + 1}+104`],
      ],
    ];
    for (const [wanted, expected] of cases) {
      const { reads, watching } = watched(store);
      const engine = store.open(undefined, watching);
      const answers = await engine.journal.read(await slicesOf(engine, wanted));
      for (const [nth, index] of wanted.entries()) assert.deepEqual(new Set(answers[nth]), new Set([index + 1]));
      assert.deepEqual(reads, expected);
    }
  });

  it("are read in ranges of at most 8 MiB", async () => {
    const store = new Store(rangesOnly);
    await storeParts(store, [3 << 20, 3 << 20, (2 << 20) - 12, 10]);
    const { reads, watching } = watched(store);
    const engine = store.open(undefined, watching);
    await engine.journal.read(await slicesOf(engine, [0, 1, 2, 3]));
    assert.deepEqual(reads.toSorted(), [`1+${8 << 20}`, `${1 + (8 << 20)}+14`]);
  });

  it("that are small are read whole, once, by whoever asks first", async () => {
    const store = new Store({ inlineBytes: 0 });
    await storeParts(store, [50, 60, 70]);
    const { reads, watching } = watched(store);
    const engine = store.open(undefined, watching);
    const slices = await slicesOf(engine, [0, 2]);
    await Promise.all([engine.journal.read(slices), engine.journal.read(slices)]);
    await engine.journal.read(await slicesOf(engine, [1]));
    assert.deepEqual(reads, ["all"]);
  });

  it("are forgotten, the longest unused first, when there is no room", async () => {
    const store = new Store({ inlineBytes: 0, payloadCacheBytes: 250 });
    const writer = store.open();
    await openShard(writer);
    for (const name of range(0, 3)) await writer.journal.append(shard, entryOf(name, { bytes: 100 }));
    const { reads, watching } = watched(store);
    const engine = store.open(undefined, watching);
    const [a, b, c] = await slicesOf(engine, [0]);
    for (const slice of [a!, b!, a!, c!, a!, b!]) await engine.journal.read([slice]);
    // c put out b, as a was used since.
    assert.equal(reads.length, 4);
  });

  it("damaged on their way are read again", async () => {
    for (const tuning of [{ inlineBytes: 0 }, rangesOnly]) {
      const store = new Store(tuning);
      await storeParts(store, [50, 60]);
      const { reads, watching } = watched(store, (bytes, nth) => (nth === 1 ? bytes.with(bytes.length - 1, 77) : bytes));
      const engine = store.open(undefined, watching);
      const answers = await engine.journal.read(await slicesOf(engine, [1]));
      assert.deepEqual(Buffer.from(answers[0]!), Buffer.alloc(60, 2));
      assert.equal(reads.length, 2);
    }
  });

  it("damaged in their very first byte, the format's version, are read again too", async () => {
    const store = new Store({ inlineBytes: 0 });
    await storeParts(store, [100]);
    const { reads, watching } = watched(store, (bytes, nth) => (nth === 1 ? bytes.with(0, 65) : bytes));
    const engine = store.open(undefined, watching);
    const answers = await engine.journal.read(await slicesOf(engine, [0]));
    assert.deepEqual(Buffer.from(answers[0]!), Buffer.alloc(100, 1));
    assert.equal(reads.length, 2);
  });

  it("damaged or cut where they lie are never served: the error names the payload and the partition", async () => {
    for (const tuning of [{ inlineBytes: 0 }, rangesOnly]) {
      for (const change of [
        (bytes: Uint8Array) => bytes.with(bytes.length - 1, 77),
        (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1),
        (bytes: Uint8Array) => bytes.subarray(0, 1),
      ]) {
        const store = new Store(tuning);
        await storeParts(store, [50, 60]);
        const id = store.bucket.snapshot[0]!.key.split("/").at(-1)!;
        const { reads, watching } = watched(store, change);
        const engine = store.open(undefined, watching);
        const slices = await slicesOf(engine, [1]);
        await assert.rejects(engine.journal.read(slices), {
          code: "corrupt_log",
          outcome: "not-applied",
          message: new RegExp(`payload ${id}, partition index 1`),
        });
        assert.equal(reads.length, 2);
      }
    }
  });

  it("of a later version are unsupported", async () => {
    const store = new Store({ inlineBytes: 0 });
    await storeParts(store, [50]);
    const { watching } = watched(store, (bytes) => bytes.with(0, 2));
    const engine = store.open(undefined, watching);
    await assert.rejects(engine.journal.read(await slicesOf(engine, [0])), { code: "unsupported_version" });
  });

  it("that end before a range starts are damaged", async () => {
    const store = new Store(rangesOnly);
    await storeParts(store, [50, 60]);
    const { key } = store.bucket.snapshot[0]!;
    await store.bucket.delete([key]);
    await store.bucket.put(key, Uint8Array.of(1, 2, 3), "x");
    const engine = store.open();
    await assert.rejects(engine.journal.read(await slicesOf(engine, [1])), { code: "corrupt_log", message: /shorter than its entry says/ });
  });
});

for (const [name, tuning] of [
  ["an object", { inlineBytes: 0, rollEntries: 2 }],
  ["an item", { rollEntries: 2 }],
] as const) {
  describe(`${name} that is not there`, () => {
    async function gone() {
      const store = new Store(tuning);
      const engine = store.open();
      await openShard(engine);
      for (const each of range(0, 6)) await engine.journal.append(shard, entryOf(each));
      await engine.idle();
      const reader = store.open();
      const slices = await slicesOf(reader, [0]);
      await store.bucket.delete(store.bucket.snapshot.map(({ key }) => key));
      for (const item of store.items("B#"))
        if ("S" in item["pk"]! && "S" in item["sk"]!) await store.table.delete({ pk: item["pk"].S, sk: item["sk"].S });
      return { store, reader, slices };
    }

    it("is damage as long as its entry is in the journal", async () => {
      const { reader, slices } = await gone();
      await assert.rejects(reader.journal.read(slices.slice(2, 3)), { code: "corrupt_log", message: /is not there/ });
    });

    it("is out of range once its entry was trimmed", async () => {
      const { store, reader, slices } = await gone();
      await store.open().journal.trim(shard, 3);
      await assert.rejects(reader.journal.read(slices.slice(2, 3)), { code: "offset_out_of_range" });
      await assert.rejects(reader.journal.read(slices.slice(3, 4)), { code: "corrupt_log" });
    });
  });
}

describe("payload items", () => {
  it("that an eventually consistent read misses are read again", async () => {
    const store = new Store();
    const writer = store.open();
    await openShard(writer);
    await writer.journal.append(shard, entryOf("e0"));
    const reads: boolean[] = [];
    const behind: Between = async (call, run) => {
      const answer = await run();
      if (!call.pk.startsWith("B#")) return answer;
      reads.push(call.isEventual);
      return (call.isEventual ? undefined : answer) as typeof answer;
    };
    assert.deepEqual(await namesIn(store.open(behind)), ["e0"]);
    assert.deepEqual(reads, [true, false]);
  });
});
