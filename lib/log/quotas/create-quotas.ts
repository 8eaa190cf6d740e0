import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { QuotaKind, QuotaRates } from "../../core/quota-rates.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { RowSetServices } from "../row-set.ts";
import { type Account, overQuota } from "./account.ts";
import { AloneAccount } from "./alone-account.ts";
import { inTime } from "./in-time.ts";
import { leaseFrom } from "./lease-row.ts";
import { LeasedAccount } from "./leased-account.ts";
import { QuotaClock } from "./quota-clock.ts";
import type { QuotaRules, Quotas } from "./quotas.ts";
import { CatalogQuotaRules, nobody, type RatesOf } from "./rules.ts";

export interface QuotaOptions {
  /** Whether requests are held to the quotas. Default true; where it is false the rules can be read and set all the same. */
  readonly isEnforced?: boolean;
  readonly telemetry?: Telemetry | undefined;
}

/** Quotas over an engine's catalog. Where others share it, what may be spent is leased from it, else it is counted here. */
export function createQuotas(services: RowSetServices, { isEnforced = true, telemetry }: QuotaOptions = {}): Quotas {
  return new CatalogQuotas(services, new CatalogQuotaRules(services, isEnforced), telemetry);
}

class CatalogQuotas implements Quotas {
  readonly rules: QuotaRules;
  readonly #stored: CatalogQuotaRules;
  readonly #services: RowSetServices;
  readonly #telemetry: Telemetry | undefined;
  readonly #clock: QuotaClock;
  readonly #accounts = new Map<string, Account>();
  #ratesOf: RatesOf = nobody;
  #askAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(services: RowSetServices, stored: CatalogQuotaRules, telemetry: Telemetry | undefined) {
    this.#services = services;
    this.#stored = stored;
    this.rules = {
      isEnforced: stored.isEnforced,
      list: (principal) => stored.list(principal),
      // Here it holds from the next request on.
      set: (principal, change) => stored.set(principal, change).finally(() => (this.#askAtMs = Number.NEGATIVE_INFINITY)),
    };
    this.#telemetry = telemetry;
    this.#clock = new QuotaClock(services.clock);
  }

  admit(principal: string, kind: QuotaKind): Promise<void> | undefined {
    if (!this.rules.isEnforced) return undefined;
    if (this.#clock.nowMs() >= this.#askAtMs) return this.#askThenAdmit(principal, kind);
    const rates = this.#ratesOf(principal);
    return rates?.[kind] === undefined ? undefined : this.#admitTo(principal, kind, rates, rates[kind]);
  }

  counts(principal: string, kind: QuotaKind): boolean {
    return this.rules.isEnforced && this.#ratesOf(principal)?.[kind] !== undefined;
  }

  charge(principal: string, kind: QuotaKind, amount: number): void {
    const rates = this.#ratesOf(principal);
    if (this.rules.isEnforced && rates?.[kind] !== undefined) this.#account(principal).charge(kind, rates, amount);
  }

  async pause(principal: string, kind: QuotaKind, waitMsMax: number, signal: AbortSignal): Promise<boolean> {
    const untilMs = this.#clock.nowMs() + waitMsMax;
    for (;;) {
      const rates = this.#ratesOf(principal);
      if (!this.rules.isEnforced || rates?.[kind] === undefined) return true;
      const waitMs = await this.#account(principal).admit(kind, rates);
      if (waitMs === 0) return true;
      const leftMs = untilMs - this.#clock.nowMs();
      if (leftMs <= 0 || signal.aborted) return false;
      await this.#services.clock.sleep(Math.min(waitMs, leftMs), signal);
    }
  }

  async #askThenAdmit(principal: string, kind: QuotaKind): Promise<void> {
    this.#asking ??= this.#ask();
    await this.#asking;
    const rates = this.#ratesOf(principal);
    if (rates?.[kind] !== undefined) await this.#admitTo(principal, kind, rates, rates[kind]);
  }

  /** What cannot be read stays as it was: who has no quota, or cannot be found to have one, is not kept from working. */
  async #ask(): Promise<void> {
    const isRead = await inTime(this.#services.clock, this.#read());
    if (!isRead) this.#telemetry?.count("QuotaFailures", 1);
    this.#askAtMs = this.#clock.nowMs() + limits.quotaRulesMs;
    this.#asking = undefined;
  }

  async #read(): Promise<boolean> {
    try {
      this.#ratesOf = await this.#stored.ratesOf();
      return true;
    } catch {
      return false;
    }
  }

  #admitTo(principal: string, kind: QuotaKind, rates: QuotaRates, rate: number): Promise<void> | undefined {
    const waitMs = this.#account(principal).admit(kind, rates);
    if (typeof waitMs === "number") {
      this.#check(waitMs, principal, kind, rate);
      return undefined;
    }
    return waitMs.then((leasedWaitMs) => this.#check(leasedWaitMs, principal, kind, rate));
  }

  #check(waitMs: number, principal: string, kind: QuotaKind, rate: number): void {
    if (waitMs === 0) return;
    this.#telemetry?.count("QuotaThrottles", 1);
    throw overQuota(principal, kind, rate, Math.ceil(waitMs));
  }

  #account(principal: string): Account {
    const known = this.#accounts.get(principal);
    if (known !== undefined) return known;
    const account = this.#newAccount(principal);
    remember(this.#accounts, principal, account, limits.quotaAccountsMax);
    return account;
  }

  #newAccount(principal: string): Account {
    const { catalog, clock, isShared } = this.#services;
    if (!isShared) return new AloneAccount(() => this.#clock.nowMs());
    return new LeasedAccount(
      (rates, held, wanted) => leaseFrom(catalog, this.#clock, principal, { rates, held, wanted }),
      this.#clock,
      clock,
      () => this.#telemetry?.count("QuotaFailures", 1),
    );
  }
}
