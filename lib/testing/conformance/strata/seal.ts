import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { labelsOf, places, readAll, record } from "../log/build.ts";
import { atOnce, objectKeys, type StrataCase, strataCase, type TunedLog } from "./build.ts";

const labels = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, nth) => `r${from + nth}`);

async function fill({ log }: TunedLog, topic: string, from: number, to: number, partition = 0): Promise<void> {
  for (const label of labels(from, to)) await log.append(topic, { records: [record(label, { partition })] });
}

export const sealCases: readonly StrataCase[] = [
  strataCase("what was sealed and trimmed reads as before, at its offsets, and appends go on", async (world) => {
    const { log, engine, harness, round } = world;
    const { id } = await log.topics.create({ name: "t", partitions: 2 });
    await fill(world, "t", 0, 5);
    await fill(world, "t", 5, 8, 1);
    const before = [await readAll(log, harness, "t", 0), await readAll(log, harness, "t", 1)];
    const report = await round();
    assert.deepEqual([report.seals, report.failures, report.isComplete], [1, 0, true]);
    const head = await engine.journal.head({ topicId: id, shard: 0 });
    assert.deepEqual([head.startSeq, head.seq, head.startOffsets], [8, 8, [5, 3]]);
    assert.equal((await objectKeys(engine)).length, 2, "a segment for each partition");
    assert.deepEqual([await readAll(log, harness, "t", 0), await readAll(log, harness, "t", 1)], before);
    assert.deepEqual(await log.watermarks("t"), [
      { partition: 0, logStartOffset: 0, highWatermark: 5 },
      { partition: 1, logStartOffset: 0, highWatermark: 3 },
    ]);
    assert.deepEqual(places(await log.append("t", { records: [record("r8", { partition: 0 })] })), ["0:5"]);
    assert.deepEqual(await labelsOf(log, harness, "t"), [...labels(0, 5), "r8"]);
    assert.equal((await round()).seals, 1);
    assert.deepEqual(await labelsOf(log, harness, "t"), [...labels(0, 5), "r8"]);
  }),
  strataCase("each offset can be read first, from segments and from the journal", async (world) => {
    const { log, harness, round } = world;
    await log.topics.create({ name: "t" });
    await log.append("t", { records: labels(0, 4).map((label) => record(label)) });
    await round();
    await log.append("t", { records: labels(4, 6).map((label) => record(label)) });
    await round();
    await fill(world, "t", 6, 8);
    for (let offset = 0; offset < 8; offset++) {
      const seen = await readAll(log, harness, "t", 0, offset);
      assert.deepEqual(
        seen,
        labels(offset, 8).map((label, nth) => `${offset + nth} ${label}`),
      );
    }
    const small = await log.fetch("t", 0, { from: 1, bytesMax: 1 });
    assert.deepEqual([small.offset, small.nextOffset], [1, 4], "one whole batch is always given");
    await assert.rejects(log.fetch("t", 0, { from: 9 }), { code: "offset_out_of_range" });
  }),
  strataCase("many small segments become few, and nothing else changes", async (world) => {
    const { log, engine, harness, round } = world;
    await log.topics.create({ name: "t" });
    let merges = 0;
    for (let nth = 0; nth < 20; nth++) {
      await fill(world, "t", nth, nth + 1);
      merges += (await round()).merges;
    }
    assert.ok(merges >= 4 && merges <= 8, `${merges} merges`);
    await round();
    const keys = await objectKeys(engine);
    assert.ok(keys.length <= 8, `${keys.length} objects`);
    assert.deepEqual(await labelsOf(log, harness, "t"), labels(0, 20));
    for (let offset = 0; offset < 20; offset++) assert.equal((await readAll(log, harness, "t", 0, offset)).length, 20 - offset);
  }),
  strataCase(
    "what one shard replaces is deleted also when another of its topic, seen before it, had nothing to delete",
    async (world) => {
      const { log, engine, round } = world;
      await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
      await fill(world, "t", 0, 1, 0);
      await fill(world, "t", 1, 5, 1);
      assert.equal((await round()).merges, 1);
      for (let nth = 0; nth < 3; nth++) await round();
      assert.equal((await objectKeys(engine)).length, 2, "a segment for each partition");
    },
    { sealBytesMax: 1 },
  ),
  strataCase(
    "a topic with small segments is sealed as soon as one is full",
    async ({ log, engine, round }) => {
      await log.topics.create({ name: "t", config: { "segment.bytes": 1_048_576 } });
      const big = { ...record("big"), value: new Uint8Array(400_000) };
      for (let nth = 0; nth < 8; nth++) await log.append("t", { records: [big] });
      const report = await round();
      assert.deepEqual([report.seals, report.unsealedEntries], [3, 2]);
      assert.equal((await objectKeys(engine)).length, 3);
    },
    { sealAgeMs: 3_600_000, mergeSegmentsMin: 64 },
  ),
  {
    name: "what waits is sealed after segment.ms or retention.ms, where that is less than the hour, and goes when its time has come",
    async run(harness) {
      let nowMs = 1_700_000_000_000;
      const { log, janitor } = await harness.openTuned({ ...atOnce, sealAgeMs: 3_600_000 }, () => nowMs);
      try {
        await log.topics.create({ name: "segments", config: { "segment.ms": 60_000 } });
        await log.topics.create({ name: "kept", config: { "retention.ms": 120_000 } });
        await log.topics.create({ name: "others" });
        for (const name of ["segments", "kept", "others"]) await log.append(name, { records: [{ ...record("x"), timestampMs: nowMs }] });
        const round = async (): Promise<readonly number[]> => {
          const { seals, segmentsExpired } = await janitor(Number.MAX_SAFE_INTEGER);
          return [seals, segmentsExpired];
        };
        assert.deepEqual(await round(), [0, 0]);
        nowMs += 59_999;
        assert.deepEqual(await round(), [0, 0]);
        nowMs += 1;
        assert.deepEqual(await round(), [1, 0]);
        nowMs += 60_000;
        const found = [await round(), await round()];
        nowMs += 1;
        found.push(await round());
        assert.deepEqual(
          [found.reduce((sum, [seals = 0]) => sum + seals, 0), found.reduce((sum, [, expired = 0]) => sum + expired, 0)],
          [1, 1],
        );
        assert.equal((await log.watermarks("kept"))[0]?.logStartOffset, 1);
        nowMs += 3_600_000;
        assert.deepEqual(await round(), [1, 0]);
      } finally {
        await log.close();
      }
    },
  },
  strataCase("a reader who remembers a segment that was merged away goes on", async (world) => {
    const { log, harness, round } = world;
    await log.topics.create({ name: "t" });
    for (let nth = 0; nth < 3; nth++) {
      await fill(world, "t", nth, nth + 1);
      await round();
    }
    assert.deepEqual(await labelsOf(log, harness, "t"), labels(0, 3));
    await fill(world, "t", 3, 4);
    assert.equal((await round()).merges, 1);
    await round();
    assert.deepEqual(await labelsOf(log, harness, "t"), labels(0, 4));
    assert.equal((await log.fetch("t", 0, { from: 1, bytesMax: 1 })).nextOffset, 2);
  }),
  strataCase(
    "the journal keeps what is sealed for a while, so that a producer's late retry gets its first answer",
    async ({ log, engine, round }) => {
      const { id } = await log.topics.create({ name: "t" });
      const send = (sequence: number) => log.append("t", { records: [record(`s${sequence}`)], producer: { id: 7n, epoch: 0, sequence } });
      for (const sequence of [1, 2, 3]) await send(sequence);
      assert.equal((await round()).seals, 1);
      assert.equal((await engine.journal.head({ topicId: id, shard: 0 })).startSeq, 0);
      assert.deepEqual(places(await send(1)), ["0:0="]);
      assert.deepEqual(places(await send(3)), ["0:2="]);
    },
    { trimLagMs: 1_000_000 },
  ),
  strataCase(
    "once it is trimmed, an older sequence's retry is refused as unknown, and the newest gets its answer",
    async ({ log, round }) => {
      await log.topics.create({ name: "t" });
      const send = (sequence: number) => log.append("t", { records: [record(`s${sequence}`)], producer: { id: 7n, epoch: 0, sequence } });
      for (const sequence of [1, 2, 3]) await send(sequence);
      await round();
      assert.deepEqual(places(await send(3)), ["0:2="]);
      // An engine may remember for longer.
      const again = await send(1).catch((reason: unknown) => LogError.from(reason));
      if (again instanceof LogError) assert.deepEqual([again.code, again.outcome], ["out_of_order_sequence", "unknown"]);
      else assert.deepEqual(places(again), ["0:0="]);
      assert.equal((await log.watermarks("t"))[0]?.highWatermark, 3);
    },
  ),
  strataCase("two janitors at once seal and merge each record once", async ({ log, harness, round }) => {
    await log.topics.create({ name: "t", partitions: 4, partitionsPerShard: 2 });
    for (let nth = 0; nth < 12; nth++) {
      await log.append("t", { records: labels(nth * 4, nth * 4 + 4).map((label, at) => record(label, { partition: at })) });
      await Promise.all([round(), round(), round()]);
    }
    for (let partition = 0; partition < 4; partition++) {
      const wanted = Array.from({ length: 12 }, (_, nth) => `r${nth * 4 + partition}`);
      assert.deepEqual(await labelsOf(log, harness, "t", partition), wanted);
    }
  }),
];
