import { type Digest, SipHash128 } from "./siphash.ts";

/** Of the places at most so many are taken: looking one up takes a few steps then. */
const loadMax = 0.75;

/**
 * The greatest offset of each of a bounded number of keys. A key counts as the 128 bits of its keyed hash: 24 bytes a place, four places for three keys,
 * whatever the keys' own lengths are.
 */
export class KeyOffsets {
  readonly #hash: SipHash128;
  readonly #keysMax: number;
  readonly #places: number;
  /** Four words a place. */
  readonly #digests: Uint32Array;
  /** One more than the offset; 0: the place is free. */
  readonly #offsets: Float64Array;
  readonly #digest: Digest = { a: 0, b: 0, c: 0, d: 0 };
  #keys = 0;

  /**
   * @param keysMax from 1
   * @param seed 16 random bytes
   */
  constructor(keysMax: number, seed: Uint8Array) {
    this.#hash = new SipHash128(seed);
    this.#keysMax = keysMax;
    this.#places = Math.ceil(keysMax / loadMax) + 1;
    this.#digests = new Uint32Array(4 * this.#places);
    this.#offsets = new Float64Array(this.#places);
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
    const place = this.#find(bytes, start, end);
    if (this.#offsets[place] === 0) {
      if (this.#keys === this.#keysMax) return false;
      this.#keys++;
      const { a, b, c, d } = this.#digest;
      this.#digests[4 * place] = a;
      this.#digests[4 * place + 1] = b;
      this.#digests[4 * place + 2] = c;
      this.#digests[4 * place + 3] = d;
    }
    this.#offsets[place] = offset + 1;
    return true;
  }

  /** The key's greatest offset; -1 when it is not known. */
  greatest(bytes: Uint8Array, start: number, end: number): number {
    return (this.#offsets[this.#find(bytes, start, end)] as number) - 1;
  }

  /** The key's place, or the free one that it would get. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    this.#hash.hash(bytes, start, end, this.#digest);
    const { a, b, c, d } = this.#digest;
    const digests = this.#digests;
    for (let place = Math.floor((a / 0x1_0000_0000) * this.#places); ; place = place + 1 === this.#places ? 0 : place + 1) {
      if (this.#offsets[place] === 0) return place;
      const at = 4 * place;
      if (digests[at] === a && digests[at + 1] === b && digests[at + 2] === c && digests[at + 3] === d) return place;
    }
  }
}
