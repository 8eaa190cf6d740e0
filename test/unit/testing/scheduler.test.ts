import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Life } from "../../../lib/testing/sim/life.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { Scheduler } from "../../../lib/testing/sim/scheduler.ts";

describe("the scheduler", () => {
  it("runs tasks by time, those of one time in the order they came, and skips what was taken back", async () => {
    const scheduler = new Scheduler();
    const ran: string[] = [];
    const delays = Array.from({ length: 200 }, (_, i) => (i * 37) % 50);
    for (const [i, delayMs] of delays.entries()) scheduler.schedule(delayMs, () => ran.push(`${delayMs}.${i}`));
    scheduler.schedule(3, () => ran.push("never"))();
    await scheduler.runUntil(() => ran.length === delays.length, 1_000);
    const expected = delays.map((delayMs, i) => ({ delayMs, i })).sort((a, b) => a.delayMs - b.delayMs || a.i - b.i);
    assert.deepEqual(
      ran,
      expected.map(({ delayMs, i }) => `${delayMs}.${i}`),
    );
    assert.equal(scheduler.nowMs, 49);
  });

  it("lets promise reactions come to rest, however deep, before the next task", async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    scheduler.schedule(1, () => {
      void (async () => {
        for (let i = 0; i < 100; i++) await Promise.resolve();
        seen.push("deep");
      })();
    });
    scheduler.schedule(1, () => seen.push("next"));
    await scheduler.runUntil(() => seen.length === 2, 10);
    assert.deepEqual(seen, ["deep", "next"]);
  });

  it("ends loudly when the goal cannot be reached", async () => {
    const scheduler = new Scheduler();
    await assert.rejects(
      scheduler.runUntil(() => false, 10),
      /nothing is left to run/,
    );
    const again = (): void => void scheduler.schedule(1, again);
    again();
    await assert.rejects(
      scheduler.runUntil(() => false, 10),
      /after 10 tasks/,
    );
  });
});

describe("a life", () => {
  it("gets its timers, later while it is frozen, and none once it is over", async () => {
    const scheduler = new Scheduler();
    const life = new Life("l", scheduler);
    const at: number[] = [];
    life.after(5, () => at.push(scheduler.nowMs));
    life.after(10, () => at.push(scheduler.nowMs));
    life.after(50, () => at.push(scheduler.nowMs));
    scheduler.schedule(6, () => {
      life.frozenUntilMs = 30;
    });
    scheduler.schedule(40, () => life.end());
    let isOver = false;
    scheduler.schedule(100, () => {
      isOver = true;
    });
    await scheduler.runUntil(() => isOver, 100);
    assert.deepEqual(at, [5, 30]);
  });

  it("ends a sleep when the signal aborts", async () => {
    const scheduler = new Scheduler();
    const clock = new Life("l", scheduler).clock(1_000);
    const control = new AbortController();
    const woken: number[] = [];
    void clock.sleep(500, control.signal).then(() => woken.push(clock.nowMs()));
    void clock.sleep(20).then(() => woken.push(clock.nowMs()));
    scheduler.schedule(7, () => control.abort());
    await scheduler.runUntil(() => woken.length === 2, 100);
    assert.deepEqual(woken, [1_007, 1_020]);
  });
});

describe("the generator", () => {
  it("gives the same numbers for a seed, others for another, and stays in its bounds", () => {
    const draw = (seed: number): readonly number[] =>
      Array.from(
        { length: 500 },
        (
          (prng) => () =>
            prng.between(3, 9)
        )(new Prng(seed)),
      );
    assert.deepEqual(draw(5), draw(5));
    assert.notDeepEqual(draw(5), draw(6));
    assert.notDeepEqual(draw(5), draw(5 + 2 ** 32));
    assert.deepEqual([...new Set(draw(5))].sort(), [3, 4, 5, 6, 7, 8, 9]);
  });
});
