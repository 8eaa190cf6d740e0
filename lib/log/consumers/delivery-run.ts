import { compileFilters } from "../../core/delivery/filter.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { OutputRecord, Topic } from "../log.ts";
import { afterFailure, backoffMs, endsAfter } from "./after-failure.ts";
import { type Called, callFunction } from "./call.ts";
import type { CallBatch, Carrier, Consumer, Delivery, DeliveryLimits, DeliveryReport, Failure, GiveUpCondition } from "./consumers.ts";
import { gather } from "./gather.ts";
import { deadRecords, letterOf } from "./give-up.ts";
import type { Lease, Step } from "./lease.ts";
import { letterWrite } from "./letter-row.ts";
import type { Batch, DeliveryServices } from "./services.ts";
import { failureTopic } from "./settings.ts";

export type Counts = { -readonly [K in "calls" | "records" | "filtered" | "failedCalls" | "givenUp"]: DeliveryReport[K] };

export interface RunParts {
  readonly consumer: Consumer;
  readonly topic: Topic;
  readonly delivery: Delivery;
  readonly carrier: Carrier;
  readonly options: DeliveryLimits;
  /** Of all that was delivered in this go. */
  readonly counts: Counts;
}

/** What ends a run. */
export type End = Pick<DeliveryReport, "state" | "retryAtMs" | "token">;

/** Delivers one partition under its lease, batch by batch. */
export class DeliveryRun {
  readonly #services: DeliveryServices;
  readonly #parts: RunParts;
  readonly #lease: Lease;
  readonly #passes: (record: StoredRecord) => boolean;
  /** Calls one after the other that could not be made. */
  #unavailable = 0;

  constructor(services: DeliveryServices, parts: RunParts, lease: Lease) {
    this.#services = services;
    this.#parts = parts;
    this.#lease = lease;
    const { topic, partition } = parts.delivery;
    const pass = compileFilters(parts.consumer.filters);
    this.#passes = (record) => pass({ ...record, topic, partition });
  }

  /** One step: waits for what is due, reads a batch, calls the function with it and writes what came of it. @returns undefined when there may be more to do */
  async next(): Promise<End | undefined> {
    const { options } = this.#parts;
    if (options.signal?.aborted === true) return await this.#end({ state: "ended" });
    const waits = await this.#waitForRetry();
    if (waits !== undefined) return waits.state === "done" ? undefined : waits;
    const batch = await this.#gather();
    this.#parts.counts.filtered += batch.filtered;
    if (batch.records.length === 0) return await this.#pass(batch);
    if (batch.refused !== undefined) return await this.#giveUp(batch, batch.records, batch.refused, noError, 0);
    if (this.#parts.counts.calls > 0 && !this.#hasTime()) {
      this.#lease.leave();
      return { state: "handed-on", token: this.#lease.token };
    }
    return await this.#attempt(batch);
  }

  async #waitForRetry(): Promise<End | undefined> {
    const { clock } = this.#services;
    const { options } = this.#parts;
    const { retryAtMs } = this.#lease.state;
    const waitMs = retryAtMs - clock.nowMs();
    if (waitMs <= 0) return undefined;
    const isPatient = (options.lingerMs ?? 0) > 0;
    const isLate = clock.nowMs() + waitMs > this.#lastStartMs();
    if (isLate || (!isPatient && waitMs > limits.deliverSleepMsMax)) return await this.#end({ state: "later", retryAtMs });
    await this.#lease.during(clock.sleep(waitMs, options.signal));
    return { state: "done" };
  }

