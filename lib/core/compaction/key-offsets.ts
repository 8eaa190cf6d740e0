import { type Digest, SipHash128 } from "./siphash.ts";
import { KeyTable } from "./key-table.ts";

/** Of many keys the map is made of so many tables: while one grows, which takes it twice for a moment, the others do not. */
const tablesOfMany = 64;
/** From so many keys on. */
const manyKeys = 65_536;
/** Chance fills tables differently: each has so much more room than its share. */
const spare = 1.05;

/**
 * The greatest offset of each of a bounded number of keys. A key counts as the 128 bits of its keyed hash: 24 bytes, whatever the keys' own lengths are, and a third as
 * much that stays free. It takes memory as keys come.
 */
export class KeyOffsets {
  readonly #hash: SipHash128;
  readonly #keysMax: number;
  readonly #tables: readonly KeyTable[];
  readonly #digest: Digest = { a: 0, b: 0, c: 0, d: 0 };
  #keys = 0;

  /**
   * @param keysMax from 1
   * @param seed 16 random bytes
   */
  constructor(keysMax: number, seed: Uint8Array) {
    this.#hash = new SipHash128(seed);
    this.#keysMax = keysMax;
    const count = keysMax < manyKeys ? 1 : tablesOfMany;
    const share = count === 1 ? keysMax : Math.ceil((keysMax / count) * spare);
    this.#tables = Array.from({ length: count }, () => new KeyTable(share));
  }

  /** Keys that it knows. */
  get size(): number {
    return this.#keys;
  }

  /**
   * Notes an offset of the key that is the bytes from `start` to before `end`. Offsets are noted in rising order.
   * @returns false when the key is new and there is no room for one more: nothing was noted
   */
  note(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const table = this.#tableOf(bytes, start, end);
    if (table.replace(this.#digest, offset)) return true;
    if (this.#keys === this.#keysMax || !table.add(this.#digest, offset)) return false;
    this.#keys++;
    return true;
  }

  /** The key's greatest offset; -1 when it is not known. */
  greatest(bytes: Uint8Array, start: number, end: number): number {
    return this.#tableOf(bytes, start, end).get(this.#digest);
  }

  /** Sets the digest, too. */
  #tableOf(bytes: Uint8Array, start: number, end: number): KeyTable {
    this.#hash.hash(bytes, start, end, this.#digest);
    return this.#tables[this.#digest.b % this.#tables.length] as KeyTable;
  }
}
