import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { worth } from "../../core/quota-bucket.ts";
import { type QuotaAmounts, type QuotaKind, quotaKinds, type QuotaRates } from "../../core/quota-rates.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Account } from "./account.ts";
import { inTime } from "./in-time.ts";
import type { Leased } from "./lease-row.ts";
import type { QuotaClock } from "./quota-clock.ts";

/** Gives back what is held and leases anew. */
export type Lease = (rates: QuotaRates, held: QuotaAmounts, wanted: QuotaKind) => Promise<Leased>;

/** How often one request asks for a lease that others of this process have used up meanwhile. */
const roundsMax = 3;

/** Where several processes share the quota: each spends what it has leased. */
export class LeasedAccount implements Account {
  readonly #lease: Lease;
  readonly #clock: QuotaClock;
  readonly #timer: Clock;
  readonly #wentAlone: () => void;
  /** What is left to spend, by kind. Below zero it is a debt, which goes to the shared balance with the next lease. */
  readonly #held = new Map<QuotaKind, number>();
  readonly #refusedUntilMs = new Map<QuotaKind, number>();
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  /** How long to leave the lease to others. */
  #backoffMs = 0;
  #leasing: Promise<void> | undefined;

  /** @param wentAlone hears of each lease that could not be had */
  constructor(lease: Lease, clock: QuotaClock, timer: Clock, wentAlone: () => void) {
    this.#lease = lease;
    this.#clock = clock;
    this.#timer = timer;
    this.#wentAlone = wentAlone;
  }

  admit(kind: QuotaKind, rates: QuotaRates): number | Promise<number> {
    return this.#take(kind) ?? this.#leaseAndTake(kind, rates);
  }

  charge(kind: QuotaKind, _rates: QuotaRates, amount: number): void {
    this.#held.set(kind, (this.#held.get(kind) ?? 0) - amount);
  }

  /** 0: taken. A wait: there is nothing to lease so long. Undefined: a lease is needed. */
  #take(kind: QuotaKind): number | undefined {
    const nowMs = this.#clock.nowMs();
    const held = this.#held.get(kind) ?? 0;
    if (held > 0 && nowMs < this.#heldUntilMs) {
      if (kind === "requestRate") this.#held.set(kind, held - 1);
      return 0;
    }
    const waitMs = (this.#refusedUntilMs.get(kind) ?? nowMs) - nowMs;
    return waitMs > 0 ? waitMs : undefined;
  }

  async #leaseAndTake(kind: QuotaKind, rates: QuotaRates): Promise<number> {
    for (let round = 0; round < roundsMax; round++) {
      this.#leasing ??= this.#renew(kind, rates);
      await this.#leasing;
      const taken = this.#take(kind);
      if (taken !== undefined) return taken;
    }
    return limits.quotaLeaseMsMin;
  }

  /** Ends in time: a catalog that does not answer holds up nobody. */
  async #renew(kind: QuotaKind, rates: QuotaRates): Promise<void> {
    if (!(await inTime(this.#timer, this.#ask(kind, rates)))) this.#goAlone(rates);
    this.#leasing = undefined;
  }

  /** Whether a lease, or a refusal, came back. */
  async #ask(kind: QuotaKind, rates: QuotaRates): Promise<boolean> {
    const held = Object.fromEntries(this.#held);
    try {
      const leased = await this.#lease(rates, held, kind);
      this.#use(leased, held);
      this.#backOff(kind, leased.granted[kind] === undefined && leased.conflicts > 0);
    } catch (reason) {
      // Others lease all the time: the catalog works, and there will be little left.
      if (LogError.from(reason).code !== "conflict") return false;
      this.#backOff(kind, true);
    }
    return true;
  }

  #use({ granted, waitsMs }: Leased, given: QuotaAmounts): void {
    for (const kind of quotaKinds) {
      const amount = granted[kind];
      // What was spent meanwhile was not given back.
      if (amount !== undefined) this.#held.set(kind, amount + (this.#held.get(kind) ?? 0) - (given[kind] ?? 0));
      const waitMs = waitsMs[kind] ?? 0;
      if (waitMs > 0) this.#refuse(kind, waitMs);
    }
    if (Object.keys(granted).length > 0) this.#heldUntilMs = this.#clock.nowMs() + limits.quotaLeaseLifeMs;
  }

  #backOff(kind: QuotaKind, hasLost: boolean): void {
    this.#backoffMs = hasLost ? Math.min(limits.quotaLeaseBackoffMsMax, Math.max(limits.quotaLeaseMsMin, 2 * this.#backoffMs)) : 0;
    if (hasLost) this.#refuse(kind, this.#backoffMs);
  }

  #refuse(kind: QuotaKind, waitMs: number): void {
    const untilMs = this.#clock.nowMs() + Math.max(waitMs, limits.quotaLeaseMsMin);
    this.#refusedUntilMs.set(kind, Math.max(untilMs, this.#refusedUntilMs.get(kind) ?? untilMs));
  }

  /** Until it can lease again the process keeps to the rate by itself: a quota is no reason to refuse what the log can do. */
  #goAlone(rates: QuotaRates): void {
    for (const kind of quotaKinds) {
      const rate = rates[kind];
      if (rate === undefined) continue;
      const earned = Math.max(1, worth(rate, limits.quotaAloneMs));
      this.#held.set(kind, Math.min(earned, (this.#held.get(kind) ?? 0) + earned));
      this.#refuse(kind, limits.quotaAloneMs);
    }
    this.#heldUntilMs = this.#clock.nowMs() + limits.quotaAloneMs;
    this.#wentAlone();
  }
}
