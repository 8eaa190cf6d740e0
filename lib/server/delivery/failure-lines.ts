import { partitionName } from "../../core/delivery/msk-event.ts";
import { afterFailure } from "../../log/consumers/after-failure.ts";
import { callFunction } from "../../log/consumers/call.ts";
import type { CallBatch, Consumer, ConsumerStatus, DeliveryReport } from "../../log/consumers/consumers.ts";
import { nodeClock } from "../../node/clock.ts";
import type { ConsumerChange } from "./deliver-in-background.ts";

/** Tells of each call that failed, in one line: where, what, and what comes next; of what is given up without a call; and of what was done with a consumer. */
export class FailureLines {
  readonly #print: (line: string) => void;
  /** Failed calls one after the other, by group and partition. */
  readonly #attempts = new Map<string, number>();
  /** Offsets of which it was told that they are given up, and that no report has counted yet: by group and partition. */
  readonly #told = new Map<string, ReadonlySet<number>>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** What had failed before this process began. */
  remember({ consumer, partitions }: ConsumerStatus): void {
    for (const { partition, attempts } of partitions) if (attempts > 0) this.#attempts.set(keyOf(consumer, partition), attempts);
  }

  /** Waits for a call, and judges its answer as the delivery does. */
  async watch(consumer: Consumer, batch: CallBatch, call: Promise<unknown>): Promise<unknown> {
    const called = await callFunction({ call: () => call, sendFailure: () => Promise.resolve() }, consumer, batch, undefined);
    const key = keyOf(consumer, batch.partition);
    if (called.kind === "unavailable") this.#say(consumer, batch, `no answer: ${shortened(called.error)}`, "it is tried again");
    else if (called.kind === "failed") this.#failed(consumer, batch, called.error);
    else if (called.failedFrom === undefined) this.#attempts.delete(key);
    else this.#failed(consumer, batch, `it reported offset ${called.failedFrom} as failed`, called.failedFrom);
    return await call;
  }

  /** Of what a run has given up: what is not told yet. */
  report(consumer: Consumer, partition: number, { givenUp, state }: DeliveryReport): void {
    const key = keyOf(consumer, partition);
    const untold = givenUp - (this.#told.get(key)?.size ?? 0);
    // What could not be put away counts later.
    if (givenUp > 0 || state !== "later") this.#told.delete(key);
    if (givenUp > 0) this.#attempts.delete(key);
    if (untold <= 0) return;
    const what = `${untold} ${untold === 1 ? "record was" : "records were"} given up`;
    this.#print(`[${consumer.group}] ${partitionName(consumer.topic, partition)}: ${what}, ${whereTo(consumer)}.`);
  }

  /** Of what somebody has done with a consumer. */
  change(group: string, change: ConsumerChange): void {
    this.#print(`[${group}] ${changeWords[change](group)}`);
  }

  /** @param reported the offset that the function has named */
  #failed(consumer: Consumer, batch: CallBatch, error: string, reported?: number): void {
    const key = keyOf(consumer, batch.partition);
    const offsets = batch.records.map(({ offset }) => offset).filter((offset) => offset >= (reported ?? 0));
    const isFurther = offsets.length < batch.records.length;
    if (isFurther && consumer.outputTopics.length > 0) {
      this.#attempts.delete(key);
      this.#say(consumer, batch, error, "the records before it again, by themselves");
      return;
    }
    const attempts = isFurther ? 0 : (this.#attempts.get(key) ?? 0);
    const nowMs = nodeClock.nowMs();
    const how = { ...consumer, bisectBatchOnError: consumer.bisectBatchOnError && reported === undefined };
    const after = afterFailure(how, { attempts, ends: [] }, { offsets, toOffset: (offsets.at(-1) ?? 0) + 1 }, nowMs);
    if (after.kind === "give-up") {
      this.#attempts.delete(key);
      this.#told.set(key, new Set([...(this.#told.get(key) ?? []), ...(reported === undefined ? offsets : offsets.slice(0, 1))]));
      const what = reported === undefined ? "given up" : `offset ${reported} is given up`;
      this.#say(
        consumer,
        batch,
        error,
        `${what} after ${after.attempts === 1 ? "1 call" : `${after.attempts} calls`}, ${whereTo(consumer)}`,
      );
      return;
    }
    this.#attempts.set(key, after.state.attempts);
    const waitS = (after.state.retryAtMs - nowMs) / 1_000;
    const next =
      after.state.retryAtMs === 0 ? "again, in two parts" : `again in ${waitS} s (${nth(after.state.attempts, consumer.retryAttempts)})`;
    this.#say(consumer, batch, error, next);
  }

  #say(consumer: Consumer, { topic, partition, records }: CallBatch, error: string, next: string): void {
    const [first, last] = [records[0]?.offset ?? 0, records.at(-1)?.offset ?? 0];
    const offsets = first === last ? `offset ${first}` : `offsets ${first} to ${last}`;
    this.#print(`[${consumer.group}] ${partitionName(topic, partition)}, ${offsets}: ${oneLine(error)}. Next: ${next}.`);
  }
}

const changeWords: Readonly<Record<ConsumerChange, (group: string) => string>> = {
  paused: (group) => `Paused: its function is called no more, until: stratalog consumers resume ${group}`,
  resumed: () => "Resumed: its function is called again.",
  gone: () => "Its consumer was deleted: its function is called no more, until the server is started again.",
};

function keyOf({ group, topic }: Consumer, partition: number): string {
  return JSON.stringify([group, topic, partition]);
}

function nth(attempts: number, retryAttempts: number): string {
  return retryAttempts < 0 ? `retry ${attempts}` : `retry ${attempts} of ${retryAttempts}`;
}

function whereTo({ onFailure, group }: Consumer): string {
  return onFailure === undefined ? `kept as dead letters of ${group}` : `to ${onFailure}`;
}

/** What keeps a function from being called was told in full when it began. */
function shortened(text: string): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

const charsMax = 80;

/** Without the full stop of a sentence, since one follows. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
}
