import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Carrier, Consumer, DeliveryReport } from "../../log/consumers/consumers.ts";
import type { Log } from "../../log/log.ts";
import { nodeClock } from "../../node/clock.ts";

export interface RunsParts {
  readonly log: Pick<Log, "consumers">;
  readonly carrier: Carrier;
  readonly reportFault: (error: LogError) => void;
  /** Told what each run has done. */
  readonly onReport?: ((consumer: Consumer, partition: number, report: DeliveryReport) => void) | undefined;
}

/** What of a partition that is being delivered is to be done after it. */
interface Run {
  again: boolean;
}

/** Delivers partitions of one consumer: each by one run at a time, `limits.localRunsMax` side by side, the others in turn. */
export class ConsumerRuns {
  readonly #parts: RunsParts;
  #consumer: Consumer;
  /** Ends the runs under the settings as they are. */
  #current = new AbortController();
  #isOver = false;
  readonly #waiting = new Set<number>();
  readonly #running = new Map<number, Run>();
  readonly #later = new Map<number, NodeJS.Timeout>();
  readonly #ends = new Set<Promise<void>>();
  /** Faults one after the other. */
  #faults = 0;

  constructor(parts: RunsParts, consumer: Consumer) {
    this.#parts = parts;
    this.#consumer = consumer;
  }

  get consumer(): Consumer {
    return this.#consumer;
  }

  /** Delivers a partition, now or in turn. @param isDue also when it was put off */
  start(partition: number, isDue = false): void {
    if (this.#isOver) return;
    const run = this.#running.get(partition);
    if (run !== undefined) {
      run.again = true;
      return;
    }
    if (this.#later.has(partition)) {
      if (!isDue) return;
      this.#forget(partition);
    }
    this.#waiting.add(partition);
    this.#next();
  }

  /** Goes on under other settings: waits under the old ones end. */
  change(consumer: Consumer): void {
    this.#consumer = consumer;
    this.#waiting.clear();
    for (const partition of this.#later.keys()) this.#forget(partition);
    for (const run of this.#running.values()) run.again = true;
    this.#current.abort();
    this.#current = new AbortController();
  }

  /** Begins nothing more. Resolves when the calls that run have ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#waiting.clear();
    for (const partition of this.#later.keys()) this.#forget(partition);
    this.#current.abort();
    await Promise.all(this.#ends);
  }

  #next(): void {
    for (const partition of this.#waiting) {
      if (this.#running.size >= limits.localRunsMax) return;
      this.#waiting.delete(partition);
      const run: Run = { again: false };
      this.#running.set(partition, run);
      const end = this.#run(partition, run).finally(() => this.#ends.delete(end));
      this.#ends.add(end);
    }
  }

  async #run(partition: number, run: Run): Promise<void> {
    const consumer = this.#consumer;
    const { group, topic, targetTimeoutMs, maxBatchingWindowMs } = consumer;
    const { log, carrier, onReport } = this.#parts;
    const { signal } = this.#current;
    const endMs = nodeClock.nowMs() + targetTimeoutMs + limits.deliverMarginMs + maxBatchingWindowMs + limits.localTurnMs;
    let waitMs: number | undefined;
    try {
      const report = await log.consumers.deliver({ group, topic, partition }, carrier, { signal, endMs });
      this.#faults = 0;
      onReport?.(consumer, partition, report);
      waitMs = afterRun(report, run.again);
    } catch (reason) {
      waitMs = this.#afterFault(LogError.from(reason));
    }
    this.#running.delete(partition);
    if (this.#isOver) return;
    if (waitMs === 0 || (waitMs !== undefined && run.again && signal.aborted)) this.#waiting.add(partition);
    else if (waitMs !== undefined) this.#putOff(partition, waitMs);
    this.#next();
  }

  #afterFault(error: LogError): number | undefined {
    // The consumer or its topic is gone: whoever looks at all of them finds out.
    if (error.code === "group_id_not_found" || error.code === "unknown_topic_or_partition") return undefined;
    // Storage that is out of reach tells whoever writes or reads; a fault of its own nobody else would hear of.
    if (error.code === "internal" || error.code === "corrupt_log") this.#parts.reportFault(error);
    this.#faults++;
    return Math.min(limits.deliverBackoffMsMax, limits.localFaultPauseMs * 2 ** Math.min(this.#faults - 1, 10));
  }

  #putOff(partition: number, waitMs: number): void {
    const again = (): void => this.start(partition, true);
    this.#later.set(partition, setTimeout(again, waitMs));
  }

  #forget(partition: number): void {
    clearTimeout(this.#later.get(partition));
    this.#later.delete(partition);
  }
}

/** @returns in how many milliseconds to deliver again; undefined: when something comes */
function afterRun({ state, retryAtMs = 0 }: DeliveryReport, again: boolean): number | undefined {
  switch (state) {
    case "later":
      return Math.max(1, retryAtMs - nodeClock.nowMs());
    case "busy":
      return limits.localBusyMs;
    case "handed-on":
    case "ended":
      return 0;
    case "done":
    case "stopped":
      return again ? 0 : undefined;
  }
}
