import assert from "node:assert/strict";
import type { Log } from "../../../log/log.ts";
import { allSegments } from "../../../log/strata/segment-row.ts";
import { readAll, record } from "../log/build.ts";
import { atOnce, objectKeys, type StrataCase, strataCase } from "./build.ts";

const compacted = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0 };
const hourMs = 3_600_000;

/** One request for each text: `a=1` a record, `a` its tombstone, `=1` one without a key. */
async function write(log: Log, ...requests: readonly string[]): Promise<void> {
  for (const request of requests) {
    const records = request.split(" ").map((text) => {
      const [key = "", value] = text.split("=");
      const made = record(value ?? "", key === "" ? {} : { key });
      return value === undefined ? { ...made, value: null } : made;
    });
    await log.append("t", { records });
  }
}

export const compactionCases: readonly StrataCase[] = [
  strataCase("compaction leaves the last record of each key, at its offset, and all without a key", async ({ log, harness, round }) => {
    await log.topics.create({ name: "t", config: compacted });
    await write(log, "a=1 b=1 =x a=2", "c=1 b=2", "=y d=1 d", "a=3");
    await round();
    await write(log, "c=2 e=1");
    assert.equal((await round()).failures, 0);
    await write(log, "e=2");
    assert.deepEqual(await readAll(log, harness, "t"), ["2 x", "5 2", "6 y", "8 -", "9 3", "10 2", "11 1", "12 2"]);
    for (const [from, first] of [
      [0, "2 x"],
      [3, "5 2"],
      [7, "8 -"],
      [8, "8 -"],
      [12, "12 2"],
    ] as const) {
      assert.equal((await readAll(log, harness, "t", 0, from))[0], first, `from ${from}`);
    }
    assert.deepEqual(await log.watermarks("t"), [{ partition: 0, logStartOffset: 0, highWatermark: 13 }]);
  }),
  strataCase("where nothing is left of many segments, a reader comes to what follows, and to the end", async ({ log, harness, round }) => {
    await log.topics.create({ name: "t", config: compacted });
    for (let nth = 0; nth < 40; nth++) {
      await write(log, `a=${nth}`);
      await round();
    }
    assert.deepEqual(await readAll(log, harness, "t"), ["39 39"]);
    await write(log, "a=40");
    assert.deepEqual(await readAll(log, harness, "t", 0, 7), ["39 39", "40 40"]);
    const [found] = await log.offsetsForTime("t", 0);
    assert.equal(found?.offset, 39);
  }),
  {
    name: "a segment that compaction has emptied expires when its records would have",
    async run(harness) {
      let nowMs = 1_000 * hourMs;
      const { log, janitor } = await harness.openTuned(atOnce, () => nowMs);
      const startAfterRounds = async (): Promise<number | undefined> => {
        for (let nth = 0; nth < 3; nth++) assert.equal((await janitor(Number.MAX_SAFE_INTEGER)).failures, 0);
        return (await log.watermarks("t"))[0]?.logStartOffset;
      };
      try {
        const config = { ...compacted, "cleanup.policy": "compact,delete", "retention.ms": 10 * hourMs, "delete.retention.ms": 0 };
        await log.topics.create({ name: "t", config });
        await write(log, "a=1", "a");
        nowMs += hourMs;
        assert.equal(await startAfterRounds(), 0);
        assert.deepEqual(await readAll(log, harness, "t"), []);
        nowMs += 10 * hourMs;
        assert.equal(await startAfterRounds(), 2);
      } finally {
        await log.close();
      }
    },
  },
  {
    name: "a tombstone goes after delete.retention.ms, and a topic that nobody writes to is come back to for it",
    async run(harness) {
      let nowMs = 1_000 * hourMs;
      const { log, janitor } = await harness.openTuned(atOnce, () => nowMs);
      const round = () => janitor(Number.MAX_SAFE_INTEGER);
      try {
        await log.topics.create({ name: "t", config: { ...compacted, "delete.retention.ms": 8 * hourMs } });
        await write(log, "a=1 b=1", "a");
        await round();
        assert.deepEqual(await readAll(log, harness, "t"), ["1 1", "2 -"]);
        nowMs += 8 * hourMs - 1;
        await round();
        assert.deepEqual(await readAll(log, harness, "t"), ["1 1", "2 -"]);
        nowMs += hourMs + 1;
        assert.equal((await round()).merges, 1);
        // What a reader knows of a segment it believes for a minute.
        nowMs += hourMs;
        assert.deepEqual(await readAll(log, harness, "t"), ["1 1"]);
        nowMs += 24 * hourMs;
        assert.equal((await round()).shardsSeen, 0, "nothing is left to do");
      } finally {
        await log.close();
      }
    },
  },
  {
    name: "rounds that end in the middle of merges and of compaction lose nothing, and come to the end together",
    async run(harness) {
      let [nowMs, lookMs, cuts] = [1_000 * hourMs, 0, 0];
      const { log, engine, janitor } = await harness.openTuned({ ...atOnce, mergeSegmentsMin: 8 }, () => (nowMs += lookMs));
      // Each look at the clock takes a second: so the work takes as long on each engine.
      const shortRound = async (durationMs: number): Promise<void> => {
        lookMs = 1_000;
        const { failures, isComplete } = await janitor(nowMs + durationMs);
        lookMs = 0;
        assert.equal(failures, 0);
        if (!isComplete) cuts++;
      };
      try {
        const t = await log.topics.create({ name: "t", config: { ...compacted, "min.compaction.lag.ms": hourMs } });
        const merged = await log.topics.create({ name: "merged" });
        for (let nth = 0; nth < 7; nth++) {
          await write(log, `a=${nth} b${nth}=1`);
          await log.append("merged", { records: [record(`r${nth}`)] });
          await janitor(Number.MAX_SAFE_INTEGER);
        }
        await log.append("merged", { records: [record("r7")] });
        nowMs += hourMs + 1;
        for (let seconds = 5; seconds <= 150; seconds += 5) {
          await shortRound(1_000 * seconds);
          assert.equal((await readAll(log, harness, "merged")).length, 8);
          const left = await readAll(log, harness, "t");
          for (let nth = 0; nth < 7; nth++) assert.ok(left.includes(`${2 * nth + 1} 1`));
          assert.ok(left.includes("12 6"));
        }
        assert.ok(cuts >= 2, `${cuts} rounds were too short`);
        nowMs += hourMs;
        assert.equal((await readAll(log, harness, "t")).length, 8);
        await janitor(Number.MAX_SAFE_INTEGER);
        const rows = [...(await allSegments(engine.catalog, t.id, 0)), ...(await allSegments(engine.catalog, merged.id, 0))];
        assert.deepEqual(rows.map(({ key }) => key).sort(), await objectKeys(engine), "nothing is left of what was cut off");
        assert.ok(rows.length < 15);
      } finally {
        await log.close();
      }
    },
  },
];
