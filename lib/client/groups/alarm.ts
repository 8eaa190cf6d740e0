import type { ClientClock } from "../options.ts";

/** A sleep that can be ended, also before it begins. */
export class Alarm {
  readonly #clock: ClientClock;
  readonly #stop: AbortSignal;
  #wake = new AbortController();

  /** @param stop no sleep outlasts it */
  constructor(clock: ClientClock, stop: AbortSignal) {
    this.#clock = clock;
    this.#stop = stop;
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#wake.signal.aborted && !this.#stop.aborted) {
      await this.#clock.sleep(ms, AbortSignal.any([this.#wake.signal, this.#stop]));
    }
    this.#wake = new AbortController();
  }

  /** Ends the sleep that there is, or the next one. */
  ring(): void {
    this.#wake.abort();
  }
}
