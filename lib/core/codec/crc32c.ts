import { byteAt } from "./bytes.ts";

/** CRC-32C (Castagnoli), reflected. Eight tables of 256: table k is one byte followed by k zero bytes. */
const tables = makeTables();

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number;
    made[i] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

/**
 * CRC-32C of bytes, unsigned.
 * @param seed the CRC of the bytes before these: `crc32c(b, crc32c(a))` is the CRC of a followed by b. Default 0: nothing before.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const t = tables;
  let crc = ~seed;
  let i = 0;
  for (const last = bytes.length - 7; i < last; i += 8) {
    crc ^= byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + byteAt(bytes, i + 4)] as number) ^
      (t[512 + byteAt(bytes, i + 5)] as number) ^
      (t[256 + byteAt(bytes, i + 6)] as number) ^
      (t[byteAt(bytes, i + 7)] as number);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ (t[(crc ^ byteAt(bytes, i)) & 0xff] as number);
  return ~crc >>> 0;
}
