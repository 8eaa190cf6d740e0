import type { Clock } from "../../../ports/clock.ts";

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

/** Time that goes by only when it is told to. */
export class ManualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (durationMs <= 0 || signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { wakeMs: this.#nowMs + durationMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Lets time go by and wakes who is due. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const { wakeMs, wake } of [...this.#sleepers].sort((a, b) => a.wakeMs - b.wakeMs)) if (wakeMs <= this.#nowMs) wake();
  }

  /** When the first sleeper is due; undefined when nobody sleeps. */
  get nextMs(): number | undefined {
    const times = [...this.#sleepers].map(({ wakeMs }) => wakeMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
