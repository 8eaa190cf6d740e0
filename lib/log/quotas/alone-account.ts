import { fullBucket, type QuotaBucket, quotaWaitMs, refilled, spent } from "../../core/quota-bucket.ts";
import type { QuotaKind, QuotaRates } from "../../core/quota-rates.ts";
import type { Account } from "./account.ts";

/** Where this process is the only one: its count is the whole truth. */
export class AloneAccount implements Account {
  readonly #nowMs: () => number;
  readonly #buckets = new Map<QuotaKind, QuotaBucket>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  admit(kind: QuotaKind, rates: QuotaRates): number {
    const rate = rates[kind];
    if (rate === undefined) return 0;
    const bucket = this.#bucket(kind, rate);
    const waitMs = quotaWaitMs(bucket.balance, rate);
    this.#buckets.set(kind, waitMs === 0 && kind === "requestRate" ? spent(bucket, rate, 1) : bucket);
    return waitMs;
  }

  charge(kind: QuotaKind, rates: QuotaRates, amount: number): void {
    const rate = rates[kind];
    if (rate !== undefined) this.#buckets.set(kind, spent(this.#bucket(kind, rate), rate, amount));
  }

  #bucket(kind: QuotaKind, rate: number): QuotaBucket {
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(kind);
    return known === undefined ? fullBucket(rate, nowMs) : refilled(known, rate, nowMs);
  }
}
