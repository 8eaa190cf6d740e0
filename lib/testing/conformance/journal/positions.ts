import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { Journal } from "../../../ports/journal.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { allEntries, entry, part, shard } from "./build.ts";

/** `entries` from every kind of place. */
export const positionCases: readonly EngineCase[] = [
  engineCase("entries by number: from each to the end, none at the end, refused past it", async ({ journal }) => {
    await fill(journal);
    for (let seq = 0; seq <= 6; seq++) {
      const found = await journal.entries(shard, { seq }, 100);
      assert.deepEqual(
        found.map((ref) => ref.seq),
        [0, 1, 2, 3, 4, 5].slice(seq),
      );
    }
    await refused(journal.entries(shard, { seq: 7 }, 100), "offset_out_of_range");
    await refused(journal.entries(shard, { seq: -1 }, 100), "offset_out_of_range", "invalid_request");
  }),
  engineCase("entries by offset: from the one that holds it, only those of the partition", async ({ journal }) => {
    await fill(journal);
    const from = async (index: number, offset: number) => (await journal.entries(shard, { index, offset }, 100)).map((ref) => ref.seq);
    assert.deepEqual(await from(0, 0), [0, 2, 4]);
    assert.deepEqual(await from(0, 1), [0, 2, 4]);
    assert.deepEqual(await from(0, 2), [2, 4]);
    assert.deepEqual(await from(0, 4), [2, 4]);
    assert.deepEqual(await from(0, 5), [4]);
    assert.deepEqual(await from(0, 6), [4]);
    assert.deepEqual(await from(0, 7), []);
    assert.deepEqual(await from(1, 0), [1, 2, 3, 5]);
    assert.deepEqual(await from(1, 3), [5]);
    assert.deepEqual(await from(2, 0), []);
  }),
  engineCase("an offset before the start or past the end is out of range", async ({ journal }) => {
    await fill(journal);
    await refused(journal.entries(shard, { index: 0, offset: 8 }, 100), "offset_out_of_range");
    await refused(journal.entries(shard, { index: 0, offset: -1 }, 100), "offset_out_of_range", "invalid_request");
    await refused(journal.entries(shard, { index: 2, offset: 1 }, 100), "offset_out_of_range");
    await refused(journal.entries(shard, { index: 3, offset: 0 }, 100), "unknown_topic_or_partition");
  }),
  engineCase("entries by time: from the first whose records of the partition reach it", async ({ journal }) => {
    await fill(journal);
    const from = async (index: number, timestampMs: number) =>
      (await journal.entries(shard, { index, timestampMs }, 100)).map((ref) => ref.seq);
    assert.deepEqual(await from(0, 0), [0, 2, 4]);
    assert.deepEqual(await from(0, 100), [0, 2, 4]);
    assert.deepEqual(await from(0, 101), [2, 4]);
    assert.deepEqual(await from(0, 300), [2, 4]);
    assert.deepEqual(await from(0, 301), []);
    assert.deepEqual(await from(1, 150), [1, 2, 3, 5]);
    assert.deepEqual(await from(1, 251), [5], "times may go back: the first that reaches it counts, not the order of times");
    assert.deepEqual(await from(2, 0), []);
    await refused(journal.entries(shard, { index: 3, timestampMs: 0 }, 100), "unknown_topic_or_partition");
  }),
  engineCase("limits of a page: 1 and the most are answered, 0 and one more are refused", async ({ journal }) => {
    await fill(journal);
    assert.deepEqual(
      (await journal.entries(shard, { seq: 1 }, 1)).map((ref) => ref.seq),
      [1],
    );
    assert.deepEqual(
      (await journal.entries(shard, { index: 1, offset: 1 }, 2)).map((ref) => ref.seq),
      [2, 3],
    );
    assert.equal((await journal.entries(shard, { seq: 0 }, limits.journalEntriesMax)).length, 6);
    await refused(journal.entries(shard, { seq: 0 }, 0), "invalid_request");
    await refused(journal.entries(shard, { seq: 0 }, limits.journalEntriesMax + 1), "invalid_request");
  }),
  reopenCase(
    "1,100 entries are found from each place, page after page, also after a reopening",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 2, layout: 0 });
      for (let base = 0; base < 1_100; base += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => journal.append(shard, entry(part((base + i) % 2, `e${base + i}`, 3)))));
      }
      await checkPages(journal);
    },
    async ({ journal }) => checkPages(journal),
  ),
];

async function checkPages(journal: Journal): Promise<void> {
  const all = await allEntries(journal, shard, { seq: 0 }, 97);
  assert.deepEqual(
    all.map((ref) => ref.seq),
    Array.from({ length: 1_100 }, (_, i) => i),
  );
  for (const index of [0, 1]) {
    const own = await allEntries(journal, shard, { index, offset: 0 }, 130);
    assert.equal(own.length, 550);
    let next = 0;
    for (const ref of own) {
      const place = ref.parts[0];
      assert.deepEqual([place?.index, place?.baseOffset], [index, next]);
      next += 3;
    }
    for (const offset of [0, 1, 2, 3, 700, 1_234, 1_649]) {
      const [found] = await journal.entries(shard, { index, offset }, 1);
      assert.equal(found?.parts[0]?.baseOffset, offset - (offset % 3));
    }
  }
}

/** Partition 0: entries 0 (2 records), 2 (3), 4 (2). Partition 1: entries 1, 2, 3, 5 (one record each). Partition 2: none. */
async function fill(journal: Journal): Promise<void> {
  await journal.open(shard, { partitions: 3, layout: 0 });
  await journal.append(shard, entry(part(0, "a", 2, 100)));
  await journal.append(shard, entry(part(1, "b", 1, 250)));
  await journal.append(shard, entry(part(0, "c", 3, 300), part(1, "d", 1, 200)));
  await journal.append(shard, entry(part(1, "e", 1, 150)));
  await journal.append(shard, entry(part(0, "f", 2, 300)));
  await journal.append(shard, entry(part(1, "g", 1, 400)));
}
