import { encodeBatch } from "../../lib/core/codec/record-batch.ts";
import type { NewRecord } from "../../lib/core/record.ts";
import { nodeCompression as compression } from "../../lib/node/compression.ts";

export const topic = "compacted";
export const tuning = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, quietMs: 0 };

/** Records of one batch. */
export const batchRecords = 5_000;
/** One record in so many is a tombstone. */
const tombstoneEvery = 50;
const encoder = new TextEncoder();

/** The key's number of each record in turn: by chance from a seed, so that a second run gives the same. */
export function* keyNumbers(records: number, keys: number): Generator<number, void, undefined> {
  let state = 0x9e3779b9;
  for (let nth = 0; nth < records; nth++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    yield mixed % keys;
  }
}

export function isTombstone(nth: number): boolean {
  return nth % tombstoneEvery === 7;
}

/** The value tells the record's number, so that it is known when it is read. */
export function recordOf(nth: number, key: number): NewRecord {
  const value = isTombstone(nth)
    ? null
    : encoder.encode(`${String(nth).padStart(9, "0")} of a value of about sixty bytes, as small records are`);
  return { key: encoder.encode(`key-${String(key).padStart(8, "0")}`), value, headers: [] };
}

export function batchOf(records: readonly NewRecord[]): Uint8Array {
  return encodeBatch(records, { nowMs: Date.now(), compression, compressionType: "none" });
}

/** The offset of each key's last record; -1: it has none. Computed from the numbers alone. */
export function lastOffsets(records: number, keys: number): Int32Array {
  const last = new Int32Array(keys).fill(-1);
  let nth = 0;
  for (const key of keyNumbers(records, keys)) last[key] = nth++;
  return last;
}
