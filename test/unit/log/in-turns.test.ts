import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns, type Work } from "../../../lib/log/in-turns.ts";
import { nodeClock } from "../../../lib/node/clock.ts";

let nowMs = 0;
const clock = { ...nodeClock, nowMs: () => nowMs };
const done: string[] = [];

async function* work(name: string, stepMs: number, steps: number): Work {
  try {
    for (let nth = 0; nth < steps; nth++) {
      yield;
      done.push(name);
      nowMs += stepMs;
    }
  } finally {
    done.push(`${name} ends`);
  }
}

/** What was done, in its order, until it was `endMs`. */
async function doneBy(endMs: number, ...works: readonly Work[]): Promise<readonly unknown[]> {
  nowMs = 0;
  done.length = 0;
  return [...(await inTurns(works, clock, () => nowMs >= endMs).then((isDone) => [isDone])), ...done];
}

test("works take turns by the time that they have had, and what one leaves the others have", async () => {
  const seen = await doneBy(1_000, work("long", 30, 3), work("short", 10, 5));
  assert.deepEqual(seen, [true, "long", "short", "short", "short", "long", "short", "short", "short ends", "long", "long ends"]);
});

test("in no time they are done one after the other", async () => {
  assert.deepEqual(await doneBy(1_000, work("a", 0, 2), work("b", 0, 1)), [true, "a", "a", "a ends", "b", "b ends"]);
});

test("when time is up none goes on, and each is told to end", async () => {
  assert.deepEqual(await doneBy(50, work("a", 30, 9), work("b", 20, 9)), [false, "a", "b", "a ends", "b ends"]);
});

test("a clock that goes back counts for none, and a work that fails ends all", async () => {
  assert.deepEqual(await doneBy(0, work("a", 0, 1)), [false]);
  assert.deepEqual(await doneBy(1_000, work("a", -20, 2), work("b", 10, 1)), [true, "a", "a", "a ends", "b", "b ends"]);
  const failing = async function* (): Work {
    yield;
    throw new Error("it fails");
  };
  await assert.rejects(doneBy(1_000, failing(), work("b", 1, 1)), { message: "it fails" });
  assert.deepEqual(done, []);
});
