import assert from "node:assert/strict";
import { encodeBatch } from "../../../core/codec/record-batch.ts";
import type { Log } from "../../../log/log.ts";
import { allSegments, segmentKey, segmentValue } from "../../../log/strata/segment-row.ts";
import { labelsOf, record } from "../log/build.ts";
import { atOnce, objectKeys, type StrataCase, strataCase } from "./build.ts";

const dayMs = 86_400_000;

async function starts(log: Log): Promise<readonly number[]> {
  return (await log.watermarks("t")).map(({ logStartOffset }) => logStartOffset);
}

export const retentionCases: readonly StrataCase[] = [
  {
    name: "records older than retention.ms go, segment by segment from the oldest, also where nobody writes any more",
    async run(harness) {
      let nowMs = 1_000 * dayMs;
      const { log, engine, janitor } = await harness.openTuned(atOnce, () => nowMs);
      const round = () => janitor(Number.MAX_SAFE_INTEGER);
      try {
        await log.topics.create({ name: "t", config: { "retention.ms": 3 * dayMs } });
        for (const ageDays of [5, 2, 9, 1]) {
          await log.append("t", { records: [{ ...record(`${ageDays}`), timestampMs: nowMs - ageDays * dayMs }] });
          await round();
        }
        assert.deepEqual(await starts(log), [1], "what is old but stands behind a young one stays");
        await assert.rejects(log.fetch("t", 0, { from: 0 }), { code: "offset_out_of_range" });
        assert.deepEqual(await labelsOf(log, harness, "t"), ["2", "9", "1"]);
        nowMs += 4 * dayMs;
        assert.equal((await round()).segmentsExpired, 3);
        await round();
        assert.deepEqual(await starts(log), [4]);
        assert.deepEqual(await objectKeys(engine), []);
        const { records } = { records: [record("new")] };
        assert.deepEqual(await log.append("t", { records }), [{ partition: 0, offset: 4, duplicate: false }]);
      } finally {
        await log.close();
      }
    },
  },
  {
    name: "records without a timestamp count as from when they were sealed, also once they were merged",
    async run(harness) {
      let nowMs = 1_000 * dayMs;
      const { log, engine, janitor } = await harness.openTuned(atOnce, () => nowMs);
      const round = () => janitor(Number.MAX_SAFE_INTEGER);
      const untimed = (): Uint8Array => {
        const records = [{ ...record("untimed"), timestampMs: -1 }];
        return encodeBatch(records, { nowMs, compression: harness.compression, compressionType: "none" });
      };
      try {
        const { id } = await log.topics.create({ name: "t", config: { "retention.ms": 3 * dayMs } });
        const rows = async () => await allSegments(engine.catalog, id, 0);
        for (const days of [1, 2, 3, 4]) {
          if (days % 2 === 0) await log.appendBatches("t", 0, untimed());
          else await log.append("t", { records: [{ ...record("timed"), timestampMs: nowMs }] });
          await round();
          if (days < 4) nowMs += dayMs / 2;
        }
        assert.deepEqual([await starts(log), (await rows()).length], [[0], 1]);
        nowMs += 3 * dayMs;
        await round();
        assert.deepEqual(await starts(log), [0]);
        nowMs += 1;
        await round();
        assert.deepEqual([await starts(log), await rows()], [[4], []]);
        await log.appendBatches("t", 0, untimed());
        await round();
        // As an earlier build has sealed it: nobody knows when.
        const [{ untimedMs, ...row } = assert.fail()] = await rows();
        assert.equal(untimedMs, nowMs);
        const key = segmentKey(id, 0, row.baseOffset);
        await engine.catalog.transact([{ key, put: segmentValue(row), if: row.version }]);
        nowMs += 30 * dayMs;
        await round();
        assert.deepEqual([await starts(log), (await rows()).length], [[4], 1]);
      } finally {
        await log.close();
      }
    },
  },
  strataCase("nothing expires without an end, or where only compaction may remove", async ({ log, round }) => {
    for (const config of [{ "retention.ms": -1 }, { "cleanup.policy": "compact", "retention.ms": 1 }]) {
      await log.topics.create({ name: "t", config });
      await log.append("t", { records: [{ ...record("old", { key: "k" }), timestampMs: 1 }] });
      await round();
      await round();
      assert.deepEqual(await starts(log), [0]);
      await log.topics.delete("t");
    }
  }),
  strataCase("retention.bytes keeps at least so much, in whole segments", async ({ log, round }) => {
    await log.topics.create({ name: "t", config: { "retention.bytes": 3_000 } });
    for (let nth = 0; nth < 3; nth++) {
      await log.append("t", { records: [record("x".repeat(1_000))] });
      await round();
    }
    assert.deepEqual(await starts(log), [0]);
    for (let nth = 0; nth < 2; nth++) {
      await log.append("t", { records: [record("x".repeat(1_000))] });
      await round();
    }
    assert.deepEqual(await starts(log), [2]);
  }),
  strataCase("deleted records cannot be read, in segments, on their boundary and in the journal, and are freed", async (world) => {
    const { log, engine, harness, round } = world;
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
    for (let nth = 0; nth < 3; nth++) {
      await log.append("t", { records: [0, 1].map((each) => record(`r${2 * nth + each}`, { partition: 0 })) });
      await round();
    }
    await log.append("t", { records: [record("r6", { partition: 0 }), record("r7", { partition: 0 })] });
    for (const offset of [1, 2, 7] as const) {
      const [marks] = await log.deleteRecords("t", [{ partition: 0, offset }]);
      assert.deepEqual(marks, { partition: 0, logStartOffset: offset, highWatermark: 8 });
      await assert.rejects(log.fetch("t", 0, { from: offset - 1 }), { code: "offset_out_of_range" });
      assert.deepEqual(await labelsOf(log, harness, "t"), ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"].slice(offset));
    }
    assert.deepEqual((await log.deleteRecords("t", [{ partition: 0, offset: 3 }]))[0]?.logStartOffset, 7, "never back");
    await assert.rejects(log.deleteRecords("t", [{ partition: 0, offset: 9 }]), { code: "offset_out_of_range" });
    await assert.rejects(log.deleteRecords("t", [{ partition: 2, offset: 0 }]), { code: "unknown_topic_or_partition" });
    await round();
    await round();
    assert.deepEqual(await labelsOf(log, harness, "t"), ["r7"]);
    assert.equal((await objectKeys(engine)).length, 1);
    await log.deleteRecords("t", [{ partition: 0, offset: "latest" }]);
    await round();
    await round();
    assert.deepEqual(await objectKeys(engine), []);
    assert.deepEqual(await starts(log), [8, 0]);
  }),
  strataCase("a deleted topic frees all, and one made anew under its name has none of it", async ({ log, engine, harness, round }) => {
    const config = { partitions: 3, partitionsPerShard: 2 };
    await log.topics.create({ name: "t", ...config });
    for (let nth = 0; nth < 5; nth++) {
      await log.append("t", { records: [0, 1, 2].map((partition) => record(`old${nth}`, { partition })) });
      await round();
    }
    await log.append("t", { records: [record("unsealed", { partition: 0 })] });
    await log.topics.delete("t");
    await log.topics.create({ name: "t", ...config });
    await log.append("t", { records: [record("new", { partition: 0 })] });
    await round();
    await round();
    assert.deepEqual(await labelsOf(log, harness, "t"), ["new"]);
    await log.topics.delete("t");
    await round();
    assert.equal((await round()).failures, 0);
    assert.deepEqual(await objectKeys(engine), []);
    for (const pk of ["topics", "topic-ids", "deleted-topics", "active"]) {
      assert.deepEqual(await engine.catalog.query(pk, { limit: 10 }), [], pk);
    }
  }),
  strataCase(
    "what is deleted is counted: segments that were replaced, have expired or are of a deleted topic",
    async ({ log, engine, round }) => {
      const rounds = async (): Promise<readonly [objects: number, bytes: number]> => {
        let [objects, bytes] = [0, 0];
        for (let nth = 0; nth < 3; nth++) {
          const report = await round();
          objects += report.objectsDeleted;
          // Of the journal something may come to it, as the engine has it.
          bytes += report.reclaimedBytes;
        }
        return [objects, bytes];
      };
      const { id } = await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
      const bytesNow = async () => (await allSegments(engine.catalog, id, 0)).reduce((sum, { bytes }) => sum + bytes, 0);
      for (let nth = 0; nth < 3; nth++) {
        await log.append("t", { records: [record("x".repeat(10_000))] });
        await round();
      }
      const small = await bytesNow();
      await log.append("t", { records: [record("x".repeat(10_000))] });
      const [merged, mergedBytes] = await rounds();
      assert.ok(merged === 4 && mergedBytes > small + 10_000, `${merged} objects, ${mergedBytes} bytes of ${small} and one more`);
      const large = await bytesNow();
      await log.deleteRecords("t", [{ partition: 0, offset: 4 }]);
      const [expired, expiredBytes] = await rounds();
      assert.ok(expired === 1 && expiredBytes >= large, `${expired} objects, ${expiredBytes} of ${large} bytes`);
      await log.append("t", { records: [record("x".repeat(10_000))] });
      await rounds();
      const last = await bytesNow();
      await log.topics.delete("t");
      const [deleted, deletedBytes] = await rounds();
      assert.ok(last > 10_000 && deleted === 1 && deletedBytes >= last, `${deleted} objects, ${deletedBytes} of ${last} bytes`);
    },
  ),
  strataCase("a round looks at shards in use alone", async ({ log, round }) => {
    for (let nth = 0; nth < 30; nth++) await log.topics.create({ name: `t${nth}` });
    for (const nth of [3, 7]) await log.append(`t${nth}`, { records: [record("r")] });
    assert.equal((await round()).shardsSeen, 2);
    assert.equal((await round()).shardsSeen, 0, "all is done");
    await log.append("t7", { records: [record("r")] });
    assert.equal((await round()).shardsSeen, 1);
  }),
];
