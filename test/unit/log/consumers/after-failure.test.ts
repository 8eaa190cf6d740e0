import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../../../lib/core/limits.ts";
import { afterFailure, backoffMs, endsAfter } from "../../../../lib/log/consumers/after-failure.ts";

const nowMs = 1_000_000;
const first = nowMs + limits.deliverBackoffMs;

describe("after a call that failed", () => {
  const plain = { bisectBatchOnError: false, retryAttempts: 2 };
  const bisecting = { bisectBatchOnError: true, retryAttempts: 1 };
  const fresh = { attempts: 0, ends: [] };
  const four = { offsets: [10, 11, 13, 14], toOffset: 16 };
  const rows: readonly [string, ...Parameters<typeof afterFailure>, unknown][] = [
    ["a first failure pins the end", plain, fresh, four, nowMs, { attempts: 1, ends: [16], retryAtMs: first }],
    ["the next one waits longer", plain, { attempts: 1, ends: [16] }, four, nowMs, { attempts: 2, ends: [16], retryAtMs: nowMs + 2_000 }],
    ["the last one gives up", plain, { attempts: 2, ends: [16] }, four, nowMs, { attempts: 3 }],
    ["no retries", { ...plain, retryAttempts: 0 }, fresh, four, nowMs, { attempts: 1 }],
    [
      "without an end",
      { ...plain, retryAttempts: -1 },
      { attempts: 90, ends: [16] },
      four,
      nowMs,
      { attempts: 91, ends: [16], retryAtMs: nowMs + limits.deliverBackoffMsMax },
    ],
    ["a split is no attempt, and waits for nothing", bisecting, fresh, four, nowMs, { attempts: 0, ends: [16, 13], retryAtMs: 0 }],
    [
      "a half is split in its own middle",
      bisecting,
      { attempts: 0, ends: [16, 13] },
      { offsets: [10, 11], toOffset: 13 },
      nowMs,
      { attempts: 0, ends: [16, 13, 11], retryAtMs: 0 },
    ],
    [
      "one alone is tried again",
      bisecting,
      { attempts: 0, ends: [16, 13, 11] },
      { offsets: [10], toOffset: 11 },
      nowMs,
      { attempts: 1, ends: [16, 13, 11], retryAtMs: first },
    ],
    [
      "a smaller batch than before has an end of its own",
      plain,
      { attempts: 1, ends: [16] },
      { offsets: [10], toOffset: 11 },
      nowMs,
      { attempts: 2, ends: [16, 11], retryAtMs: nowMs + 2_000 },
    ],
  ];
  for (const [name, how, state, batch, atMs, wanted] of rows) {
    it(name, () => {
      const after = afterFailure(how, state, batch, atMs);
      assert.deepEqual(after.kind === "retry" ? after.state : { attempts: after.attempts }, wanted);
    });
  }

  it("waits twice as long each time, up to a bound", () => {
    assert.deepEqual([1, 2, 3, 7, 50].map(backoffMs), [1_000, 2_000, 4_000, limits.deliverBackoffMsMax, limits.deliverBackoffMsMax]);
  });

  it("every record succeeds or is given up, once and in order", () => {
    const world = fc.record({
      offsets: fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 }).map((all) => all.toSorted((a, b) => a - b)),
      bad: fc.uniqueArray(fc.nat(60), { maxLength: 10 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      retryAttempts: fc.integer({ min: 0, max: 3 }),
      bisectBatchOnError: fc.boolean(),
    });
    fc.assert(
      fc.property(world, ({ offsets, bad, batchSize, ...how }) => {
        const isBad = new Set(bad);
        const [done, given]: [number[], number[]] = [[], []];
        const calls = new Map<number, number>();
        let state: { readonly attempts: number; readonly ends: readonly number[] } = { attempts: 0, ends: [] };
        for (let [at, rounds] = [0, 0]; at < 61; rounds++) {
          assert.ok(rounds < 5_000, "it ends");
          const end = state.ends.at(-1) ?? 61;
          const open = offsets.filter((offset) => offset >= at && offset < end);
          const batch = open.slice(0, batchSize);
          const toOffset = open[batchSize] ?? end;
          const isOver = batch.length === 0 || !batch.some((offset) => isBad.has(offset));
          const after = isOver ? undefined : afterFailure(how, state, { offsets: batch, toOffset }, 0);
          if (after?.kind === "retry") {
            for (const offset of batch) calls.set(offset, (calls.get(offset) ?? 0) + 1);
            assert.deepEqual(
              after.state.ends,
              after.state.ends.toSorted((a, b) => b - a),
            );
            ({ state } = after);
            continue;
          }
          (after === undefined ? done : given).push(...batch);
          at = toOffset;
          state = { attempts: 0, ends: endsAfter(state.ends, toOffset) };
        }
        assert.deepEqual(
          [...done, ...given].toSorted((a, b) => a - b),
          offsets,
        );
        for (const list of [done, given])
          assert.deepEqual(
            list,
            list.toSorted((a, b) => a - b),
          );
        assert.ok(done.every((offset) => !isBad.has(offset)));
        if (how.bisectBatchOnError) assert.ok(given.every((offset) => isBad.has(offset)));
        if (!how.bisectBatchOnError) for (const offset of given) assert.equal(calls.get(offset) ?? 0, how.retryAttempts);
      }),
    );
  });
});
