import { crc32 } from "node:zlib";

/**
 * The journal's checksum: CRC-32 as zlib has it, which Node computes natively, several times faster than CRC-32C in JavaScript. The
 * batches inside carry their own CRC-32C.
 * @param seed the checksum of the bytes before these. Default: nothing before.
 */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed);
}
