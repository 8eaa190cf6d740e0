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

/** A partition that is being delivered. */
interface Run {
  /** Whether it is to be delivered once more after this. */
  again: boolean;
  /** Whether its function is called now. */
  isCalling: boolean;
  /** Ends its waits at once, and it after its call. */
  readonly ending: AbortController;
}

/** Delivers partitions of one consumer: each by one run at a time, `limits.localRunsMax` side by side, the others in turn. */
export class ConsumerRuns {
  readonly #parts: RunsParts;
  #consumer: Consumer;
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
    for (const run of this.#running.values()) endSoon(run);
  }

  /** Looks again at once at what waits to be tried again. */
  retry(): void {
    for (const run of this.#running.values()) if (!run.isCalling) endSoon(run);
    for (const partition of this.#later.keys()) this.start(partition, true);
  }

  /** Begins nothing more. Resolves when the calls that run have ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#waiting.clear();
    for (const partition of this.#later.keys()) this.#forget(partition);
    for (const { ending } of this.#running.values()) ending.abort();
    await Promise.all(this.#ends);
  }

  #next(): void {
    for (const partition of this.#waiting) {
      if (this.#running.size >= limits.localRunsMax) return;
      this.#waiting.delete(partition);
      const run: Run = { again: false, isCalling: false, ending: new AbortController() };
      this.#running.set(partition, run);
      const end = this.#run(partition, run).finally(() => this.#ends.delete(end));
      this.#ends.add(end);
    }
  }

  async #run(partition: number, run: Run): Promise<void> {
    const consumer = this.#consumer;
    const { group, topic, targetTimeoutMs, maxBatchingWindowMs } = consumer;
    const { log, onReport } = this.#parts;
    const { signal } = run.ending;
    const endMs = nodeClock.nowMs() + targetTimeoutMs + limits.deliverMarginMs + maxBatchingWindowMs + limits.localTurnMs;
    let waitMs: number | undefined;
    try {
      const report = await log.consumers.deliver({ group, topic, partition }, this.#carrierOf(run), { signal, endMs });
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

  #carrierOf(run: Run): Carrier {
    const { carrier } = this.#parts;
    return {
      async call(...args) {
        run.isCalling = true;
        try {
          return await carrier.call(...args);
        } finally {
          run.isCalling = false;
        }
      },
      sendFailure: (...args) => carrier.sendFailure(...args),
    };
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

function endSoon(run: Run): void {
  run.again = true;
  run.ending.abort();
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
