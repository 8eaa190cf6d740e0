import type { Digest } from "./siphash.ts";

/** Of the places at most so many are taken: looking one up takes a few steps then. */
const loadMax = 0.75;
const placesFirst = 64;
const growth = 1.5;

/** Offsets by digest in flat arrays, by open addressing: no object a key. */
export class KeyTable {
  readonly #keysMax: number;
  #places: number;
  /** Four words a place. */
  #digests: Uint32Array;
  /** One more than the offset; 0: the place is free. */
  #offsets: Float64Array;
  #keys = 0;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
    this.#places = Math.min(placesFirst, placesFor(keysMax));
    this.#digests = new Uint32Array(4 * this.#places);
    this.#offsets = new Float64Array(this.#places);
  }

  /** -1: it is not there. */
  get(digest: Digest): number {
    return (this.#offsets[this.#find(digest)] as number) - 1;
  }

  /** @returns false when it is not there */
  replace(digest: Digest, offset: number): boolean {
    const place = this.#find(digest);
    if (this.#offsets[place] === 0) return false;
    this.#offsets[place] = offset + 1;
    return true;
  }

  /** Adds what is not there. @returns false when it is full */
  add(digest: Digest, offset: number): boolean {
    if (this.#keys === this.#keysMax) return false;
    if (this.#keys + 1 > this.#places * loadMax) this.#grow();
    this.#put(digest, offset);
    this.#keys++;
    return true;
  }

  #grow(): void {
    const [places, digests, offsets] = [this.#places, this.#digests, this.#offsets];
    this.#places = Math.min(Math.ceil(places * growth), placesFor(this.#keysMax));
    this.#digests = new Uint32Array(4 * this.#places);
    this.#offsets = new Float64Array(this.#places);
    const digest: Digest = { a: 0, b: 0, c: 0, d: 0 };
    for (let place = 0; place < places; place++) {
      if (offsets[place] === 0) continue;
      digest.a = digests[4 * place] as number;
      digest.b = digests[4 * place + 1] as number;
      digest.c = digests[4 * place + 2] as number;
      digest.d = digests[4 * place + 3] as number;
      this.#put(digest, (offsets[place] as number) - 1);
    }
  }

  #put(digest: Digest, offset: number): void {
    const place = this.#find(digest);
    this.#offsets[place] = offset + 1;
    this.#digests[4 * place] = digest.a;
    this.#digests[4 * place + 1] = digest.b;
    this.#digests[4 * place + 2] = digest.c;
    this.#digests[4 * place + 3] = digest.d;
  }

  /** Its place, or the free one that it would get. */
  #find({ a, b, c, d }: Digest): number {
    const [digests, offsets, places] = [this.#digests, this.#offsets, this.#places];
    for (let place = Math.floor((a / 0x1_0000_0000) * places); ; place = place + 1 === places ? 0 : place + 1) {
      if (offsets[place] === 0) return place;
      const at = 4 * place;
      if (digests[at] === a && digests[at + 1] === b && digests[at + 2] === c && digests[at + 3] === d) return place;
    }
  }
}

/** One place always stays free: there the search for what is not there ends. */
function placesFor(keys: number): number {
  return Math.ceil(keys / loadMax) + 1;
}
