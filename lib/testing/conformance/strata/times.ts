import assert from "node:assert/strict";
import type { Log } from "../../../log/log.ts";
import { record } from "../log/build.ts";
import { type StrataCase, strataCase } from "./build.ts";

/** The first offset at or after each time, found by looking at each record. */
function expected(times: readonly number[], start: number, timestampMs: number): number | undefined {
  const found = times.findIndex((time, offset) => offset >= start && time >= timestampMs);
  return found < 0 ? undefined : found;
}

async function check(log: Log, times: readonly number[], start = 0): Promise<void> {
  for (const timestampMs of [...new Set(times)].flatMap((time) => [time - 1, time, time + 1])) {
    const [found] = await log.offsetsForTime("t", timestampMs);
    const wanted = expected(times, start, timestampMs);
    assert.deepEqual(
      [timestampMs, found?.offset, found?.timestampMs],
      [timestampMs, wanted, wanted === undefined ? undefined : times[wanted]],
    );
    const fetched = await log.fetch("t", 0, { from: { timestampMs } });
    assert.equal(fetched.offset, wanted ?? times.length, `a fetch from ${timestampMs}`);
  }
}

const jumping = [50, 20, 90, 10, 60, 95, 30, 40, 120, 5, 70, 110, 130, 80];

export const timeCases: readonly StrataCase[] = [
  strataCase("the first offset at a time is found over segments and journal, though times jump", async ({ log, round }) => {
    await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
    const times: number[] = [];
    for (const [nth, timestampMs] of jumping.entries()) {
      await log.append("t", { records: [{ ...record(`r${nth}`), timestampMs }] });
      times.push(timestampMs);
      await check(log, times);
      if (nth % 3 === 2) await round();
      await check(log, times);
    }
  }),
  strataCase("what was deleted counts no more, whatever times it had", async ({ log, round }) => {
    await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
    for (const [nth, timestampMs] of jumping.entries()) {
      await log.append("t", { records: [{ ...record(`r${nth}`), timestampMs }] });
      if (nth % 4 === 3) await round();
    }
    for (const start of [1, 3, 6, 9, 12, 13, 14]) {
      await log.deleteRecords("t", [{ partition: 0, offset: start }]);
      await check(log, jumping, start);
      await round();
      await check(log, jumping, start);
    }
  }),
  strataCase("a record whose time is far ahead hides nothing once it was deleted", async ({ log, round }) => {
    await log.topics.create({ name: "t", config: { "retention.ms": -1 } });
    // The deleted one is in the middle of a segment first, and then its segment goes.
    const times = [30, 900, 40, 35, 60, 50, 45, 80, 10, 70, 55, 90];
    for (const [nth, timestampMs] of times.entries()) {
      await log.append("t", { records: [{ ...record(`r${nth}`), timestampMs }] });
      if (nth % 3 === 2) await round();
      if (nth === 5) await log.deleteRecords("t", [{ partition: 0, offset: 2 }]);
      await check(log, times.slice(0, nth + 1), nth < 5 ? 0 : 2);
    }
    for (const start of [3, 5, 6, 8, 11]) {
      await log.deleteRecords("t", [{ partition: 0, offset: start }]);
      await check(log, times, start);
      await round();
      await check(log, times, start);
    }
  }),
];
