import { byteAt } from "./codec/bytes.ts";

/** MurmurHash2 as Kafka's Java client computes it (its seed, signed 32-bit result): keys land where Kafka's own producers put them. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = 0x9747b28c ^ length;
  for (let i = 0; i < whole; i += 4) {
    let word = byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);
    word = Math.imul(word, multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  if (length > whole) {
    for (let i = length - 1; i >= whole; i--) hash ^= byteAt(bytes, i) << ((i - whole) * 8);
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

const multiplier = 0x5bd1e995;

/** Kafka's default partition of a key: `toPositive(murmur2(key)) % partitions`. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * One partition for the keyless records of a request: the same for the same seed, and spread evenly over seeds, also neighbouring ones.
 * @param seed an integer; its low 32 bits count
 */
export function stickyPartition(seed: number, partitions: number): number {
  let mixed = seed >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % partitions;
}
