import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../lib/core/limits.ts";
import { fullBucket, type QuotaBucket, quotaWaitMs, refilled, spent, worth } from "../../lib/core/quota-bucket.ts";
import { decideLease, type SharedQuota } from "../../lib/core/quota-lease.ts";
import { changedRates, checkQuotaChange, type QuotaChange, quotaKinds } from "../../lib/core/quota-rates.ts";

const rate = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: limits.quotaRateMax }));
const startMs = 1_700_000_000_000;
/** Doubles: sums of many have errors far below what is counted. */
const about = (value: number) => value * (1 + 1e-9) + 1e-3;

describe("a bucket", () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: -5_000, max: 30_000 }), share: fc.double({ min: 0, max: 3, noNaN: true }) }),
  );

  it("gives out no more than a window's worth and the rate's, but for what the request that was let in last took", () => {
    fc.assert(
      fc.property(rate, steps, (perSecond, moves) => {
        let bucket: QuotaBucket = fullBucket(perSecond, startMs);
        let nowMs = startMs;
        let taken = 0;
        let last = 0;
        for (const { afterMs, share } of moves) {
          nowMs += afterMs;
          bucket = refilled(bucket, perSecond, nowMs);
          if (quotaWaitMs(bucket.balance, perSecond) > 0) continue;
          last = Math.ceil(worth(perSecond, limits.quotaWindowMs) * share);
          bucket = spent(bucket, perSecond, last);
          taken += last;
        }
        const elapsedMs = bucket.atMs - startMs;
        assert.ok(
          taken - last <= about(worth(perSecond, limits.quotaWindowMs + elapsedMs)),
          `${taken} of ${perSecond}/s in ${elapsedMs} ms`,
        );
      }),
    );
  });

  it("admits after the wait that it tells and not a millisecond earlier, within the bound of waits", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 0, max: 2 ** 50 }), (perSecond, amount) => {
        const { balance, atMs } = spent(fullBucket(perSecond, startMs), perSecond, amount);
        const waitMs = quotaWaitMs(balance, perSecond);
        assert.ok(waitMs >= 0 && waitMs <= limits.quotaDebtMsMax + 1);
        if (waitMs === 0) assert.ok(balance > 0);
        else {
          assert.ok(refilled({ balance, atMs }, perSecond, atMs + waitMs).balance > -about(0));
          assert.ok(refilled({ balance, atMs }, perSecond, atMs + waitMs - 1).balance <= about(0));
        }
      }),
    );
  });

  it("is full after a window without use, and time that goes back changes nothing", () => {
    const debtless = fullBucket(10, startMs);
    const used = spent(debtless, 10, 100);
    assert.deepEqual(refilled(used, 10, startMs + limits.quotaWindowMs), { ...debtless, atMs: startMs + limits.quotaWindowMs });
    assert.deepEqual(refilled(used, 10, startMs - 1), used);
    assert.equal(refilled(debtless, 1, startMs).balance, 10, "a lower rate holds at once");
  });
});

describe("leases", () => {
  const process = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), who: fc.integer({ min: 0, max: 4 }), over: fc.nat(3) });

  it("of all processes are never more than a window's worth, the rate's, the spread of their clocks and their debts", () => {
    fc.assert(
      fc.property(
        rate,
        fc.array(process, { maxLength: 200 }),
        fc.array(fc.integer({ min: -60_000, max: 60_000 }), { minLength: 5, maxLength: 5 }),
        (perSecond, moves, skews) => {
          let shared: SharedQuota | undefined;
          const held = [0, 0, 0, 0, 0];
          let nowMs = startMs;
          let used = 0;
          let debtMax = 0;
          for (const { afterMs, who, over } of moves) {
            nowMs += afterMs;
            const before = held[who]!;
            const decision = decideLease(shared, { producerByteRate: perSecond }, { producerByteRate: before }, nowMs + skews[who]!);
            const granted = decision.granted.producerByteRate!;
            const waitMs = decision.waitsMs.producerByteRate!;
            assert.ok(granted > 0 || waitMs > 0);
            assert.ok(granted <= Math.max(1, worth(perSecond, limits.quotaWindowMs / 16)));
            assert.ok(decision.shared.atMs >= (shared?.atMs ?? 0), "its time never goes back");
            if (granted === 0 && before >= 0) continue;
            shared = decision.shared;
            // Uses up the lease, and takes more with its last request.
            const use = granted === 0 ? 0 : granted * (1 + over);
            used += use;
            held[who] = granted - use;
            debtMax = Math.max(debtMax, use - granted);
          }
          const spreadMs = Math.max(...skews) - Math.min(...skews);
          const bound = worth(perSecond, limits.quotaWindowMs + (nowMs - startMs) + Math.min(spreadMs, limits.quotaWindowMs)) + 5 * debtMax;
          assert.ok(used <= about(bound), `${used} > ${bound}`);
        },
      ),
    );
  });

  it("are given back whole", () => {
    const rates = { consumerByteRate: 1_000, requestRate: 7 };
    const first = decideLease(undefined, rates, {}, startMs);
    const second = decideLease(first.shared, rates, first.granted, startMs);
    assert.deepEqual(second, first);
  });
});

describe("changes", () => {
  it("set, keep and take away kinds, each by itself", () => {
    const change: QuotaChange = { producerByteRate: null, requestRate: 5 };
    assert.deepEqual(changedRates({ producerByteRate: 1, consumerByteRate: 2 }, change), { consumerByteRate: 2, requestRate: 5 });
    assert.deepEqual(changedRates({}, { requestRate: null }), {});
  });

  it("have whole positive numbers or null, and at least one", () => {
    const check = (values: Record<string, unknown>) => checkQuotaChange((kind) => values[kind]);
    for (const kind of quotaKinds) assert.deepEqual(check({ [kind]: 1 }), { [kind]: 1 });
    for (const value of [0, -1, 1.5, "1", limits.quotaRateMax + 1, Number.NaN, true, {}]) {
      assert.throws(() => check({ requestRate: value }), /requestRate must be a whole number of requests/);
    }
    assert.throws(() => check({}), /nothing to change/);
  });
});
