import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkHistory } from "../../../lib/testing/history.ts";
import type { Anomaly, AppendOp, History, PollOp } from "../../../lib/testing/history.ts";

/** Three acknowledged records of one writer, read by one reader in two polls: nothing is wrong with it. */
function clean(): { appends: AppendOp[]; polls: PollOp[]; final: Map<number, { offset: number; value: string }[]> } {
  const append = (i: number, value: string): AppendOp => ({
    client: "w",
    startAt: i * 10,
    endAt: i * 10 + 5,
    records: [{ value, outcome: "ok", partition: 0, offset: i }],
    atomic: false,
    ordered: { key: "w", rank: i },
  });
  return {
    appends: [append(0, "a"), append(1, "b"), append(2, "c")],
    polls: [
      {
        reader: "r",
        startAt: 16,
        endAt: 17,
        partition: 0,
        from: 0,
        seeks: true,
        seen: [{ offset: 0, value: "a" }],
        nextOffset: 1,
        highWatermark: 2,
      },
      {
        reader: "r",
        startAt: 30,
        endAt: 31,
        partition: 0,
        from: 1,
        seeks: false,
        seen: [
          { offset: 1, value: "b" },
          { offset: 2, value: "c" },
        ],
        nextOffset: 3,
        highWatermark: 3,
      },
    ],
    final: new Map([
      [
        0,
        [
          { offset: 0, value: "a" },
          { offset: 1, value: "b" },
          { offset: 2, value: "c" },
        ],
      ],
    ]),
  };
}

type Planted = ReturnType<typeof clean>;

function finds(what: string, anomalies: readonly Anomaly[], plant: (history: Planted) => void): void {
  it(what, () => {
    const history = clean();
    plant(history);
    const found = [...new Set(checkHistory(history as History).map(({ anomaly }) => anomaly))];
    assert.deepEqual(found.sort(), [...anomalies].sort());
  });
}

/** Replaces fields of one record of an append, or of a poll. */
const answer = (history: Planted, at: number, change: Partial<AppendOp["records"][number]>): void => {
  const op = history.appends[at];
  const record = op?.records[0];
  if (op !== undefined && record !== undefined) history.appends[at] = { ...op, records: [{ ...record, ...change }] };
};
const poll = (history: Planted, at: number, change: Partial<PollOp>): void => {
  const op = history.polls[at];
  if (op !== undefined) history.polls[at] = { ...op, ...change };
};

