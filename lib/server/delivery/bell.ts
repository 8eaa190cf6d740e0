import { nodeClock } from "../../node/clock.ts";

/** Wakes the one who waits for it. A ring while nobody waits is kept for the next wait; several are one. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves when it was rung since the last wait, after a time, or on abort. */
  async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    const rung = new AbortController();
    this.#wake = () => rung.abort();
    if (!this.#isRung) await nodeClock.sleep(waitMs, AbortSignal.any([signal, rung.signal]));
    this.#wake = undefined;
    this.#isRung = false;
  }
}
