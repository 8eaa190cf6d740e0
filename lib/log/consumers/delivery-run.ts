import { compileFilters } from "../../core/delivery/filter.ts";
import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { OutputRecord } from "../log.ts";
import { afterFailure, backoffMs, endOf, endsAfter, endsFor, withEnd } from "./after-failure.ts";
import { type Called, callFunction, noError, type Why } from "./call.ts";
import type { GiveUpCondition } from "./consumers.ts";
import { gather } from "./gather.ts";
import { letterOf, owedError, type Tried, withoutOwed } from "./give-up.ts";
import type { Lease, Step } from "./lease.ts";
import { letterWrite } from "./letter-row.ts";
import { NotPutAway, putAway, refusedOutput } from "./put-away.ts";
import { callOf, type End, handOn, isCutShort, isTimeShort, lastStartMs, type RunParts } from "./run-parts.ts";
import type { Batch, DeliveryServices } from "./services.ts";

/** Delivers one partition under its lease, batch by batch. */
export class DeliveryRun {
  readonly #services: DeliveryServices;
  readonly #parts: RunParts;
  readonly #lease: Lease;
  readonly #passes: (record: StoredRecord) => boolean;
  /** Calls one after the other that could not be made. */
  #unavailable = 0;
  /** What took long to read: it is delivered once the settings were looked at again. */
  #kept: Batch | undefined;
  /** What was given up and not put away yet. */
  #owed: { readonly fromOffset: number; readonly tried: Tried } | undefined;

  constructor(services: DeliveryServices, parts: RunParts, lease: Lease) {
    this.#services = services;
    this.#parts = parts;
    this.#lease = lease;
    const { topic, partition } = parts.delivery;
    const pass = compileFilters(parts.consumer.filters);
    this.#passes = (record) => pass({ ...record, topic, partition });
  }

