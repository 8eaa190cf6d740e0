import { byteAt } from "./bytes.ts";

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

/** xxHash32 with seed 0, unsigned: the checksum of LZ4 frames. */
export function xxHash32(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let position = start;
  let hash = prime5;
  if (length >= 16) {
    let a = (prime1 + prime2) | 0;
    let b = prime2;
    let c = 0;
    let d = -prime1;
    for (; position + 16 <= end; position += 16) {
      a = round(a, readWord(bytes, position));
      b = round(b, readWord(bytes, position + 4));
      c = round(c, readWord(bytes, position + 8));
      d = round(d, readWord(bytes, position + 12));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
  hash = (hash + length) | 0;
  for (; position + 4 <= end; position += 4)
    hash = Math.imul(rotate((hash + Math.imul(readWord(bytes, position), prime3)) | 0, 17), prime4);
  for (; position < end; position++) hash = Math.imul(rotate((hash + Math.imul(byteAt(bytes, position), prime5)) | 0, 11), prime1);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function readWord(bytes: Uint8Array, position: number): number {
  return (
    byteAt(bytes, position) | (byteAt(bytes, position + 1) << 8) | (byteAt(bytes, position + 2) << 16) | (byteAt(bytes, position + 3) << 24)
  );
}