describe("checkHistory finds", () => {
  it("nothing in a clean history, nor in an empty one", () => {
    assert.deepEqual(checkHistory(clean()), []);
    assert.deepEqual(checkHistory({ appends: [], polls: [], final: new Map() }), []);
  });
  it("nothing in an unknown write that is in the log, and in one that is not", () => {
    const history = clean();
    history.appends[2] = { client: "w", startAt: 20, endAt: 25, records: [{ value: "c", outcome: "unknown" }], atomic: false };
    history.appends.push({ client: "w", startAt: 26, endAt: 27, records: [{ value: "d", outcome: "unknown" }], atomic: false });
    assert.deepEqual(checkHistory(history), []);
  });
  finds("a lost write", ["lost-write"], (history) => {
    history.polls = [];
    history.appends.push({
      client: "v",
      startAt: 30,
      endAt: 31,
      records: [{ value: "x", outcome: "ok", partition: 0, offset: 1 }],
      atomic: false,
    });
  });
  finds("an acknowledgement past the end of the log", ["acknowledged-though-not-applied"], (history) => {
    history.appends.push({
      client: "v",
      startAt: 32,
      endAt: 33,
      records: [{ value: "x", outcome: "ok", partition: 0, offset: 3 }],
      atomic: false,
    });
  });
  finds("an acknowledged record that a later read did not see", ["unseen"], (history) => {
    poll(history, 1, { seen: [{ offset: 1, value: "b" }], nextOffset: 2, highWatermark: 2 });
  });
  finds("a duplicate", ["duplicate"], (history) => {
    history.final.get(0)?.push({ offset: 3, value: "c" });
  });
  finds("a duplicate in another partition", ["duplicate"], (history) => {
    history.final.set(1, [{ offset: 0, value: "c" }]);
  });
  finds("two records at one offset, by an answer", ["inconsistent-offset", "unseen"], (history) => {
    answer(history, 2, { offset: 7 });
  });
  finds("two records at one offset, by a poll", ["inconsistent-offset"], (history) => {
    poll(history, 0, { seen: [{ offset: 0, value: "c" }] });
  });
  finds("a record that was seen and is gone", ["vanished"], (history) => {
    history.appends[2] = { client: "w", startAt: 20, endAt: 25, records: [{ value: "c", outcome: "unknown" }], atomic: false };
    history.final.get(0)?.pop();
  });
  finds("an offset that a poll passed over", ["skipped-poll"], (history) => {
    poll(history, 1, { seen: [{ offset: 2, value: "c" }] });
  });
  finds("an offset that lies between two polls", ["skipped-poll"], (history) => {
    poll(history, 1, { from: 2, seen: [{ offset: 2, value: "c" }] });
  });
  finds("a poll that ends past what it gave", ["skipped-poll"], (history) => {
    poll(history, 1, { nextOffset: 4 });
  });
  finds("a poll that goes back within itself", ["nonmonotonic-poll"], (history) => {
    poll(history, 1, {
      seen: [
        { offset: 1, value: "b" },
        { offset: 2, value: "c" },
        { offset: 1, value: "b" },
      ],
      nextOffset: 2,
    });
  });
  finds("a poll that goes back behind the one before", ["nonmonotonic-poll"], (history) => {
    poll(history, 1, {
      from: 0,
      seen: [
        { offset: 0, value: "a" },
        { offset: 1, value: "b" },
        { offset: 2, value: "c" },
      ],
    });
  });
  finds("nothing in a poll that goes back because it was told to", [], (history) => {
    poll(history, 1, {
      from: 0,
      seeks: true,
      seen: [
        { offset: 0, value: "a" },
        { offset: 1, value: "b" },
        { offset: 2, value: "c" },
      ],
    });
  });
  finds("a write that was refused and is in the log", ["applied-though-refused"], (history) => {
    history.appends[2] = { client: "w", startAt: 20, endAt: 25, records: [{ value: "c", outcome: "not-applied" }], atomic: false };
  });
  finds("a producer's operations in another order, also when it never got an answer", ["reordered"], (history) => {
    history.polls = [];
    const [first, second] = [history.appends[0], history.appends[1]];
    if (first === undefined || second === undefined) return;
    history.appends[0] = { ...first, endAt: 100, ordered: { key: "w", rank: 1 }, records: [{ value: "a", outcome: "unknown" }] };
    history.appends[1] = {
      ...second,
      startAt: 0,
      endAt: 100,
      ordered: { key: "w", rank: 0 },
      records: [{ value: "b", outcome: "unknown" }],
    };
  });
  finds("an operation that is after one which began when it had been acknowledged", ["reordered"], (history) => {
    history.polls = [];
    history.appends = history.appends.map(({ ordered: _, ...op }, i) => ({
      ...op,
      startAt: [50, 0, 60][i] ?? 0,
      endAt: [55, 5, 65][i] ?? 0,
    }));
  });
  finds("an atomic operation that is there in part", ["torn"], (history) => {
    const [first] = history.appends;
    if (first === undefined) return;
    history.appends[0] = {
      ...first,
      atomic: true,
      records: [
        { value: "a", outcome: "unknown" },
        { value: "a2", outcome: "unknown" },
      ],
    };
  });
  finds("a compare-and-append at another offset", ["wrong-expected-offset"], (history) => {
    const last = history.appends[2];
    if (last !== undefined) history.appends[2] = { ...last, expectedOffset: 1 };
  });
  finds("nothing in a compare-and-append at its offset", [], (history) => {
    const last = history.appends[2];
    if (last !== undefined) history.appends[2] = { ...last, expectedOffset: 2 };
  });
  finds("a record that nobody sent", ["phantom"], (history) => {
    history.final.get(0)?.push({ offset: 3, value: "x" });
  });
  finds("a gap in the offsets", ["gap"], (history) => {
    history.appends.push({ client: "w", startAt: 40, endAt: 45, records: [{ value: "d", outcome: "unknown" }], atomic: false });
    history.final.get(0)?.push({ offset: 4, value: "d" });
  });
  finds("a high watermark that went back", ["watermark"], (history) => {
    const [first, second] = history.polls;
    if (first === undefined || second === undefined) return;
    history.appends = history.appends.map((op) => ({ ...op, records: op.records.map(({ value }) => ({ value, outcome: "unknown" })) }));
    history.polls = [{ ...second, reader: "r2", startAt: 1, endAt: 2, seeks: true }, first];
  });
  finds("records past the high watermark", ["watermark", "unseen"], (history) => {
    poll(history, 1, { highWatermark: 2 });
  });
});
