import { limits } from "./limits.ts";

/**
 * What may be spent. It fills with the rate up to `limits.quotaWindowMs` of it. What a request takes is known when it is done, so a balance may fall
 * below zero: then nothing is admitted until it has come back. It falls to `limits.quotaDebtMsMax` of the rate at most, so nobody waits longer.
 */
export interface QuotaBucket {
  readonly balance: number;
  readonly atMs: number;
}

export function fullBucket(rate: number, nowMs: number): QuotaBucket {
  return { balance: worth(rate, limits.quotaWindowMs), atMs: nowMs };
}

/** As of now. Time that goes back fills nothing; a rate that is another than before holds from now on. */
export function refilled({ balance, atMs }: QuotaBucket, rate: number, nowMs: number): QuotaBucket {
  const elapsedMs = Math.max(0, nowMs - atMs);
  return { balance: bounded(balance + worth(rate, elapsedMs), rate), atMs: Math.max(atMs, nowMs) };
}

/** Less what was taken. A negative amount gives back. */
export function spent({ balance, atMs }: QuotaBucket, rate: number, amount: number): QuotaBucket {
  return { balance: bounded(balance - amount, rate), atMs };
}

/** How long until a balance is above zero; 0 when it is. */
export function quotaWaitMs(balance: number, rate: number): number {
  return balance > 0 ? 0 : Math.floor((-balance / rate) * 1_000) + 1;
}

/** What a rate gives in a time. */
export function worth(rate: number, durationMs: number): number {
  return (rate * durationMs) / 1_000;
}

function bounded(balance: number, rate: number): number {
  return Math.min(worth(rate, limits.quotaWindowMs), Math.max(-worth(rate, limits.quotaDebtMsMax), balance));
}
