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
  /** How long until there is something to lease again; 0 where there is still. */
  readonly waitsMs: QuotaAmounts;
}

/** A lease is this part of what is left: what many idle processes hold together is then not missing elsewhere, and a full quota is used up in few leases. */
const leaseShare = 1 / 16;

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
    waitsMs[kind] = quotaWaitMs(balance - amount, rate);
    balances[kind] = balance - amount;
  }
  return { shared: { atMs, balances }, granted, waitsMs };
}

/** Whether a decision is to be written: it grants what is wanted, or tells a debt that is too big to keep until it does. */
export function isDue({ granted }: LeaseDecision, rates: QuotaRates, held: QuotaAmounts, wanted: QuotaKind): boolean {
  const hasDebt = quotaKinds.some((kind) => (held[kind] ?? 0) < -leastLease(rates[kind] ?? Number.POSITIVE_INFINITY));
  return hasDebt || (granted[wanted] ?? 0) > 0;
}

function leaseOf(balance: number, rate: number): number {
  return balance <= 0 ? 0 : Math.min(balance, Math.max(leastLease(rate), balance * leaseShare));
}

function leastLease(rate: number): number {
  return Math.max(1, worth(rate, limits.quotaLeaseMsMin));
}
