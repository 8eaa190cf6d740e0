import { LogError } from "../../core/errors.ts";
import { type QuotaKind, type QuotaRates, quotaUnit } from "../../core/quota-rates.ts";

/** One principal's use, as this process knows it. */
export interface Account {
  /** As `Quotas.admit`, but for what it throws: a number of milliseconds to wait instead. 0: admitted. */
  admit(kind: QuotaKind, rates: QuotaRates): number | Promise<number>;
  charge(kind: QuotaKind, rates: QuotaRates, amount: number): void;
}

export function overQuota(principal: string, kind: QuotaKind, rate: number, retryAfterMs: number): LogError {
  return new LogError(
    "throttled",
    `${principal} has used up its quota of ${rate} ${quotaUnit(kind)} a second (${kind}): send this again in ${retryAfterMs} ms.`,
    { retryAfterMs, details: { quota: kind } },
  );
}
