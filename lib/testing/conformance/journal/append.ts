import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { Engine } from "../../../ports/engine.ts";
import type { Entry } from "../../../ports/journal.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { contents, entry, labels, one, otherShard, part, shard } from "./build.ts";

/** Order, density, wholeness and durability of plain appends. */
export const appendCases: readonly EngineCase[] = [
  engineCase("offsets start at 0 and are dense, entry by entry and partition by partition", async ({ journal }) => {
    await journal.open(shard, { partitions: 3, layout: 0 });
    const first = await journal.append(shard, entry(part(0, "a", 2), part(2, "b", 5)));
    assert.deepEqual(first, {
      seq: 0,
      parts: [
        { index: 0, baseOffset: 0, duplicate: false },
        { index: 2, baseOffset: 0, duplicate: false },
      ],
    });
    const second = await journal.append(shard, entry(part(1, "c"), part(2, "d", 3)));
    assert.deepEqual(second, {
      seq: 1,
      parts: [
        { index: 1, baseOffset: 0, duplicate: false },
        { index: 2, baseOffset: 5, duplicate: false },
      ],
    });
    assert.deepEqual(await journal.append(shard, one("e")), { seq: 2, parts: [{ index: 0, baseOffset: 2, duplicate: false }] });
  }),
  engineCase("the head of a shard that holds nothing", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 4 });
    assert.deepEqual(await journal.head(shard), {
      partitions: 2,
      layout: 4,
      seq: 0,
      startSeq: 0,
      highWatermarks: [0, 0],
      startOffsets: [0, 0],
      producers: [],
    });
    assert.deepEqual(await journal.entries(shard, { seq: 0 }, 10), []);
  }),
  engineCase("what an append answered can be seen at once in head, entries and bytes", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    for (let i = 0; i < 20; i++) {
      const { seq } = await journal.append(shard, entry(part(0, `a${i}`, 2), part(1, `b${i}`, 1, 77)));
      const head = await journal.head(shard);
      assert.equal(head.seq, seq + 1);
      assert.deepEqual(head.highWatermarks, [2 * (i + 1), i + 1]);
      const [ref] = await journal.entries(shard, { seq }, 1);
      assert.ok(ref !== undefined);
      assert.deepEqual(ref.shard, shard);
      assert.deepEqual(ref.parts, [
        { index: 0, baseOffset: 2 * i, records: 2, bytes: `a${i}`.length, maxTimestampMs: 1_000 },
        { index: 1, baseOffset: i, records: 1, bytes: `b${i}`.length, maxTimestampMs: 77 },
      ]);
      const [bytes] = await journal.read([{ entry: ref, index: 1 }]);
      assert.equal(new TextDecoder().decode(bytes), `b${i}`);
    }
  }),
  engineCase("read answers slices in the asked order, also repeated ones and of several shards", async ({ journal }) => {
    await fill(journal);
    const [first, second] = await journal.entries(shard, { seq: 0 }, 2);
    const [other] = await journal.entries(otherShard, { seq: 0 }, 1);
    assert.ok(first !== undefined && second !== undefined && other !== undefined);
    const bytes = await journal.read([
      { entry: second, index: 0 },
      { entry: other, index: 0 },
      { entry: first, index: 1 },
      { entry: first, index: 0 },
      { entry: second, index: 0 },
    ]);
    assert.deepEqual(
      bytes.map((piece) => new TextDecoder().decode(piece)),
      ["s0 c", "s1 a", "s0 b", "s0 a", "s0 c"],
    );
    assert.deepEqual(await journal.read([]), []);
  }),
  engineCase("the journal's bytes are its own: the caller's buffers may change afterwards", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const batches = new TextEncoder().encode("before");
    await journal.append(shard, { parts: [{ index: 0, records: 1, maxTimestampMs: 1, batches }] });
    batches.fill(0);
    const [ref] = await journal.entries(shard, { seq: 0 }, 1);
    assert.ok(ref !== undefined);
    const [read] = await journal.read([{ entry: ref, index: 0 }]);
    read?.fill(0);
    assert.deepEqual(await labels(journal), ["before"]);
  }),
  engineCase("shards and topics have their own offsets and entry numbers", async ({ journal }) => {
    const keys = [shard, otherShard, { topicId: "t2", shard: 0 }, { topicId: "t", shard: 10 }, { topicId: "t1", shard: 10 }];
    for (const key of keys) await journal.open(key, { partitions: 1, layout: 0 });
    for (const round of [0, 1, 2]) {
      for (const key of keys) {
        const { seq, parts } = await journal.append(key, one(`${key.topicId}.${key.shard}.${round}`));
        assert.deepEqual([seq, parts[0]?.baseOffset], [round, round]);
      }
    }
    for (const key of keys)
      assert.deepEqual(
        await labels(journal, key),
        [0, 1, 2].map((round) => `${key.topicId}.${key.shard}.${round}`),
      );
  }),
  engineCase("a shard that was never opened takes and gives nothing", async ({ journal }) => {
    await journal.open(otherShard, { partitions: 1, layout: 0 });
    await refused(journal.append(shard, one("a")), "unknown_topic_or_partition");
    await refused(journal.transact([{ shard, entry: one("a") }], []), "unknown_topic_or_partition");
    await refused(journal.head(shard), "unknown_topic_or_partition");
    await refused(journal.entries(shard, { seq: 0 }, 1), "unknown_topic_or_partition");
  }),
  engineCase("a malformed entry is refused and changes nothing", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    const malformed: readonly Entry[] = [
      entry(),
      entry(part(0, "no records", 0)),
      entry(part(1, "b"), part(0, "a")),
      entry(part(0, "a"), part(0, "a again")),
    ];
    for (const bad of malformed) await refused(journal.append(shard, bad), "invalid_request");
    await refused(journal.append(shard, entry(part(2, "no such partition"))), "unknown_topic_or_partition");
    await refused(journal.append(shard, entry(part(0, "fine"), part(2, "no such partition"))), "unknown_topic_or_partition");
    assert.deepEqual((await journal.head(shard)).seq, 0);
    assert.deepEqual(await contents(journal), []);
  }),
  engineCase("an entry of all 16 partitions is one entry", async ({ journal }) => {
    await journal.open(shard, { partitions: limits.partitionsPerShardMax, layout: 0 });
    const indexes = Array.from({ length: limits.partitionsPerShardMax }, (_, index) => index);
    const { seq, parts } = await journal.append(shard, entry(...indexes.map((index) => part(index, `p${index}`, index + 1))));
    assert.equal(seq, 0);
    assert.deepEqual(
      parts.map(({ index }) => index),
      indexes,
    );
    assert.deepEqual(
      (await journal.head(shard)).highWatermarks,
      indexes.map((index) => index + 1),
    );
    assert.deepEqual(
      (await contents(journal)).map(({ label }) => label),
      indexes.map((index) => `p${index}`),
    );
  }),
  engineCase("an entry may have the most bytes and not one more", async ({ journal }) => {
    await journal.open(shard, { partitions: 2, layout: 0 });
    const half = (bytes: number) => ({ records: 1, maxTimestampMs: 1, batches: new Uint8Array(bytes).fill(7) });
    const most = limits.entryBytesMax;
    await refused(
      journal.append(shard, {
        parts: [
          { index: 0, ...half(most) },
          { index: 1, ...half(1) },
        ],
      }),
      "request_too_large",
    );
    assert.equal((await journal.head(shard)).seq, 0);
    await journal.append(shard, {
      parts: [
        { index: 0, ...half(most - 1) },
        { index: 1, ...half(1) },
      ],
    });
    const [ref] = await journal.entries(shard, { seq: 0 }, 1);
    assert.ok(ref !== undefined);
    const [bytes] = await journal.read([{ entry: ref, index: 0 }]);
    assert.ok(Buffer.from(bytes ?? []).equals(Buffer.alloc(most - 1, 7)));
  }),
  reopenCase(
    "what was acknowledged is there after a reopening, byte for byte, and numbers go on",
    async ({ journal }) => {
      await fill(journal);
      return { seen: await contents(journal), other: await contents(journal, otherShard), head: await journal.head(shard) };
    },
    async ({ journal }, was) => {
      assert.deepEqual(await journal.head(shard), was.head);
      assert.deepEqual(await contents(journal), was.seen);
      assert.deepEqual(await contents(journal, otherShard), was.other);
      assert.deepEqual(await journal.append(shard, entry(part(0, "after"))), {
        seq: was.head.seq,
        parts: [{ index: 0, baseOffset: was.head.highWatermarks[0], duplicate: false }],
      });
    },
  ),
  reopenCase(
    "a MiB of every byte value comes back as it went in",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      await journal.append(shard, { parts: [{ index: 0, records: 1, maxTimestampMs: 1, batches: everyByte() }] });
    },
    async ({ journal }) => {
      const [ref] = await journal.entries(shard, { seq: 0 }, 1);
      assert.ok(ref !== undefined);
      const [bytes] = await journal.read([{ entry: ref, index: 0 }]);
      assert.ok(Buffer.from(bytes ?? []).equals(everyByte()));
    },
  ),
  {
    name: "ten lives of a store, each adding to what the last one left",
    async run(harness) {
      for (let life = 0; life < 10; life++) {
        const engine = await harness.open();
        if (life === 0) await engine.journal.open(shard, { partitions: 1, layout: 0 });
        const { seq, parts } = await engine.journal.append(shard, one(`life ${life}`));
        assert.deepEqual([seq, parts[0]?.baseOffset], [life, life]);
        assert.deepEqual(
          await labels(engine.journal),
          Array.from({ length: life + 1 }, (_, i) => `life ${i}`),
        );
        await engine.close();
      }
    },
  },
];

async function fill(journal: Engine["journal"]): Promise<void> {
  await journal.open(shard, { partitions: 2, layout: 0 });
  await journal.open(otherShard, { partitions: 1, layout: 0 });
  await journal.append(shard, entry(part(0, "s0 a", 2), part(1, "s0 b")));
  await journal.append(otherShard, one("s1 a"));
  await journal.append(shard, entry(part(0, "s0 c", 3)));
}

function everyByte(): Buffer {
  return Buffer.from(Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
}
