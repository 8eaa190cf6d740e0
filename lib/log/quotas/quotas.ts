import type { QuotaChange, QuotaKind, QuotaRates } from "../../core/quota-rates.ts";

/** Holds principals to their quotas. What is checked is what was used so far; what a request uses is charged when it is known. */
export interface Quotas {
  /**
   * Whether a request may go on: undefined when it may, at once, which costs nothing for a principal without a quota. A promise when rules or a lease
   * have to be asked for; it resolves when the request may. Of `requestRate` it takes one.
   * @throws (or rejects) throttled, with `retryAfterMs` and the detail `quota`; never for another reason
   */
  admit(principal: string, kind: QuotaKind): Promise<void> | undefined;
  /** Whether bytes of a principal have to be counted. */
  counts(principal: string, kind: QuotaKind): boolean;
  /** Takes what was used. The balance may fall below zero: later requests wait until it has come back. */
  charge(principal: string, kind: QuotaKind, amount: number): void;
  /**
   * For streams, which were admitted long ago: resolves when a request would be admitted, after `waitMsMax`, or on abort. Never rejects.
   * @returns whether a request would be admitted
   */
  pause(principal: string, kind: QuotaKind, waitMsMax: number, signal: AbortSignal): Promise<boolean>;
  readonly rules: QuotaRules;
}

/** The rates that are set, by principal. `User:*` is for every principal, each by itself, where its own row says nothing. */
export interface QuotaRules {
  /** Whether they hold here: kept they are in any case. */
  readonly isEnforced: boolean;
  /** By principal, in order of their names. @param principal only this one's own row */
  list(principal?: string): Promise<readonly PrincipalQuota[]>;
  /** @throws conflict when others change quotas all the time; invalid_request over `limits.quotasMax` */
  set(principal: string, change: QuotaChange): Promise<PrincipalQuota>;
}

export interface PrincipalQuota {
  readonly principal: string;
  readonly rates: QuotaRates;
}