  /**
   * One step: waits for what is due, reads a batch, calls the function with it and writes what came of it. Where reading took long the call is for the next step.
   * @returns undefined when there may be more to do, after a look at the settings where the last was a while ago
   */
  async next(): Promise<End | undefined> {
    const { options } = this.#parts;
    if (options.signal?.aborted === true) return await this.#end({ state: "ended" });
    const waits = await this.#waitForRetry();
    if (waits !== undefined) return waits.state === "done" ? undefined : waits;
    const { clock } = this.#services;
    const kept = this.#kept;
    this.#kept = undefined;
    if (isTimeShort(clock, this.#parts)) return await this.#handOn(kept);
    const begunMs = clock.nowMs();
    const batch = kept ?? (await this.#gather());
    if (batch.records.length === 0) return await this.#pass(batch);
    // Reading may have taken long.
    if (isTimeShort(clock, this.#parts) || isCutShort(clock, this.#parts, batch, begunMs)) return await this.#handOn(batch);
    if (kept === undefined && clock.nowMs() - begunMs >= limits.deliverSettingsMs) {
      this.#kept = batch;
      return undefined;
    }
    if (batch.refused !== undefined) return await this.#giveUp(batch, batch.records, batch.refused, this.#lastError(batch));
    if (this.#isExhausted(batch)) return await this.#giveUp(batch, batch.records, "RetryAttemptsExhausted", this.#lastError(batch));
    return await this.#attempt(batch);
  }

  async #waitForRetry(): Promise<End | undefined> {
    const { clock } = this.#services;
    const { options } = this.#parts;
    const { retryAtMs } = this.#lease.state;
    const waitMs = retryAtMs - clock.nowMs();
    if (waitMs <= 0) return undefined;
    const isPatient = (options.lingerMs ?? 0) > 0;
    const isLate = clock.nowMs() + waitMs > lastStartMs(this.#parts);
    if (isLate || (!isPatient && waitMs > limits.deliverSleepMsMax)) return await this.#end({ state: "later", retryAtMs });
    await this.#lease.during(clock.sleep(waitMs, options.signal));
    return { state: "done" };
  }

  async #gather(): Promise<Batch> {
    const { consumer, delivery, options } = this.#parts;
    const { offset, state } = this.#lease;
    const place = { topic: delivery.topic, partition: delivery.partition, offset, endOffset: state.ends.at(-1), window: state.window };
    const waitUntilMs = this.#services.clock.nowMs() + (options.lingerMs ?? 0);
    const work = gather(this.#services, consumer, place, {
      passes: this.#passes,
      waitUntilMs,
      stopMs: lastStartMs(this.#parts),
      signal: options.signal,
    });
    const batch = await this.#lease.during(work);
    this.#parts.counts.filtered += batch.filtered;
    return batch;
  }

  /** @param batch what has been read and waits, or has waited: its window goes on elsewhere, or is over there, too */
  async #handOn(batch: Batch | undefined): Promise<End> {
    const offset = batch?.records[0]?.offset;
    if (offset !== undefined && batch?.windowEndMs !== undefined) await this.#lease.write({ window: { offset, endMs: batch.windowEndMs } });
    return handOn(this.#lease);
  }

  /** Nothing to call the function with. */
  async #pass(batch: Batch): Promise<End | undefined> {
    const { ends, retryAtMs } = this.#lease.state;
    const { toOffset } = batch;
    const isLeft = batch.hasMore || ends.length > 0;
    const isFurther = toOffset > batch.fromOffset;
    const isPastTried = ends.length > 0 ? toOffset >= (ends.at(-1) ?? 0) : isFurther && retryAtMs > 0;
    const step: Step = {
      ...(isFurther && { offset: toOffset }),
      ends: endsAfter(ends, toOffset),
      // What was tried is gone: its failures are not those of what comes next.
      ...(isPastTried && { attempts: 0, retryAtMs: 0, error: "" }),
    };
    this.#parts.progress.isMade ||= isFurther;
    if (!isLeft) return await this.#end({ state: "done" }, isFurther ? step : undefined);
    // A range that has nothing left, though it is there: it was filtered, or compacted away.
    await this.#lease.write(step);
    return undefined;
  }

  async #attempt(batch: Batch): Promise<End | undefined> {
    const { consumer, carrier, options } = this.#parts;
    await this.#lease.renew();
    this.#parts.counts.calls++;
    const called = await this.#lease.during(callFunction(carrier, consumer, callOf(this.#parts, batch.records), options.signal));
    if (called.kind === "unavailable") {
      await this.#unavailableNow(called.error);
      return;
    }
    this.#unavailable = 0;
    if (called.kind === "failed") {
      this.#parts.counts.failedCalls++;
      return await this.#failed(batch, batch.records, called);
    }
    try {
      return await this.#answered(batch, called);
    } catch (reason) {
      if (!(reason instanceof OutputsRefused)) throw reason;
      return await this.#failed(batch, batch.records, { ...noError, error: reason.message });
    }
  }

  /** @throws OutputsRefused */
  async #answered(batch: Batch, { failedFrom, outputs }: Extract<Called, { readonly kind: "answered" }>): Promise<End | undefined> {
    const { counts, options } = this.#parts;
    if (failedFrom !== undefined) return await this.#reported(batch, failedFrom);
    const { state } = this.#lease;
    const ends = endsAfter(state.ends, batch.toOffset);
    const step = { offset: batch.toOffset, attempts: 0, ends, retryAtMs: 0, invocations: state.invocations + 1, error: "" };
    const isLast = !batch.hasMore && ends.length === 0 && (options.lingerMs ?? 0) === 0;
    try {
      await this.#writeWith({ ...step, ...(isLast && { untilMs: 0 }) }, outputs);
    } catch (reason) {
      if (reason instanceof OutputsRefused) counts.failedCalls++;
      throw reason;
    }
    counts.records += batch.records.length;
    return isLast ? await this.#end({ state: "done" }) : undefined;
  }

  /** The function has named the first record that failed. */
  async #reported(batch: Batch, failedFrom: number): Promise<End | undefined> {
    const { consumer, counts } = this.#parts;
    counts.failedCalls++;
    const left = batch.records.filter(({ offset }) => offset >= failedFrom);
    const why = { ...noError, error: `The function reported offset ${failedFrom} as failed.`, isReported: true };
    const isFurther = left.length < batch.records.length;
    if (isFurther && consumer.outputTopics.length > 0) {
      // Those before it are called by themselves, so that their outputs can be told from those of the others. Nothing is done yet, and no attempt is used up.
      const ends = withEnd(withEnd(this.#lease.state.ends, batch.toOffset), left[0]?.offset ?? batch.toOffset);
      await this.#lease.write({ attempts: 0, ends, retryAtMs: 0, ...this.#told(why) });
      return undefined;
    }
    const end = await this.#failed(batch, left, why);
    counts.records += batch.records.length - left.length;
    return end;
  }

  /** What a call that failed leaves in the row, whatever follows. */
  #told({ error }: Why): Step {
    const invocations = this.#lease.state.invocations + 1;
    return { invocations, error: error.slice(0, limits.deliverErrorCharsMax), errorMs: this.#services.clock.nowMs() };
  }

  /** @param left the records that are to be tried again: the batch's last ones */
  async #failed(batch: Batch, left: readonly StoredRecord[], why: Why): Promise<End | undefined> {
    const { clock } = this.#services;
    const { consumer } = this.#parts;
    const { state } = this.#lease;
    const first = left[0]?.offset ?? batch.toOffset;
    const isFurther = left.length < batch.records.length;
    const tried = { attempts: isFurther ? 0 : state.attempts, ends: state.ends };
    // One that the function has reported splits its batch already.
    const how = { retryAttempts: consumer.retryAttempts, bisectBatchOnError: consumer.bisectBatchOnError && !why.isReported };
    const after = afterFailure(how, tried, { offsets: left.map(({ offset }) => offset), toOffset: batch.toOffset }, clock.nowMs());
    const told = this.#told(why);
    if (after.kind === "retry") {
      await this.#lease.write({ ...(isFurther && { offset: first }), ...after.state, ...told });
      return undefined;
    }
    const { attempts } = after;
    // From here on it is given up, also by one who goes on with it later.
    const given = why.isReported ? left.slice(0, 1) : left;
    if (isFurther) await this.#lease.write({ offset: first, attempts, ends: endsFor(state.ends, batch, given) });
    return await this.#giveUp(batch, given, "RetryAttemptsExhausted", { why, attempts }, told);
  }

  /** Whether a batch was given up before, and could not be put away. */
  #isExhausted({ toOffset }: Batch): boolean {
    const { attempts, ends } = this.#lease.state;
    const { retryAttempts } = this.#parts.consumer;
    return retryAttempts >= 0 && attempts > retryAttempts && ends.at(-1) === toOffset;
  }

  /** What is known of a batch that is tried now. */
  #lastError({ fromOffset }: Batch): Tried {
    const { attempts, error } = this.#lease.state;
    if (this.#owed?.fromOffset === fromOffset) return this.#owed.tried;
    return { attempts, why: attempts === 0 ? noError : { ...noError, error: withoutOwed(error) } };
  }

  async #giveUp(
    batch: Batch,
    records: readonly StoredRecord[],
    condition: GiveUpCondition,
    tried: Tried,
    told: Step = {},
    later: readonly StoredRecord[] = [],
  ): Promise<End | undefined> {
    const { clock } = this.#services;
    const { consumer, topic } = this.#parts;
    const { why, attempts } = tried;
    const call = callOf(this.#parts, records);
    const fromOffset = records[0]?.offset ?? batch.fromOffset;
    const toOffset = endOf(batch, records);
    const { error, functionError, requestId } = why;
    const facts = { batch: call, topicId: topic.id, fromOffset, toOffset, condition, attempts, error, functionError };
    const letter = letterOf({ ...facts, givenUpMs: clock.nowMs() });
    const failure = { consumer, letter, requestId, timestampType: call.timestampType, payload: records };
    const pinned = endsFor(this.#lease.state.ends, batch, records);
    const step = { ...told, offset: toOffset, attempts: later.length > 0 ? attempts : 0, ends: endsAfter(pinned, toOffset), retryAtMs: 0 };
    try {
      await putAway(this.#parts, this.#lease, failure, step);
    } catch (reason) {
      if (!(reason instanceof NotPutAway)) throw reason;
      if (reason.isTooLarge && records.length > 1) {
        const half = Math.ceil(records.length / 2);
        return await this.#giveUp(batch, records.slice(0, half), condition, tried, told, records.slice(half));
      }
      if (!reason.isTooLarge) {
        this.#owed = { fromOffset, tried };
        const pin = condition === "RetryAttemptsExhausted" ? { attempts, ends: pinned } : {};
        await this.#unavailableNow(owedError(error, reason, owedErrorCharsMax), { ...told, ...pin });
        return;
      }
      // No try will change that: it stays in its own topic, and known.
      const known = letterOf({ ...facts, error: owedError(error, reason), givenUpMs: letter.givenUpMs });
      await this.#lease.write(step, [letterWrite(consumer.group, known)]);
    }
    this.#parts.counts.givenUp += records.length;
    this.#parts.progress.isMade = true;
    return undefined;
  }

  /** @throws OutputsRefused */
  async #writeWith(step: Step, outputs: readonly OutputRecord[]): Promise<void> {
    try {
      await this.#lease.write(step, [], outputs);
    } catch (reason) {
      const refused = refusedOutput(reason, outputs);
      throw refused === undefined ? reason : new OutputsRefused(refused, { cause: reason });
    }
  }

  /** Nothing has happened to the records: they are tried again, and it counts as no attempt. */
  async #unavailableNow(error: string, step: Step = {}): Promise<undefined> {
    const nowMs = this.#services.clock.nowMs();
    this.#unavailable++;
    const retryAtMs = nowMs + backoffMs(this.#unavailable);
    await this.#lease.write({ ...step, retryAtMs, error: error.slice(0, limits.deliverErrorCharsMax), errorMs: nowMs });
    return undefined;
  }

  /** Gives the partition free. */
  async #end(end: End, step?: Step): Promise<End> {
    if (step !== undefined) await this.#lease.write({ ...step, untilMs: 0 });
    await this.#lease.release();
    return end;
  }
}

/** Of a function's error, what stays in the row beside why it could not be put away. */
const owedErrorCharsMax = 80;

/** Outputs were the fault, not their function's call. */
class OutputsRefused extends Error {
  override readonly name = "OutputsRefused";
}
