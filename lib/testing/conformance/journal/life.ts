import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { engineCase, reopenCase } from "../case.ts";
import type { EngineCase } from "../case.ts";
import { refused } from "../expect.ts";
import { batch, by, contents, entry, labels, one, otherShard, part, request, shard } from "./build.ts";

/** Trimming, ending, and many at once. */
export const lifeCases: readonly EngineCase[] = [
  reopenCase(
    "trim forgets the entries below a number, moves forward only, and ends at the end",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 3, layout: 0 });
      await journal.append(shard, entry(part(0, "a", 2)));
      await journal.append(shard, entry(part(1, "b")));
      await journal.append(shard, entry(part(0, "c", 3), part(1, "d")));
      await journal.append(shard, entry(part(1, "e")));
      const [first] = await journal.entries(shard, { seq: 0 }, 1);
      await journal.trim(shard, 2);
      const trimmed = await journal.head(shard);
      assert.deepEqual([trimmed.seq, trimmed.startSeq, trimmed.startOffsets], [4, 2, [2, 1, 0]]);
      await refused(journal.entries(shard, { seq: 1 }, 9), "offset_out_of_range");
      await refused(journal.entries(shard, { index: 0, offset: 1 }, 9), "offset_out_of_range");
      assert.deepEqual(
        (await journal.entries(shard, { index: 0, offset: 2 }, 9)).map(({ seq }) => seq),
        [2],
      );
      assert.deepEqual(
        (await journal.entries(shard, { index: 1, timestampMs: 0 }, 9)).map(({ seq }) => seq),
        [2, 3],
      );
      await journal.trim(shard, 1);
      assert.equal((await journal.head(shard)).startSeq, 2);
      await journal.trim(shard, 3);
      assert.deepEqual((await journal.head(shard)).startOffsets, [5, 2, 0]);
      assert.deepEqual(await journal.entries(shard, { index: 0, offset: 5 }, 9), []);
      assert.ok(first !== undefined);
      await refused(journal.read([{ entry: first, index: 0 }]).then(keptBytes), "offset_out_of_range");
    },
    async ({ journal }) => {
      const head = await journal.head(shard);
      assert.deepEqual([head.seq, head.startSeq, head.highWatermarks, head.startOffsets], [4, 3, [5, 3, 0], [5, 2, 0]]);
      assert.deepEqual(
        (await contents(journal)).map(({ label }) => label),
        ["e"],
      );
      await journal.trim(shard, 1_000);
      assert.deepEqual((await journal.head(shard)).startSeq, 4);
      assert.deepEqual((await journal.head(shard)).startOffsets, [5, 3, 0]);
      assert.deepEqual(await journal.append(shard, one("f")), { seq: 4, parts: [{ index: 0, baseOffset: 5, duplicate: false }] });
      assert.deepEqual(await labels(journal), ["f"]);
    },
  ),
  reopenCase(
    "a producer's newest step gets its first answer also when its entry was trimmed, and no older one is added again",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      for (const sequence of [0, 1]) await journal.append(shard, one(`r${sequence}`), by(request(7n, sequence)));
      for (const sequence of [0, 1]) await journal.append(shard, one(`b${sequence}`), by(batch(8n, 0, sequence)));
      await journal.append(shard, one("last"));
      await journal.trim(shard, 4);
    },
    async ({ journal }) => {
      const newest = await journal.append(shard, one("r1"), by(request(7n, 1)));
      assert.deepEqual(newest, { seq: 1, parts: [{ index: 0, baseOffset: 1, duplicate: true }] });
      const kafka = await journal.append(shard, one("b1"), by(batch(8n, 0, 1)));
      assert.deepEqual(kafka, { seq: 3, parts: [{ index: 0, baseOffset: 3, duplicate: true }] });
      for (const guards of [by(request(7n, 0)), by(batch(8n, 0, 0))]) {
        const answer = await journal.append(shard, one("x"), guards).catch((reason: unknown) => LogError.from(reason));
        if (answer instanceof LogError) assert.deepEqual([answer.code, answer.outcome], ["out_of_order_sequence", "unknown"]);
        else assert.equal(answer.parts[0]?.duplicate, true);
      }
      assert.deepEqual(await labels(journal), ["last"]);
    },
  ),
  engineCase("trimming a shard that is not there is refused", async ({ journal }) => {
    await refused(journal.trim(shard, 1), "unknown_topic_or_partition");
  }),
  reopenCase(
    "a closed shard takes and gives nothing, for ever, and its neighbours go on",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 1, layout: 0 });
      await journal.open(otherShard, { partitions: 1, layout: 0 });
      await journal.append(shard, one("gone"));
      await journal.append(otherShard, one("stays"));
      await journal.close(shard);
      await journal.close(shard);
      await refused(journal.append(shard, one("x")), "unknown_topic_or_partition");
    },
    async ({ journal }) => {
      await refused(journal.append(shard, one("x")), "unknown_topic_or_partition");
      await refused(
        journal.transact(
          [
            { shard, entry: one("x") },
            { shard: otherShard, entry: one("x") },
          ],
          [],
        ),
        "unknown_topic_or_partition",
      );
      await refused(journal.head(shard), "unknown_topic_or_partition");
      await refused(journal.entries(shard, { seq: 0 }, 1), "unknown_topic_or_partition");
      await refused(journal.trim(shard, 1), "unknown_topic_or_partition");
      await refused(journal.open(shard, { partitions: 1, layout: 1 }), "unknown_topic_or_partition");
      await journal.close(shard);
      await journal.append(otherShard, one("more"));
      assert.deepEqual(await labels(journal, otherShard), ["stays", "more"]);
    },
  ),
  reopenCase(
    "64 parallel appends to one shard are all in it, densely, each at its answer",
    async ({ journal }) => {
      await journal.open(shard, { partitions: 2, layout: 0 });
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, i) => journal.append(shard, entry(part(i % 2, `${i}`, 1 + (i % 5))))),
      );
      assert.deepEqual(
        answers.map(({ seq }) => seq).sort((a, b) => a - b),
        Array.from({ length: 64 }, (_, i) => i),
      );
      return answers.map(({ seq, parts }, i) => `${seq} ${i % 2} ${parts[0]?.baseOffset} ${i}`).sort();
    },
    async ({ journal }, answers) => {
      const seen = await contents(journal);
      assert.deepEqual(seen.map(({ seq, index, baseOffset, label }) => `${seq} ${index} ${baseOffset} ${label}`).sort(), answers);
      const next = [0, 0];
      for (const { index, baseOffset, records } of seen) {
        assert.equal(baseOffset, next[index]);
        next[index] = baseOffset + records;
      }
      assert.deepEqual((await journal.head(shard)).highWatermarks, next);
    },
  ),
  reopenCase(
    "1,024 parallel appends over 16 shards, made in parallel too",
    async ({ journal }) => {
      await Promise.all(shards.map((key) => journal.open(key, { partitions: 1, layout: 0 })));
      await Promise.all(
        Array.from({ length: 1_024 }, async (_, i) => {
          const { parts } = await journal.append(shards[i % 16] ?? shard, one(`${i}`));
          assert.ok((parts[0]?.baseOffset ?? -1) < 64);
        }),
      );
    },
    async ({ journal }) => {
      for (const [at, key] of shards.entries()) {
        const own = (await labels(journal, key)).map(Number).sort((a, b) => a - b);
        assert.deepEqual(
          own,
          Array.from({ length: 64 }, (_, i) => i * 16 + at),
        );
      }
    },
  ),
  engineCase("a head never shows a high watermark that cannot be read", async ({ journal }) => {
    await journal.open(shard, { partitions: 1, layout: 0 });
    const appends = Array.from({ length: 64 }, (_, i) => journal.append(shard, entry(part(0, `${i}`, 2))));
    for (let seen = -1; seen < 128; ) {
      const { highWatermarks, seq } = await journal.head(shard);
      const [highWatermark = 0] = highWatermarks;
      assert.ok(highWatermark >= seen, "a high watermark went back");
      if (highWatermark > seen && highWatermark > 0) {
        const [ref] = await journal.entries(shard, { index: 0, offset: highWatermark - 1 }, 1);
        assert.ok(ref !== undefined && ref.seq < (await journal.head(shard)).seq);
        const [bytes] = await journal.read([{ entry: ref, index: 0 }]);
        assert.ok((bytes?.length ?? 0) > 0);
      }
      assert.equal(highWatermark, seq * 2);
      seen = highWatermark;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(appends);
  }),
  {
    name: "closing the engine lets what runs end truthfully, and refuses what comes after",
    async run(harness) {
      const engine = await harness.open();
      await engine.journal.open(shard, { partitions: 1, layout: 0 });
      const appends = Array.from({ length: 64 }, (_, i) => engine.journal.append(shard, one(`${i}`)));
      const settled = Promise.allSettled(appends);
      await engine.close();
      const results = await settled;
      await refused(engine.journal.append(shard, one("late")), "unavailable");
      await refused(engine.journal.head(shard), "unavailable");
      const again = await harness.open();
      const seen = new Set(await labels(again.journal));
      for (const [i, result] of results.entries()) {
        if (result.status === "fulfilled") assert.ok(seen.has(`${i}`), "an acknowledged append is lost");
        else if (LogError.from(result.reason).outcome === "not-applied") assert.ok(!seen.has(`${i}`), "a refused append is in the log");
      }
      assert.ok(!seen.has("late"));
      await again.close();
    },
  },
];

const shards = Array.from({ length: 16 }, (_, i) => ({ topicId: `t${i % 4}`, shard: Math.floor(i / 4) }));

/** An engine may still have the bytes of a trimmed entry; then they must be the right ones. */
function keptBytes(bytes: readonly Uint8Array[]): never {
  assert.deepEqual(
    bytes.map((piece) => new TextDecoder().decode(piece)),
    ["a"],
  );
  throw new LogError("offset_out_of_range", "as good as gone");
}
