import type { Clock } from "../../ports/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * One run of a process, of the log or of a client. After `end` nothing reaches it any more: answers and timers meant for it are dropped,
 * so its code stops at whatever it was waiting for.
 */
export class Life {
  readonly name: string;
  isAlive = true;
  /** A frozen process gets its answers and timers when it thaws. */
  frozenUntilMs = 0;
  readonly #scheduler: Scheduler;
  readonly #onEnd = new Set<() => void>();

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.#scheduler = scheduler;
  }

  /** Runs the step after a time if the process is still there, and not before it thaws. */
  after(delayMs: number, step: () => void): () => void {
    let cancel = this.#scheduler.schedule(delayMs, () => {
      cancel = this.arrive(step);
    });
    return () => cancel();
  }

  /** Runs the step now if the process is there, or once it thaws. */
  arrive(step: () => void): () => void {
    if (!this.isAlive) return () => undefined;
    const frozenMs = this.frozenUntilMs - this.#scheduler.nowMs;
    if (frozenMs > 0) return this.after(frozenMs, step);
    step();
    return () => undefined;
  }

  /** Calls back when this life ends, until the returned function is called. */
  onEnd(listener: () => void): () => void {
    this.#onEnd.add(listener);
    return () => this.#onEnd.delete(listener);
  }

  end(): void {
    this.isAlive = false;
    const listeners = [...this.#onEnd];
    this.#onEnd.clear();
    for (const listener of listeners) listener();
  }

  /** The process's own clock, which may be wrong by any constant. */
  clock(skewMs: number): Clock {
    return {
      nowMs: () => Math.floor(this.#scheduler.nowMs + skewMs),
      sleep: (durationMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve();
            return;
          }
          const done = (): void => {
            cancel();
            signal?.removeEventListener("abort", done);
            resolve();
          };
          const cancel = this.after(durationMs, done);
          signal?.addEventListener("abort", done);
        }),
    };
  }
}
