import { encodeBatch } from "../../lib/core/codec/record-batch.ts";
import { nodeCompression } from "../../lib/node/compression.ts";

/** An uncompressed record batch of just under `bytes`, with records of 1,000 B. */
export function batchOf(bytes: number): Uint8Array {
  const value = new Uint8Array(1000).fill(120);
  const records = Array.from({ length: Math.floor((bytes - 61) / 1015) }, () => ({ key: null, value, headers: [] }));
  return encodeBatch(records, { nowMs: Date.now(), compression: nodeCompression, compressionType: "none" });
}
