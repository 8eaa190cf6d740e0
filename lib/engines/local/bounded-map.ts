/**
 * A map that forgets what was not used for long, unless that must stay. Two generations, so that a use costs no reordering: what is
 * used moves to the young one; when that holds half of the bound, it becomes the old one, and the old one is forgotten.
 */
export class BoundedMap<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  readonly #youngMax: number;
  readonly #mayForget: (value: V) => boolean;

  constructor(sizeMax: number, mayForget: (value: V) => boolean = () => true) {
    this.#youngMax = Math.max(1, Math.floor(sizeMax / 2));
    this.#mayForget = mayForget;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** As `get`, and no use: what is looked at may be forgotten all the same. */
  peek(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size > this.#youngMax) this.#age();
  }

  #age(): void {
    const forgotten = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const [key, value] of forgotten) {
      if (!this.#mayForget(value) && !this.#old.has(key)) this.#young.set(key, value);
    }
  }
}
