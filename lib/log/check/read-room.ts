/** Bounds what reads hold together: one for which there is no room waits for those before it. */
export class ReadRoom {
  readonly #bytesMax: number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#free = bytesMax;
  }

  /** Runs `use`, which must not wait for other reads, with room for so many bytes; with all that there is for more than that. */
  async hold<T>(bytes: number, use: () => Promise<T>): Promise<T> {
    const own = Math.min(bytes, this.#bytesMax);
    await this.#take(own);
    try {
      return await use();
    } finally {
      this.#free += own;
      this.#startNext();
    }
  }

  /** In order, so that a large one gets its turn. */
  async #take(bytes: number): Promise<void> {
    await new Promise<void>((start) => {
      this.#waiting.push({ bytes, start });
      this.#startNext();
    });
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.start();
    }
  }
}
