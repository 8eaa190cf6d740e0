import { LogError } from "./errors.ts";
import { limits } from "./limits.ts";

/** What a principal may be held to, by Kafka's words: bytes a second sent, bytes a second read, requests a second. */
export const quotaKinds = ["producerByteRate", "consumerByteRate", "requestRate"] as const;
export type QuotaKind = (typeof quotaKinds)[number];

/** A number for each kind. */
export type QuotaAmounts = Readonly<Partial<Record<QuotaKind, number>>>;

/** A second's worth by kind; a kind that is not there is not limited. */
export type QuotaRates = QuotaAmounts;

/** New rates by kind; null takes one away. */
export type QuotaChange = Readonly<Partial<Record<QuotaKind, number | null>>>;

/** What one kind counts. */
export function quotaUnit(kind: QuotaKind): "bytes" | "requests" {
  return kind === "requestRate" ? "requests" : "bytes";
}

/** A change as somebody wrote it. @throws invalid_request */
export function checkQuotaChange(get: (kind: QuotaKind) => unknown): QuotaChange {
  const change: Partial<Record<QuotaKind, number | null>> = {};
  for (const kind of quotaKinds) {
    const value = get(kind);
    if (value === undefined) continue;
    if (value !== null && !isRate(value)) {
      throw new LogError(
        "invalid_request",
        `${kind} must be a whole number of ${quotaUnit(kind)} a second from 1 to ${limits.quotaRateMax}, or null for no quota.`,
      );
    }
    change[kind] = value;
  }
  if (Object.keys(change).length > 0) return change;
  throw new LogError("invalid_request", `There is nothing to change: give ${quotaKinds.join(", ")}.`);
}

/** The rates after a change. */
export function changedRates(rates: QuotaRates, change: QuotaChange): QuotaRates {
  const after: Partial<Record<QuotaKind, number>> = {};
  for (const kind of quotaKinds) {
    const rate = change[kind] === undefined ? rates[kind] : change[kind];
    if (rate !== undefined && rate !== null) after[kind] = rate;
  }
  return after;
}

function isRate(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= limits.quotaRateMax;
}
