import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { contents, entry, labels, one, part, shard } from "./build.ts";

/** Growth by `open`, the layout guard and compare-and-append. */
export const guardCases: readonly EngineCase[] = [
  reopenCase(
    "open makes a shard, grows it, and changes nothing when it asks for less or the same",
    async ({ journal }) => {
      const shape = async () => {
        const { partitions, layout, highWatermarks, startOffsets } = await journal.head(shard);
        assert.equal(highWatermarks.length, partitions);
        assert.equal(startOffsets.length, partitions);
        return [partitions, layout];
      };
      await journal.open(shard, { partitions: 2, layout: 1 });
      await journal.append(shard, entry(part(0, "a"), part(1, "b", 2)));
      await journal.open(shard, { partitions: 2, layout: 1 });
      assert.deepEqual(await shape(), [2, 1]);
      await journal.open(shard, { partitions: 1, layout: 0 });
      assert.deepEqual(await shape(), [2, 1]);
      await journal.open(shard, { partitions: 1, layout: 2 });
      assert.deepEqual(await shape(), [2, 1], "fewer partitions change nothing, whatever the layout");
      await journal.open(shard, { partitions: 4, layout: 0 });
      assert.deepEqual(await shape(), [2, 1], "a lower layout changes nothing, whatever the partitions");
      await journal.open(shard, { partitions: 2, layout: 2 });
      assert.deepEqual(await shape(), [2, 2]);
      await journal.open(shard, { partitions: 5, layout: 3 });
      assert.deepEqual(await shape(), [5, 3]);
      await journal.append(shard, entry(part(0, "c"), part(4, "d", 3)));
      assert.deepEqual((await journal.head(shard)).highWatermarks, [2, 2, 0, 0, 3]);
    },
    async ({ journal }) => {
      const { partitions, layout, highWatermarks } = await journal.head(shard);
      assert.deepEqual({ partitions, layout, highWatermarks }, { partitions: 5, layout: 3, highWatermarks: [2, 2, 0, 0, 3] });
      assert.deepEqual(
        (await contents(journal)).map(({ label }) => label),
        ["a", "b", "c", "d"],
      );
    },
  ),
  reopenCase(
    "a shard that was opened and never written to is there after a reopening",
    async ({ journal }) => journal.open(shard, { partitions: 3, layout: 2 }),
    async ({ journal }) => {
      const { partitions, layout, seq } = await journal.head(shard);
      assert.deepEqual({ partitions, layout, seq }, { partitions: 3, layout: 2, seq: 0 });
    },
  ),
  engineCase("a shard has 1 to 16 partitions", async ({ journal }) => {
    await refused(journal.open(shard, { partitions: 0, layout: 0 }), "invalid_partitions", "invalid_request");
    const tooMany = { partitions: limits.partitionsPerShardMax + 1, layout: 0 };
    await refused(journal.open(shard, tooMany), "invalid_partitions", "invalid_request");
    await refused(journal.head(shard), "unknown_topic_or_partition");
    await journal.open(shard, { partitions: limits.partitionsPerShardMax, layout: 0 });
    assert.equal((await journal.head(shard)).partitions, limits.partitionsPerShardMax);
  }),
  engineCase("64 parallel openings of one shard make one shard", async ({ journal }) => {
    await Promise.all(Array.from({ length: 64 }, (_, i) => journal.open(shard, { partitions: 1 + (i % 4), layout: i % 4 })));
    const { partitions, layout } = await journal.head(shard);
    assert.deepEqual([partitions, layout], [4, 3]);
  }),
  engineCase("the layout guard lets only the layout of now through", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 1 });
    await journal.append(shard, one("a"), { layout: 1 });
    await refused(journal.append(shard, one("x"), { layout: 0 }), "conflict");
    await refused(journal.append(shard, one("x"), { layout: 2 }), "conflict");
    await journal.open(shard, { partitions: 2, layout: 2 });
    await refused(journal.append(shard, one("x"), { layout: 1 }), "conflict");
    await journal.append(shard, one("b"), { layout: 2 });
    await journal.append(shard, one("c"));
    assert.deepEqual(await labels(journal), ["a", "b", "c"]);
  }),
  reopenCase(
    "compare-and-append goes through at the next offset alone and tells the actual one",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 2, layout: 0 });
      await journal.append(shard, entry(part(0, "a", 3)), { expected: [{ index: 0, offset: 0 }] });
      for (const offset of [0, 2, 4]) {
        const error = await refused(journal.append(shard, one("x"), { expected: [{ index: 0, offset }] }), "wrong_expected_offset");
        assert.equal(error.details["actualOffset"], 3);
      }
      await journal.append(shard, one("b"), { expected: [{ index: 0, offset: 3 }] });
      assert.deepEqual(await labels(journal), ["a", "b"]);
    },
    async ({ journal }) => {
      await refused(journal.append(shard, one("x"), { expected: [{ index: 0, offset: 3 }] }), "wrong_expected_offset");
      await journal.append(shard, one("c"), { expected: [{ index: 0, offset: 4 }] });
      assert.deepEqual(await labels(journal), ["a", "b", "c"]);
    },
  ),
  engineCase("one failed expectation keeps the whole entry out", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    await journal.append(shard, entry(part(1, "a")));
    const both = entry(part(0, "x"), part(1, "y"));
    const expected = (zero: number, first: number) => ({
      expected: [
        { index: 0, offset: zero },
        { index: 1, offset: first },
      ],
    });
    await refused(journal.append(shard, both, expected(0, 0)), "wrong_expected_offset");
    await refused(journal.append(shard, both, expected(1, 1)), "wrong_expected_offset");
    assert.deepEqual((await journal.head(shard)).highWatermarks, [0, 1]);
    await journal.append(shard, both, expected(0, 1));
    assert.deepEqual((await journal.head(shard)).highWatermarks, [1, 2]);
  }),
  engineCase("of 32 parallel compare-and-appends at one offset exactly one goes through", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    for (let offset = 0; offset < 4; offset++) {
      const tries = Array.from({ length: 32 }, (_, i) =>
        journal.append(shard, one(`${offset}.${i}`), { expected: [{ index: 0, offset }] }),
      );
      const results = await Promise.allSettled(tries);
      const won = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      assert.equal(won.length, 1);
      await Promise.all(tries.filter((_, i) => i !== won[0]).map((lost) => refused(lost, "wrong_expected_offset")));
      assert.equal((await labels(journal)).at(-1), `${offset}.${won[0]}`);
    }
  }),
];
