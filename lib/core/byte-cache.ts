/** Immutable bytes by name, the longest unused dropped first. One load at a time for each name. */
export class ByteCache {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Uint8Array>();
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(name: string): Uint8Array | undefined {
    const found = this.#entries.get(name);
    if (found === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, found);
    return found;
  }

  /** Also while it is being loaded. Counts as no use. */
  has(name: string): boolean {
    return this.#entries.has(name) || this.#loading.has(name);
  }

  set(name: string, bytes: Uint8Array): void {
    this.delete(name);
    this.#entries.set(name, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#entries.delete(oldest);
      this.#bytes -= length;
    }
  }

  delete(name: string): void {
    const found = this.#entries.get(name);
    if (found === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= found.length;
  }

  async load(name: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const running = this.#loading.get(name);
    if (running !== undefined) return await running;
    const loading = read().then((bytes) => {
      this.set(name, bytes);
      return bytes;
    });
    this.#loading.set(name, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(name);
    }
  }
}
