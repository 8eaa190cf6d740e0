import { isConflict, LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import { type DeliveryState, offsetKey, type OffsetRow, offsetWrite, readOffset } from "../groups/offset-row.ts";
import type { OutputRecord } from "../log.ts";
import type { Delivery } from "./consumers.ts";
import { placeOf } from "./held.ts";
import { type DeliveryServices, newToken } from "./services.ts";

export const noDelivery: DeliveryState = { untilMs: 0, attempts: 0, ends: [], retryAtMs: 0, invocations: 0, error: "", errorMs: 0 };

/** Another one has got the partition, or its offset was set: nothing was written. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

export interface NotTaken {
  readonly state: "busy" | "later";
  readonly retryAtMs?: number;
}

/** What a step of a delivery changes of its partition's row. */
export interface Step extends Partial<DeliveryState> {
  /** The next offset to be delivered. Default: as it is. */
  readonly offset?: number;
}

/**
 * The right to deliver a partition of a consumer: its row of offsets, which names a token that nobody else has. Every write is conditioned on the row as it was read or
 * written last: who has lost the lease writes nothing. Where no other process shares the store, holding it takes no write.
 */
export class Lease {
  readonly #services: DeliveryServices;
  readonly #key: CatalogKey;
  readonly #release: () => void;
  #row: OffsetRow;
  /** One write at a time: each is conditioned on the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(services: DeliveryServices, key: CatalogKey, row: OffsetRow, release: () => void) {
    this.#services = services;
    this.#key = key;
    this.#row = row;
    this.#release = release;
  }

  /** @returns no lease when another one has it, or when it is too early for another try */
  static async take(services: DeliveryServices, delivery: Delivery, topicId: string): Promise<Lease | NotTaken> {
    const { catalog, clock, held, isShared } = services;
    const key = offsetKey(delivery.group, delivery.topic, delivery.partition);
    const place = placeOf(key);
    const nowMs = clock.nowMs();
    if (held.has(place)) return { state: "busy" };
    held.add(place);
    let isHeld = true;
    // Once: what is given free may be another one's by the next time.
    const release = (): void => {
      if (isHeld) held.delete(place);
      isHeld = false;
    };
    try {
      const row = await readOffset(catalog, key, topicId);
      const state = row.delivery ?? noDelivery;
      const isMine = delivery.token !== undefined && row.member === delivery.token;
      if (isShared && state.untilMs > nowMs && !isMine) {
        release();
        return { state: "busy" };
      }
      const lease = new Lease(services, key, row, release);
      if (!isShared) return lease;
      if (state.retryAtMs > nowMs) {
        release();
        return { state: "later", retryAtMs: state.retryAtMs };
      }
      // Not `since`: members who come after the consumer count their generations from there.
      lease.#row = { ...row, member: newToken(services.random) };
      await lease.#write({ untilMs: nowMs + limits.deliverLeaseMs }, [], []);
      return lease;
    } catch (reason) {
      release();
      if (reason instanceof LeaseLost) return { state: "busy" };
      throw reason;
    }
  }

  /** Undefined: nothing was committed. */
  get offset(): number | undefined {
    return this.#row.offset < 0 ? undefined : this.#row.offset;
  }

  get state(): DeliveryState {
    return this.#row.delivery ?? noDelivery;
  }

  get token(): string {
    return this.#row.member;
  }

  /** Writes a step, in one with other writes and records. @throws LeaseLost; LogError, after which the row is as it was, or is not known */
  async write(step: Step, writes: readonly CatalogWrite[] = [], outputs: readonly OutputRecord[] = []): Promise<void> {
    const run = async (): Promise<void> => {
      const { isShared, clock } = this.#services;
      const untilMs = step.untilMs ?? (isShared ? clock.nowMs() + limits.deliverLeaseMs : 0);
      await this.#write({ ...step, untilMs }, writes, outputs);
    };
    const turn = this.#last.then(run, run);
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  /** Makes sure that the lease holds on. Costs nothing when it was written a moment ago. @throws LeaseLost */
  async renew(): Promise<void> {
    const { isShared, clock } = this.#services;
    if (!isShared || this.state.untilMs - clock.nowMs() > limits.deliverLeaseMs - limits.deliverLeaseRenewMs) return;
    await this.write({});
  }

  /** Keeps the lease while something runs. @returns what that comes to; when the lease is lost meanwhile, what is written next says so */
  async during<T>(work: Promise<T>): Promise<T> {
    if (!this.#services.isShared) return await work;
    const over = new AbortController();
    const renewing = this.#renewUntil(over.signal);
    try {
      return await work;
    } finally {
      over.abort();
      await renewing;
    }
  }

  async #renewUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#services.clock.sleep(limits.deliverLeaseRenewMs, signal);
      if (signal.aborted) return;
      try {
        await this.renew();
      } catch (reason) {
        if (reason instanceof LeaseLost) return;
        // The next turn tries again, well before the lease ends.
      }
    }
  }

  /** Gives the partition free. One who has lost it has nothing to give. */
  async release(): Promise<void> {
    try {
      if (this.#services.isShared && this.state.untilMs !== 0) await this.write({ untilMs: 0 });
    } catch (reason) {
      if (!(reason instanceof LeaseLost)) throw reason;
    } finally {
      this.#release();
    }
  }

  /** Leaves the lease to who is given its token, or to its end. */
  leave(): void {
    this.#release();
  }

  async #write({ offset, ...change }: Step, writes: readonly CatalogWrite[], outputs: readonly OutputRecord[]): Promise<void> {
    const { clock } = this.#services;
    const before = this.#row;
    const committed = offset === undefined ? {} : { offset, committedMs: clock.nowMs(), metadata: "" };
    const { window, ...state } = this.state;
    // What has waited is done with.
    const isWaiting = offset === undefined && window !== undefined;
    const next = { ...before, ...committed, delivery: { ...state, ...(isWaiting && { window }), ...change } };
    const own = offsetWrite(this.#key, before, next);
    const isIn = await this.#apply(before, { ...next, version: before.version + 1 }, [own, ...writes], outputs);
    if (!isIn) throw new LeaseLost(`${this.#key.pk} ${this.#key.sk}`);
    this.#row = { ...next, version: before.version + 1 };
  }

  /** @returns false when the row is another's */
  async #apply(before: OffsetRow, next: OffsetRow, writes: readonly CatalogWrite[], outputs: readonly OutputRecord[]): Promise<boolean> {
    const { catalog, appendOutputs } = this.#services;
    let wasUnknown = false;
    for (let attempt = 1; ; attempt++) {
      try {
        if (outputs.length > 0) await appendOutputs(outputs, writes);
        else await catalog.transact(writes);
        return true;
      } catch (reason) {
        const error = LogError.from(reason);
        if (!isConflict(error) && error.outcome !== "unknown") throw error;
        wasUnknown ||= error.outcome === "unknown";
        const found = await readOffset(catalog, this.#key, before.topicId);
        if (wasUnknown && isSame(found, next)) return true;
        if (found.version !== before.version) return false;
        // As it was: what was sent cannot be applied any more once the same is, since both are conditioned on the same version.
        if (attempt === limits.redecisionsMax) throw error;
      }
    }
  }
}

/** Whether a row is what was written: nobody else writes under a lease's token, or comes to the same row by chance. */
function isSame(found: OffsetRow, written: OffsetRow): boolean {
  const facts = ({ version, offset, member, since, committedMs, delivery }: OffsetRow): string =>
    JSON.stringify([version, offset, member, since, committedMs, Object.entries(delivery ?? {}).sort()]);
  return facts(found) === facts(written);
}
