/** Between one process's SDK clients and the services: what is on its way, and what is held back to be done long after. */
export class Wire {
  readonly #held = new Set<() => void>();
  readonly #onIdle: (() => void)[] = [];
  #running = 0;

  /** Requests that run or are held back. */
  get inFlight(): number {
    return this.#running + this.#held.size;
  }

  async run<T>(send: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await send();
    } finally {
      this.#running--;
      this.#noteIdle();
    }
  }

  /** Does it after a time, or when all that is held back is let go. Nobody hears of its answer. */
  hold(delayMs: number, send: () => Promise<unknown>): void {
    const go = (): void => {
      clearTimeout(timer);
      if (!this.#held.delete(go)) return;
      this.run(send).catch(() => undefined);
    };
    const timer = setTimeout(go, delayMs);
    this.#held.add(go);
  }

  letGo(): void {
    for (const go of [...this.#held]) go();
  }

  /** Calls back once nothing is in flight. */
  whenIdle(listener: () => void): void {
    this.#onIdle.push(listener);
    this.#noteIdle();
  }

  #noteIdle(): void {
    if (this.inFlight > 0) return;
    for (const listener of this.#onIdle.splice(0)) listener();
  }
}
