import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compactOnce } from "../../../lib/log/strata/compact.ts";
import { mergeOnce } from "../../../lib/log/strata/merge.ts";
import { type CompactedTopic, compactedTopic, disturbed, type Given, lastOfEachKey, shown, tableOf } from "./compaction-world.ts";

const hourMs = 3_600_000;
const rules = {
  segmentsMin: 2,
  segmentsMax: 64,
  bytesMax: 1_000_000,
  spanMsMax: hourMs,
  dirtyRatioMin: 0,
  lagMs: 0,
  tombstoneMs: hourMs,
};
/** Nothing is compacted by rounds: tests do it step by step. */
const never = { "min.compaction.lag.ms": Number.MAX_SAFE_INTEGER, "delete.retention.ms": hourMs };

/** One segment for each list of records. */
async function fill(topic: CompactedTopic, segments: readonly (readonly Given[])[]): Promise<void> {
  for (const records of segments) {
    await topic.append(records);
    assert.equal((await topic.round()).failures, 0);
  }
}

const segmentsOf = async ({ id, rows }: CompactedTopic) => ({ topicId: id, partition: 0, rows: await rows() });
const pass = async (topic: CompactedTopic, services = topic.services, isLate = () => false) =>
  await compactOnce(services, await segmentsOf(topic), rules, isLate);

/** After it rounds have had time for all. */
async function finish(topic: CompactedTopic): Promise<void> {
  const config = { "min.compaction.lag.ms": 0, "min.cleanable.dirty.ratio": 0 };
  await topic.log.topics.alter("t", { config });
  for (let nth = 0; nth < 3; nth++) {
    topic.pass(2 * hourMs);
    await fill(topic, [[["end", String(nth)]]]);
  }
}

describe("a pass of compaction", () => {
  it("stops where others have changed a segment: what follows is not taken for clean, and no tombstone goes before what it is about", async () => {
    const topic = await compactedTopic(never, { mergeSegmentsMin: 100 });
    await fill(topic, [
      [
        ["a", "0"],
        ["b", "1"],
      ],
      [
        ["a", "1"],
        ["d", "1"],
      ],
      [
        ["a", null],
        ["b", "2"],
      ],
    ]);
    let merged: number | undefined;
    const { engine } = topic.services;
    const beside = disturbed(engine, async (name) => {
      if (name !== "put" || merged !== undefined) return undefined;
      merged = 0;
      const { rows, ...partition } = await segmentsOf(topic);
      merged = await mergeOnce(topic.services, { ...partition, rows: rows.slice(0, 2) }, rules, () => false);
      return undefined;
    });
    assert.equal(await pass(topic, { ...topic.services, engine: beside }), undefined);
    assert.ok(merged !== undefined && merged > 0);
    const rows = await topic.rows();
    assert.deepEqual(
      rows.map(({ baseOffset, cleanedTo }) => [baseOffset, cleanedTo]),
      [
        [0, 0],
        [4, 0],
      ],
    );
    await finish(topic);
    assert.deepEqual(shown(await topic.read()), shown(lastOfEachKey(topic.appended)));
  });

  it("does nothing on rows that others have merged while they were read", async () => {
    const topic = await compactedTopic(never, { mergeSegmentsMin: 100 });
    await fill(topic, [[["a", "1"]], [["a", "2"]], [["a", "3"]]]);
    const { rows, ...partition } = await segmentsOf(topic);
    const torn = { ...partition, rows: rows.filter((_, nth) => nth !== 1) };
    assert.equal(await compactOnce(topic.services, torn, rules, () => false), undefined);
    assert.deepEqual(await topic.rows(), rows);
  });

  it("that has no time goes on with the next one, though more is written all the time", async () => {
    const topic = await compactedTopic(never, { mergeSegmentsMin: 100 });
    await fill(
      topic,
      Array.from({ length: 12 }, (_, nth): readonly Given[] => [
        ["a", String(nth)],
        [`only ${nth}`, "1"],
      ]),
    );
    const rowsBefore = await topic.rows();
    const end = rowsBefore.at(-1)?.next ?? 0;
    const single = { ...rules, segmentsMax: 1 };
    for (let nth = 0; nth < 12; nth++) {
      let looks = 0;
      const rows = (await topic.rows()).length;
      // Time to read all keys and to go over two segments.
      const isLate = (): boolean => ++looks > rows + 5;
      await compactOnce(topic.services, await segmentsOf(topic), single, isLate);
      await fill(topic, [[["a", `later ${nth}`]]]);
    }
    const first = (await topic.rows()).filter(({ next }) => next <= end);
    assert.ok(
      first.every(({ cleanedTo, next }) => cleanedTo >= next),
      shown(await topic.read()).join(", "),
    );
  });

  it("that had no time is not taken for done where a segment was merged meanwhile that it had not come to", async () => {
    const topic = await compactedTopic(never, { mergeSegmentsMin: 100 });
    await fill(topic, [[["a", "1"]], [["b", "1"]], [["b", "2"]]]);
    let looks = 0;
    // Time for the keys and for the first segment.
    assert.equal(await pass(topic, topic.services, () => ++looks > 5), undefined);
    const { rows, ...partition } = await segmentsOf(topic);
    assert.deepEqual(
      rows.map(({ cleanedTo }) => cleanedTo),
      [3, 0, 0],
    );
    assert.ok((await mergeOnce(topic.services, { ...partition, rows: rows.slice(0, 2) }, rules, () => false)) !== undefined);
    await pass(topic);
    topic.pass(hourMs);
    assert.deepEqual(shown(await topic.read()), ["0 a=1", "2 b=2"]);
  });

  it("leaves the objects of segments that lose nothing as they are, and reads no more of what it knows", async () => {
    const topic = await compactedTopic(never, { mergeSegmentsMin: 100 });
    await fill(topic, [
      [["a", "1"]],
      [["b", "1"]],
      [
        ["c", "1"],
        ["d", null],
      ],
    ]);
    const before = await topic.rows();
    assert.equal(await pass(topic), 0);
    const after = await topic.rows();
    assert.deepEqual(
      after.map(({ key, cleanedTo, tombstonesMs }) => [key, cleanedTo, tombstonesMs > 0]),
      before.map(({ key }, nth) => [key, 4, nth === 2]),
    );
    await fill(topic, [[["b", "2"]]]);
    await pass(topic);
    const last = await topic.rows();
    assert.deepEqual(
      last.map(({ key, records }, nth) => [key === after[nth]?.key, records]),
      [
        [true, 1],
        [false, 0],
        [true, 2],
        [false, 1],
      ],
    );
  });
});

