import { LogError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";

/** What a consumer tells of waits that others are the cause of. */
export interface StallCallbacks {
  /** Told once when no records come because the server does not answer, or a topic of the group's consumer is not there. It goes on trying. */
  readonly onStalled?: (error: LogError) => void | Promise<void>;
  /** Told once when that is over. */
  readonly onRecovered?: () => void | Promise<void>;
}

const stalling: ReadonlySet<ErrorCode> = new Set(["unavailable", "timeout", "unknown_topic_or_partition"]);

/** Knows what does not get on, and tells when the first of it begins and the last of it is over. */
export class Stalls {
  readonly #callbacks: StallCallbacks;
  readonly #stop: AbortSignal;
  readonly #thrown: (error: LogError) => void;
  readonly #failing = new Set<unknown>();

  /** @param stop nothing is told any more @param thrown told what a callback throws */
  constructor({ onStalled, onRecovered }: StallCallbacks, stop: AbortSignal, thrown: (error: LogError) => void) {
    this.#callbacks = { ...(onStalled && { onStalled }), ...(onRecovered && { onRecovered }) };
    this.#stop = stop;
    this.#thrown = thrown;
  }

  /** Whether anybody is told. */
  get isTold(): boolean {
    return this.#callbacks.onStalled !== undefined;
  }

  /** Something has failed. @param attempt from 0: what the next attempt mends is not told */
  failed(what: unknown, error: LogError, attempt: number): void {
    if (!stalling.has(error.code) || (attempt === 0 && error.code !== "timeout")) return;
    const isFirst = this.#failing.size === 0;
    this.#failing.add(what);
    if (isFirst) void this.#tell(() => this.#callbacks.onStalled?.(error));
  }

  /** Something gets on, or is wanted no more. */
  over(what: unknown): void {
    if (this.#failing.delete(what) && this.#failing.size === 0) void this.#tell(() => this.#callbacks.onRecovered?.());
  }

  async #tell(run: () => unknown): Promise<void> {
    if (this.#stop.aborted) return;
    try {
      await run();
    } catch (reason) {
      this.#thrown(LogError.from(reason));
    }
  }
}
