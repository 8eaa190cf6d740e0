/** How many of something there are at the moment. */
export class Level {
  readonly #tell: (count: number) => void;
  #count = 0;

  /** @param tell hears each change, and 0 at first */
  constructor(tell: (count: number) => void) {
    this.#tell = tell;
    tell(0);
  }

  /** One more while the work runs. @throws as the work does */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#tell(++this.#count);
    try {
      return await work;
    } finally {
      this.#tell(--this.#count);
    }
  }
}