describe("compaction over time", () => {
  it("keeps a tombstone for delete.retention.ms from when it was first kept, also where nobody writes any more", async () => {
    const topic = await compactedTopic({ "delete.retention.ms": 8 * hourMs, "min.cleanable.dirty.ratio": 0 });
    await fill(topic, [
      [
        ["a", "1"],
        ["b", "1"],
      ],
      [["a", null]],
    ]);
    assert.deepEqual(shown(await topic.read()), ["1 b=1", "2 a=-"]);
    topic.pass(8 * hourMs - 1);
    await topic.round();
    assert.deepEqual(shown(await topic.read()), ["1 b=1", "2 a=-"]);
    topic.pass(hourMs + 1);
    const report = await topic.round();
    assert.equal(report.shardsSeen, 1, "it is due");
    topic.pass(hourMs);
    assert.deepEqual(shown(await topic.read()), ["1 b=1"]);
    topic.pass(24 * hourMs);
    assert.equal((await topic.round()).shardsSeen, 0, "nothing is left to do");
  });

  it("leaves records as long as min.compaction.lag.ms says, and comes back for them", async () => {
    const topic = await compactedTopic({ "min.compaction.lag.ms": hourMs, "min.cleanable.dirty.ratio": 0 });
    await fill(topic, [[["a", "1"]], [["a", "2"]]]);
    topic.pass(hourMs - 1);
    await topic.round();
    assert.equal((await topic.read()).length, 2);
    topic.pass(1);
    await topic.round();
    topic.pass(hourMs);
    assert.deepEqual(shown(await topic.read()), ["1 a=2"]);
  });

  it("waits until so much of a partition is dirty", async () => {
    const topic = await compactedTopic({ "min.cleanable.dirty.ratio": 0.5 }, { mergeSegmentsMin: 100 });
    const wide = (value: string): readonly Given[] => Array.from({ length: 40 }, (_, nth): Given => [`k${nth}`, value]);
    await fill(topic, [wide("1")]);
    await fill(topic, [[["k0", "2"]], [["k0", "3"]]]);
    assert.equal((await topic.read()).length, 42);
    await fill(topic, [wide("4")]);
    topic.pass(hourMs);
    assert.deepEqual(tableOf(await topic.read()), tableOf(topic.appended));
    assert.equal((await topic.read()).length, 40);
  });

  it("goes together with retention and deletion of records", async () => {
    const topic = await compactedTopic({
      "cleanup.policy": "compact,delete",
      "retention.ms": 10 * hourMs,
      "min.cleanable.dirty.ratio": 0,
    });
    await fill(topic, [
      [
        ["a", "1"],
        ["b", "1"],
      ],
      [["b", "2"]],
      [
        ["c", "1"],
        ["d", "1"],
      ],
      [["d", "2"]],
    ]);
    await topic.log.deleteRecords("t", [{ partition: 0, offset: 1 }]);
    topic.pass(hourMs);
    await fill(topic, [[["e", "1"]]]);
    assert.deepEqual(shown(await topic.read(1)), ["2 b=2", "3 c=1", "5 d=2", "6 e=1"]);
    topic.pass(9 * hourMs + 1);
    await fill(topic, [[["f", "1"]]]);
    await topic.round();
    const { logStartOffset } = (await topic.log.watermarks("t"))[0] ?? { logStartOffset: -1 };
    assert.deepEqual(shown(await topic.read(logStartOffset)), ["6 e=1", "7 f=1"]);
  });
});