  #gather(): Promise<Batch> {
    const { consumer, delivery, options } = this.#parts;
    const { offset, state } = this.#lease;
    const place = { topic: delivery.topic, partition: delivery.partition, offset, endOffset: state.ends.at(-1) };
    const waitUntilMs = this.#services.clock.nowMs() + (options.lingerMs ?? 0);
    const work = gather(this.#services, consumer, place, {
      passes: this.#passes,
      waitUntilMs,
      stopMs: this.#lastStartMs(),
      signal: options.signal,
    });
    return this.#lease.during(work);
  }

  /** Nothing to call the function with. */
  async #pass(batch: Batch): Promise<End | undefined> {
    const { ends } = this.#lease.state;
    const isLeft = batch.hasMore || ends.length > 0;
    const step = batch.toOffset > batch.fromOffset ? { offset: batch.toOffset, ends: endsAfter(ends, batch.toOffset) } : undefined;
    if (!isLeft) return await this.#end({ state: "done" }, step);
    // A range that has nothing left, though it is there: it was filtered, or compacted away.
    await this.#lease.write(step ?? { ends: endsAfter(ends, batch.toOffset) });
    return undefined;
  }

  async #attempt(batch: Batch): Promise<End | undefined> {
    const { consumer, carrier, options } = this.#parts;
    await this.#lease.renew();
    this.#parts.counts.calls++;
    const called = await this.#lease.during(callFunction(carrier, consumer, this.#callOf(batch.records), options.signal));
    if (called.kind === "unavailable") return await this.#unavailableNow(called.error);
    this.#unavailable = 0;
    if (called.kind === "failed") {
      this.#parts.counts.failedCalls++;
      return await this.#failed(batch, batch.records, called, []);
    }
    const { failedFrom, outputs } = called;
    if (failedFrom !== undefined) {
      this.#parts.counts.failedCalls++;
      const left = batch.records.filter(({ offset }) => offset >= failedFrom);
      this.#parts.counts.records += batch.records.length - left.length;
      const error = { error: `The function reported offset ${failedFrom} as failed.`, functionError: "", requestId: "", isReported: true };
      return await this.#failed(batch, left, error, left.length < batch.records.length ? outputs : []);
    }
    return await this.#succeeded(batch, outputs);
  }

  async #succeeded(batch: Batch, outputs: readonly OutputRecord[]): Promise<End | undefined> {
    const { state } = this.#lease;
    const ends = endsAfter(state.ends, batch.toOffset);
    const step = { offset: batch.toOffset, attempts: 0, ends, retryAtMs: 0, invocations: state.invocations + 1, error: "" };
    const isLast = !batch.hasMore && ends.length === 0 && (this.#parts.options.lingerMs ?? 0) === 0;
    try {
      if (isLast) {
        const end = await this.#end({ state: "done" }, step, outputs);
        this.#parts.counts.records += batch.records.length;
        return end;
      }
      await this.#lease.write(step, [], outputs);
    } catch (reason) {
      const refused = refusedOutput(reason, outputs);
      if (refused === undefined) throw reason;
      this.#parts.counts.failedCalls++;
      return await this.#failed(batch, batch.records, refused, []);
    }
    this.#parts.counts.records += batch.records.length;
    return undefined;
  }

  /** @param left the records that are to be tried again: the batch's last ones @param outputs of those before them */
  async #failed(batch: Batch, left: readonly StoredRecord[], why: Why, outputs: readonly OutputRecord[]): Promise<End | undefined> {
    const { clock } = this.#services;
    const { consumer } = this.#parts;
    const { state } = this.#lease;
    const first = left[0]?.offset ?? batch.toOffset;
    const isFurther = left.length < batch.records.length;
    const tried = { attempts: isFurther ? 0 : state.attempts, ends: state.ends };
    const after = afterFailure(consumer, tried, { offsets: left.map(({ offset }) => offset), toOffset: batch.toOffset }, clock.nowMs());
    const told = { invocations: state.invocations + 1, error: why.error.slice(0, limits.deliverErrorCharsMax), errorMs: clock.nowMs() };
    if (after.kind === "retry") {
      await this.#lease.write({ ...(isFurther && { offset: first }), ...after.state, ...told }, [], outputs);
      return undefined;
    }
    if (isFurther) await this.#lease.write({ offset: first }, [], outputs);
    // The function has said which record it is: those after it are not given up with it.
    const given = why.isReported ? left.slice(0, 1) : left;
    return await this.#giveUp(batch, given, "RetryAttemptsExhausted", why, after.attempts, told);
  }

  async #giveUp(
    batch: Batch,
    records: readonly StoredRecord[],
    condition: GiveUpCondition,
    why: Why,
    attempts: number,
    told: Step = {},
  ): Promise<End | undefined> {
    const { clock } = this.#services;
    const { consumer, topic } = this.#parts;
    const last = records.at(-1)?.offset ?? batch.toOffset;
    const following = batch.records.find(({ offset }) => offset > last)?.offset;
    const toOffset = following ?? batch.toOffset;
    const call = this.#callOf(records);
    const fromOffset = records[0]?.offset ?? batch.fromOffset;
    const { error, functionError } = why;
    const letter = letterOf({
      batch: call,
      topicId: topic.id,
      fromOffset,
      toOffset,
      condition,
      attempts,
      error,
      functionError,
      givenUpMs: clock.nowMs(),
    });
    const failure = { consumer, letter, requestId: why.requestId, timestampType: call.timestampType, payload: records };
    const { state } = this.#lease;
    const isAll = following === undefined;
    const ends = isAll || state.ends.at(-1) === batch.toOffset ? endsAfter(state.ends, toOffset) : [...state.ends, batch.toOffset];
    const step = { ...told, offset: toOffset, attempts: 0, ends, retryAtMs: 0 };
    try {
      await this.#putAway(failure, step, [letterWrite(consumer.group, letter)]);
    } catch (reason) {
      if (!(reason instanceof NotPutAway)) throw reason;
      return await this.#unavailableNow(reason.message);
    }
    this.#parts.counts.givenUp += records.length;
    return undefined;
  }

  /** @throws NotPutAway when the destination does not take it */
  async #putAway(failure: Failure, step: Step, writes: readonly CatalogWrite[]): Promise<void> {
    const { consumer, carrier } = this.#parts;
    const { onFailure } = consumer;
    const topic = onFailure === undefined ? undefined : failureTopic(onFailure);
    if (topic !== undefined) {
      const outputs = deadRecords(topic, failure);
      try {
        await this.#lease.write(step, writes, outputs);
      } catch (reason) {
        const refused = refusedOutput(reason, outputs);
        throw refused === undefined ? reason : new NotPutAway(`onFailure, topic ${topic}: ${refused.error}`, { cause: reason });
      }
      return;
    }
    if (onFailure !== undefined) {
      try {
        await this.#lease.during(carrier.sendFailure(onFailure, failure));
      } catch (reason) {
        throw new NotPutAway(`onFailure ${onFailure}: ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
      }
    }
    await this.#lease.write(step, writes);
  }

  /** Nothing has happened to the records: they are tried again, and it counts as no attempt. */
  async #unavailableNow(error: string): Promise<undefined> {
    const nowMs = this.#services.clock.nowMs();
    this.#unavailable++;
    const retryAtMs = nowMs + backoffMs(this.#unavailable);
    await this.#lease.write({ retryAtMs, error: error.slice(0, limits.deliverErrorCharsMax), errorMs: nowMs });
    return undefined;
  }

  #callOf(records: readonly StoredRecord[]): CallBatch {
    const { topic, delivery } = this.#parts;
    const timestampType = topic.config["message.timestamp.type"] === "LogAppendTime" ? "LOG_APPEND_TIME" : "CREATE_TIME";
    return { topic: delivery.topic, partition: delivery.partition, records, timestampType };
  }

  /** When a call may begin at the latest. */
  #lastStartMs(): number {
    const { options, consumer } = this.#parts;
    return (options.endMs ?? Number.POSITIVE_INFINITY) - consumer.targetTimeoutMs - limits.deliverMarginMs;
  }

  #hasTime(): boolean {
    return this.#services.clock.nowMs() <= this.#lastStartMs();
  }

  /** Gives the partition free. */
  async #end(end: End, step?: Step, outputs: readonly OutputRecord[] = []): Promise<End> {
    if (step !== undefined) await this.#lease.write({ ...step, untilMs: 0 }, [], outputs);
    await this.#lease.release();
    return end;
  }
}

/** What went wrong with a call. */
type Why = Omit<Extract<Called, { readonly kind: "failed" }>, "kind">;

const noError: Why = { error: "", functionError: "", requestId: "", isReported: false };

/** What was given up could not be put where it belongs. */
class NotPutAway extends Error {
  override readonly name = "NotPutAway";
}

/** Faults of the records themselves: another try would end alike. */
const outputFaults = new Set<LogError["code"]>([
  "invalid_request",
  "invalid_topic",
  "message_too_large",
  "request_too_large",
  "unknown_topic_or_partition",
]);

function refusedOutput(reason: unknown, outputs: readonly OutputRecord[]): Why | undefined {
  if (outputs.length === 0 || !(reason instanceof LogError) || !outputFaults.has(reason.code)) return undefined;
  return { ...noError, error: `The records could not be written: ${reason.message}` };
}
