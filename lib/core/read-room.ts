/** Bounds what reads hold together: one for which there is no room waits for those before it. */
export class ReadRoom {
  readonly #bytesMax: number;
  readonly #reclaim: (bytes: number) => number;
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  /** @param reclaim asked for so many bytes of room when they are wanted: gives up what it can, and says how much that was */
  constructor(bytesMax: number, reclaim: (bytes: number) => number = () => 0) {
    this.#bytesMax = bytesMax;
    this.#reclaim = reclaim;
    this.#free = bytesMax;
  }

  /** Runs `use`, which must not wait for other reads, with room for so many bytes; with all that there is for more than that. */
  async hold<T>(bytes: number, use: () => Promise<T>): Promise<T> {
    const own = await this.take(bytes);
    try {
      return await use();
    } finally {
      this.give(own);
    }
  }

  /** Waits for room, in order, so that a large one gets its turn. @returns what is to be given back: not more than all that there is */
  async take(bytes: number): Promise<number> {
    const own = Math.min(bytes, this.#bytesMax);
    await new Promise<void>((start) => {
      this.#waiting.push({ bytes: own, start });
      this.startNext();
    });
    return own;
  }

  /** @returns false when it would have to wait */
  takeNow(bytes: number): boolean {
    if (this.#waiting.length > 0 || bytes > this.#bytesMax || !this.#hasRoom(bytes)) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free += bytes;
    this.startNext();
  }

  /** To be called when more can be reclaimed than before. */
  startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.start();
    }
  }

  #hasRoom(bytes: number): boolean {
    if (bytes > this.#free) this.#free += this.#reclaim(bytes - this.#free);
    return bytes <= this.#free;
  }
}
