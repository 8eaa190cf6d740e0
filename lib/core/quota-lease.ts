import { limits } from "./limits.ts";
import { fullBucket, quotaWaitMs, refilled, spent, worth } from "./quota-bucket.ts";
import { type QuotaAmounts, type QuotaKind, quotaKinds, type QuotaRates } from "./quota-rates.ts";

/** What all processes together have left of one principal's quotas. */
export interface SharedQuota {
  /** The latest of the leasing processes' clocks: never goes back. */
  readonly atMs: number;
  readonly balances: QuotaAmounts;
}

export interface LeaseDecision {
  readonly shared: SharedQuota;
  /** What the process may spend from now on, in place of what it held. */
  readonly granted: QuotaAmounts;
  /** How long until there is something to lease again; 0 where something was granted. */
  readonly waitsMs: QuotaAmounts;
}

/** A lease is this part of what is left, within bounds of time: idle processes then hold little, and a full quota is used up in few leases. */
const leaseShare = 1 / 8;

/**
 * What a process gets that gives back what it holds: the rest of its lease before, or its debt. All kinds at once, so that one write leases them all.
 * @param nowMs of the process's clock; where the shared one is ahead, that one counts
 */
export function decideLease(before: SharedQuota | undefined, rates: QuotaRates, held: QuotaAmounts, nowMs: number): LeaseDecision {
  const atMs = Math.max(before?.atMs ?? nowMs, nowMs);
  const balances: Partial<Record<QuotaKind, number>> = {};
  const granted: Partial<Record<QuotaKind, number>> = {};
  const waitsMs: Partial<Record<QuotaKind, number>> = {};
  for (const kind of quotaKinds) {
    const rate = rates[kind];
    if (rate === undefined) continue;
    const known = before?.balances[kind];
    const bucket = before === undefined || known === undefined ? fullBucket(rate, atMs) : { balance: known, atMs: before.atMs };
    const { balance } = spent(refilled(bucket, rate, atMs), rate, -(held[kind] ?? 0));
    const amount = leaseOf(balance, rate);
    granted[kind] = amount;
    waitsMs[kind] = quotaWaitMs(balance, rate);
    balances[kind] = balance - amount;
  }
  return { shared: { atMs, balances }, granted, waitsMs };
}

function leaseOf(balance: number, rate: number): number {
  if (balance <= 0) return 0;
  const least = Math.max(1, worth(rate, limits.quotaLeaseMsMin));
  const most = Math.max(1, worth(rate, limits.quotaLeaseMsMax));
  return Math.min(balance, most, Math.max(least, balance * leaseShare));
}
