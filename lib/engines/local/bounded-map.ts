/** A map that forgets what was used longest ago when it is full, unless that must stay. */
export class BoundedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #sizeMax: number;
  readonly #mayForget: (value: V) => boolean;

  constructor(sizeMax: number, mayForget: (value: V) => boolean = () => true) {
    this.#sizeMax = sizeMax;
    this.#mayForget = mayForget;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    // Below half of the bound the order does not matter yet.
    if (this.#values.size * 2 > this.#sizeMax) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#sizeMax) this.#forget();
  }

  #forget(): void {
    for (const [key, value] of this.#values) {
      if (!this.#mayForget(value)) continue;
      this.#values.delete(key);
      return;
    }
  }
}
