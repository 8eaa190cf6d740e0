import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  committedBack,
  committedUnprocessed,
  givenTooEarly,
  keptShare,
  takeovers,
  twoOwners,
  unseen,
} from "../../../bench/chaos/groups/judge.ts";
import { Notes, type Processed } from "../../../bench/chaos/groups/notes.ts";

const session = 6_000;

/** A record that a life processed; the offset is its value too. */
function work(life: string, generation: number, offset: number, atMs: number, partition = 0): Processed {
  return { life, partition, generation, offset, value: String(offset), atMs };
}

/** Beats of a life, one a second, each answered at once. */
function beats(life: string, fromMs: number, toMs: number) {
  const count = Math.floor((toMs - fromMs) / 1_000) + 1;
  return Array.from({ length: count }, (_, nth) => ({ life, sentMs: fromMs + nth * 1_000, answeredMs: fromMs + nth * 1_000 + 10 }));
}

function kinds(findings: readonly { readonly anomaly: string }[]): readonly string[] {
  return findings.map(({ anomaly }) => anomaly);
}

describe("the judge of groups", () => {
  it("finds a partition that two lives had under one generation", () => {
    assert.deepEqual(kinds(twoOwners([work("a", 7, 3, 1), work("b", 7, 3, 2)])), ["two owners"]);
    assert.deepEqual(kinds(twoOwners([work("a", 7, 3, 1), work("b", 7, 4, 2), work("a", 7, 5, 3)])), ["two owners"]);
  });

  it("lets a record be processed again by its owner, by the next one, and elsewhere", () => {
    const again = [work("a", 7, 3, 1), work("a", 7, 3, 2), work("b", 8, 3, 3), work("b", 7, 3, 5, 1)];
    assert.deepEqual(twoOwners(again), []);
  });

  it("finds a partition that goes to another one while its owner beats and works on", () => {
    const processed = [work("a", 7, 0, 1_500), work("b", 8, 1, 5_000), work("a", 7, 1, 5_001)];
    const lives = { processed, beats: beats("a", 1_000, 9_000), replaced: new Set<string>() };
    assert.deepEqual(kinds(givenTooEarly(lives, session)), ["given too early"]);
    assert.deepEqual(givenTooEarly({ ...lives, replaced: new Set(["a"]) }, session), [], "another life of it has joined");
    const orderly = [work("a", 7, 0, 1_500), work("a", 7, 1, 4_999), work("b", 8, 1, 5_000)];
    assert.deepEqual(givenTooEarly({ ...lives, processed: orderly }, session), [], "it had ended before");
  });

  it("lets a partition of one that has fallen silent go to another one", () => {
    const processed = [work("a", 7, 0, 1_500), work("b", 8, 1, 9_000), work("a", 7, 1, 12_000)];
    const silent = beats("a", 1_000, 2_000);
    assert.deepEqual(givenTooEarly({ processed, beats: silent, replaced: new Set() }, session), []);
    const late = [...silent, { life: "a", sentMs: 7_500, answeredMs: 8_600 }];
    assert.deepEqual(givenTooEarly({ processed, beats: late, replaced: new Set() }, session), [], "its beat may have come too late");
    const inTime = [...silent, { life: "a", sentMs: 7_500, answeredMs: 7_900 }];
    assert.deepEqual(kinds(givenTooEarly({ processed, beats: inTime, replaced: new Set() }, session)), ["given too early"]);
  });

  it("finds committed offsets that go back, of each partition by itself", () => {
    const notes = new Notes();
    for (const [partition, offset] of [
      [0, 5],
      [1, 2],
      [0, 5],
      [0, 9],
      [1, 3],
    ] as const)
      notes.watch(partition, offset, 1);
    assert.deepEqual(committedBack(notes.watched), []);
    assert.equal(notes.watched.length, 4, "what is as it was is not noted");
    notes.watch(0, 8, 2);
    assert.deepEqual(kinds(committedBack(notes.watched)), ["committed back"]);
  });

  it("finds an offset that is committed before all below it is processed", () => {
    const processed = [work("a", 7, 0, 10), work("a", 7, 2, 20), work("b", 8, 1, 30), work("b", 8, 2, 40)];
    const at = (offset: number, atMs: number) => committedUnprocessed(processed, [{ partition: 0, offset, atMs }]);
    assert.deepEqual([...at(0, 1), ...at(1, 11), ...at(3, 31)], []);
    assert.deepEqual(kinds(at(1, 9)), ["committed unprocessed"]);
    assert.deepEqual(kinds(at(3, 25)), ["committed unprocessed"], "there was a hole");
    assert.deepEqual(kinds(at(4, 50)), ["committed unprocessed"], "nobody has come so far");
    assert.deepEqual(kinds(committedUnprocessed([], [{ partition: 1, offset: 1, atMs: 9 }])), ["committed unprocessed"]);
  });

  it("finds records that nobody has processed, and what has not drained", () => {
    const appended = [0, 1].map((offset) => ({ partition: 0, offset, value: String(offset) }));
    const final = [{ partition: 0, committed: 2, highWatermark: 2 }];
    const all = [work("a", 7, 0, 1), work("b", 8, 1, 2)];
    assert.deepEqual(unseen(all, appended, final), []);
    assert.deepEqual(kinds(unseen(all.slice(1), appended, final)), ["unseen"]);
    assert.deepEqual(kinds(unseen([work("a", 7, 0, 1), { ...work("b", 8, 1, 2), value: "other" }], appended, final)), ["unseen"]);
    assert.deepEqual(kinds(unseen(all, appended, [{ partition: 0, committed: 1, highWatermark: 2 }])), ["not drained"]);
  });

  it("counts which of the others' partitions kept their owner", () => {
    const before = new Map([
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ]);
    const kept = {
      leaver: "a",
      before,
      after: new Map([
        [0, "c"],
        [1, "b"],
        [2, "c"],
      ]),
    };
    assert.equal(keptShare([kept]), 1);
    assert.equal(
      keptShare([
        kept,
        {
          ...kept,
          after: new Map([
            [0, "b"],
            [1, "c"],
            [2, "c"],
          ]),
        },
      ]),
      0.75,
    );
    assert.ok(Number.isNaN(keptShare([])));
  });

  it("measures from a death to the first record of the next owner", () => {
    const death = {
      life: "a",
      lastBeatMs: 1_000,
      silentMs: 2_200,
      partitions: new Map([
        [0, 7],
        [1, 7],
      ]),
      isAlone: true,
    };
    const processed = [work("z", 5, 0, 2_000), work("a", 7, 0, 2_100), work("b", 8, 0, 8_500), work("c", 9, 0, 9_000)];
    assert.deepEqual(takeovers([death], processed), [7_500], "neither a zombie's nor its own; of partition 1 nobody has processed any");
    const cameBack = [work("a", 7, 0, 7_000), work("b", 8, 0, 40_000)];
    assert.deepEqual(takeovers([death], cameBack), [], "it went on in time");
  });
});
