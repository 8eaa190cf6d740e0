import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { batch, by, contents, entry, labels, part, request, shard } from "./build.ts";

/** Producers that count records a partition, by Kafka's rules (`index: n`). */
export const batchProducerCases: readonly EngineCase[] = [
  engineCase("batches follow each other densely: a gap and a number below are out of order", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const send = (label: string, sequence: number, count: number) =>
      journal.append(shard, entry(part(0, label, count)), by(batch(7n, 0, sequence, { count })));
    await send("a", 0, 3);
    await send("b", 3, 2);
    for (const sequence of [6, 100]) {
      const error = await refused(send("x", sequence, 1), "out_of_order_sequence");
      assert.equal(error.details["nextSequence"], 5);
    }
    for (const sequence of [1, 2, 4]) await refused(send("x", sequence, 1), "out_of_order_sequence");
    await send("c", 5, 1);
    assert.deepEqual(await labels(journal), ["a", "b", "c"]);
  }),
  engineCase("a producer that is not known may start anywhere, in a newer epoch only at 0", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const send = (label: string, sequence: number, epoch: number) =>
      journal.append(shard, entry(part(0, label)), by(batch(7n, 0, sequence, { epoch })));
    await send("a", 41, 2);
    await send("b", 42, 2);
    await refused(send("x", 43, 3), "out_of_order_sequence");
    await refused(send("x", 1, 3), "out_of_order_sequence");
    await send("c", 0, 3);
    await refused(send("x", 43, 2), "producer_fenced");
    await send("d", 1, 3);
    assert.deepEqual(await labels(journal), ["a", "b", "c", "d"]);
  }),
  reopenCase(
    "retries of the newest and of older batches get their first offsets, also after a reopening",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      for (let i = 0; i < 40; i++) await journal.append(shard, entry(part(0, `b${i}`, 3)), by(batch(7n, 0, i * 3, { count: 3 })));
    },
    async ({ journal }) => {
      for (const i of [39, 38, 20, 1, 0]) {
        const { seq, parts } = await journal.append(shard, entry(part(0, `b${i}`, 3)), by(batch(7n, 0, i * 3, { count: 3 })));
        assert.deepEqual([seq, parts], [i, [{ index: 0, baseOffset: i * 3, duplicate: true }]]);
        const other = by(batch(7n, 0, i * 3, { count: 3, crc: 1 }));
        await refused(journal.append(shard, entry(part(0, "other", 3)), other), "sequence_reused");
        const shorter = by(batch(7n, 0, i * 3, { count: 2 }));
        await refused(journal.append(shard, entry(part(0, "shorter", 2)), shorter), "sequence_reused");
      }
      await journal.append(shard, entry(part(0, "next")), by(batch(7n, 0, 120)));
      assert.equal((await journal.head(shard)).seq, 41);
    },
  ),
  reopenCase(
    "sequences wrap from 2147483647 to 0, at the batch's end and in its middle",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 2, layout: 0 });
      const last = limits.producerSequenceMax;
      await journal.append(shard, entry(part(0, "last", 1)), by(batch(7n, 0, last)));
      await refused(journal.append(shard, entry(part(0, "x")), by(batch(7n, 0, 1))), "out_of_order_sequence");
      await journal.append(shard, entry(part(0, "zero", 2)), by(batch(7n, 0, 0, { count: 2 })));
      await journal.append(shard, entry(part(1, "over", 5)), by(batch(7n, 1, last - 1, { count: 5 })));
      await refused(journal.append(shard, entry(part(1, "x")), by(batch(7n, 1, 4))), "out_of_order_sequence");
    },
    async ({ journal }) => {
      const last = limits.producerSequenceMax;
      const zero = await journal.append(shard, entry(part(0, "last", 1)), by(batch(7n, 0, last)));
      assert.deepEqual(zero.parts, [{ index: 0, baseOffset: 0, duplicate: true }]);
      const over = await journal.append(shard, entry(part(1, "over", 5)), by(batch(7n, 1, last - 1, { count: 5 })));
      assert.deepEqual(over.parts, [{ index: 1, baseOffset: 0, duplicate: true }]);
      await journal.append(shard, entry(part(0, "two")), by(batch(7n, 0, 2)));
      await journal.append(shard, entry(part(1, "three")), by(batch(7n, 1, 3)));
      assert.deepEqual(await labels(journal, shard, 0), ["last", "zero", "two"]);
      assert.deepEqual(await labels(journal, shard, 1), ["over", "three"]);
    },
  ),
  engineCase("a producer counts each partition apart", async ({ journal }) => {
    await journal.open(shard, { partitions: 3, layout: 0 });
    await journal.append(shard, entry(part(0, "a0"), part(1, "a1")), by(batch(7n, 0, 0), batch(7n, 1, 10)));
    await journal.append(shard, entry(part(0, "b0")), by(batch(7n, 0, 1)));
    await refused(journal.append(shard, entry(part(1, "x")), by(batch(7n, 1, 2))), "out_of_order_sequence");
    await journal.append(shard, entry(part(1, "b1"), part(2, "b2")), by(batch(7n, 1, 11), batch(7n, 2, 99)));
    const states = (await journal.head(shard, 7n)).producers.map(({ index, sequence }) => [index, sequence]);
    assert.deepEqual(states.sort(), [
      [0, 1],
      [1, 11],
      [2, 99],
    ]);
  }),
  engineCase("one failing step keeps the whole entry out", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    await journal.append(shard, entry(part(0, "a0"), part(1, "a1")), by(batch(7n, 0, 0), batch(8n, 1, 0)));
    const both = entry(part(0, "b0"), part(1, "b1"));
    await refused(journal.append(shard, both, by(batch(7n, 0, 1), batch(8n, 1, 2))), "out_of_order_sequence");
    await refused(journal.append(shard, both, by(batch(7n, 0, 2), batch(8n, 1, 1))), "out_of_order_sequence");
    assert.deepEqual((await journal.head(shard)).highWatermarks, [1, 1]);
    await journal.append(shard, both, by(batch(7n, 0, 1), batch(8n, 1, 1)));
    assert.deepEqual((await journal.head(shard)).highWatermarks, [2, 2]);
  }),
  reopenCase(
    "of a partly repeated entry the new parts are added and each part gets its own answer",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 3, layout: 0 });
      await journal.append(
        shard,
        entry(part(0, "a0", 2), part(1, "a1", 2)),
        by(batch(7n, 0, 0, { count: 2 }), batch(7n, 1, 0, { count: 2 })),
      );
      await journal.append(shard, entry(part(1, "plain")));
      const mixed = entry(part(0, "a0", 2), part(1, "b1", 4), part(2, "b2"));
      const guards = by(batch(7n, 0, 0, { count: 2 }), batch(7n, 1, 2, { count: 4 }), batch(7n, 2, 0));
      const first = await journal.append(shard, mixed, guards);
      assert.deepEqual(first, {
        seq: 2,
        parts: [
          { index: 0, baseOffset: 0, duplicate: true },
          { index: 1, baseOffset: 3, duplicate: false },
          { index: 2, baseOffset: 0, duplicate: false },
        ],
      });
      return { mixed, guards };
    },
    async ({ journal }, { mixed, guards }) => {
      const seen = (await contents(journal)).map(({ seq, index, label }) => `${seq}.${index} ${label}`);
      assert.deepEqual(seen, ["0.0 a0", "0.1 a1", "1.1 plain", "2.1 b1", "2.2 b2"]);
      assert.deepEqual((await journal.append(shard, mixed, guards)).parts, [
        { index: 0, baseOffset: 0, duplicate: true },
        { index: 1, baseOffset: 3, duplicate: true },
        { index: 2, baseOffset: 0, duplicate: true },
      ]);
      assert.deepEqual((await journal.head(shard)).highWatermarks, [2, 7, 1]);
    },
  ),
  engineCase("batches of a producer and plain ones share an entry: only the repeated part is left out", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    await journal.append(shard, entry(part(0, "a")), by(batch(7n, 0, 0)));
    const { parts } = await journal.append(shard, entry(part(0, "a"), part(1, "plain")), by(batch(7n, 0, 0)));
    assert.deepEqual(
      parts.map(({ baseOffset, duplicate }) => [baseOffset, duplicate]),
      [
        [0, true],
        [0, false],
      ],
    );
    assert.deepEqual((await journal.head(shard)).highWatermarks, [1, 1]);
  }),
  engineCase("the two ways of counting of one producer id do not touch each other", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    await journal.append(shard, entry(part(0, "request 9")), by(request(7n, 9, { epoch: 5 })));
    await journal.append(shard, entry(part(0, "batch 0")), by(batch(7n, 0, 0)));
    await journal.append(shard, entry(part(0, "request 12")), by(request(7n, 12, { epoch: 5 })));
    await journal.append(shard, entry(part(0, "batch 1")), by(batch(7n, 0, 1)));
    const states = (await journal.head(shard, 7n)).producers.map(({ index, epoch, sequence }) => `${index}: ${epoch}/${sequence}`);
    assert.deepEqual(states.sort(), ["0: 0/1", "null: 5/12"]);
  }),
  engineCase("parallel batches of one producer never leave a gap: each is in, in order, or refused", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const sends = Array.from({ length: 64 }, (_, i) => journal.append(shard, entry(part(0, `${i}`)), by(batch(7n, 0, (i * 37) % 64))));
    const results = await Promise.allSettled(sends);
    const added = await labels(journal);
    const inOrder = added.map((label) => (Number(label) * 37) % 64);
    assert.deepEqual(
      inOrder,
      inOrder.map((_, i) => (inOrder[0] ?? 0) + i),
    );
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, added.length);
    await Promise.all(sends.filter((_, i) => results[i]?.status === "rejected").map((lost) => refused(lost, "out_of_order_sequence")));
  }),
];
