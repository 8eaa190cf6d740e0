/** The 128 bits of a key's hash. */
export interface Digest {
  a: number;
  b: number;
  c: number;
  d: number;
}

/**
 * SipHash-2-4 with 128 bits of output, on 32-bit halves: keyed, so that nobody who does not know the key can make two inputs meet.
 * An object that is made once holds the state: none is made for a hash.
 */
export class SipHash128 {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;

  /** @param key 16 random bytes */
  constructor(key: Uint8Array) {
    this.#k0l = little32(key, 0);
    this.#k0h = little32(key, 4);
    this.#k1l = little32(key, 8);
    this.#k1h = little32(key, 12);
  }

  /** Hashes the bytes from `start` to before `end`. The digest's words are unsigned, the reference's output bytes in little-endian order. */
  hash(bytes: Uint8Array, start: number, end: number, digest: Digest): void {
    state.v0l = this.#k0l ^ 0x70736575;
    state.v0h = this.#k0h ^ 0x736f6d65;
    state.v1l = this.#k1l ^ 0x6e646f6d ^ 0xee;
    state.v1h = this.#k1h ^ 0x646f7261;
    state.v2l = this.#k0l ^ 0x6e657261;
    state.v2h = this.#k0h ^ 0x6c796765;
    state.v3l = this.#k1l ^ 0x79746573;
    state.v3h = this.#k1h ^ 0x74656462;
    const whole = start + ((end - start) & ~7);
    for (let at = start; at < whole; at += 8) absorb(little32(bytes, at), little32(bytes, at + 4));
    let [low, high] = [0, (end - start) << 24];
    for (let at = whole; at < end; at++) {
      const nth = at - whole;
      if (nth < 4) low |= (bytes[at] as number) << (8 * nth);
      else high |= (bytes[at] as number) << (8 * (nth - 4));
    }
    absorb(low, high);
    state.v2l ^= 0xee;
    rounds(4);
    digest.a = (state.v0l ^ state.v1l ^ state.v2l ^ state.v3l) >>> 0;
    digest.b = (state.v0h ^ state.v1h ^ state.v2h ^ state.v3h) >>> 0;
    state.v1l ^= 0xdd;
    rounds(4);
    digest.c = (state.v0l ^ state.v1l ^ state.v2l ^ state.v3l) >>> 0;
    digest.d = (state.v0h ^ state.v1h ^ state.v2h ^ state.v3h) >>> 0;
  }
}

/** Shared by all hashes: each sets it whole before it uses it, and none is interrupted. */
const state = { v0l: 0, v0h: 0, v1l: 0, v1h: 0, v2l: 0, v2h: 0, v3l: 0, v3h: 0 };

function little32(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

function absorb(low: number, high: number): void {
  state.v3l ^= low;
  state.v3h ^= high;
  rounds(2);
  state.v0l ^= low;
  state.v0h ^= high;
}

function rounds(count: number): void {
  let { v0l, v0h, v1l, v1h, v2l, v2h, v3l, v3h } = state;
  let sum: number;
  let kept: number;
  for (let round = 0; round < count; round++) {
    // v0 += v1, v1 <<<= 13, v1 ^= v0, v0 <<<= 32
    sum = (v0l >>> 0) + (v1l >>> 0);
    v0h = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
    v0l = sum | 0;
    kept = v1h;
    v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
    v1l = ((v1l << 13) | (kept >>> 19)) ^ v0l;
    kept = v0h;
    v0h = v0l;
    v0l = kept;
    // v2 += v3, v3 <<<= 16, v3 ^= v2
    sum = (v2l >>> 0) + (v3l >>> 0);
    v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
    v2l = sum | 0;
    kept = v3h;
    v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
    v3l = ((v3l << 16) | (kept >>> 16)) ^ v2l;
    // v0 += v3, v3 <<<= 21, v3 ^= v0
    sum = (v0l >>> 0) + (v3l >>> 0);
    v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
    v0l = sum | 0;
    kept = v3h;
    v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
    v3l = ((v3l << 21) | (kept >>> 11)) ^ v0l;
    // v2 += v1, v1 <<<= 17, v1 ^= v2, v2 <<<= 32
    sum = (v2l >>> 0) + (v1l >>> 0);
    v2h = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
    v2l = sum | 0;
    kept = v1h;
    v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
    v1l = ((v1l << 17) | (kept >>> 15)) ^ v2l;
    kept = v2h;
    v2h = v2l;
    v2l = kept;
  }
  state.v0l = v0l;
  state.v0h = v0h;
  state.v1l = v1l;
  state.v1h = v1h;
  state.v2l = v2l;
  state.v2h = v2h;
  state.v3l = v3l;
  state.v3h = v3h;
}
