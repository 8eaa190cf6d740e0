import { LogError } from "../errors.ts";
import { byteAt } from "./bytes.ts";

/** Kafka's variable-length integers: zigzag, then seven bits a byte, low bits first. At most 5 bytes (varint) or 10 (varlong). */

/** Bytes that a 32-bit integer takes. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Writes a 32-bit integer. @returns the position after it */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let next = position;
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

/** Bytes that a safe integer takes. */
export function varlongBytes(value: number): number {
  if (value === value >> 0) return varintBytes(value);
  let count = 1;
  for (let rest = zigzag64(value) >> 7n; rest > 0n; rest >>= 7n) count++;
  return count;
}

/** Writes a safe integer. @returns the position after it */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  if (value === value >> 0) return writeVarint(bytes, position, value);
  let rest = zigzag64(value);
  let next = position;
  while (rest >= 0x80n) {
    bytes[next++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  bytes[next++] = Number(rest);
  return next;
}

function zigzag64(value: number): bigint {
  const wide = BigInt(value);
  return BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
}

/** Reads varints one after another, never past `end`. */
export class VarintReader {
  readonly bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /** @throws corrupt_message at the end, or when it does not fit 32 bits */
  readVarint(): number {
    const first = this.#next();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let zigzag = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const byte = this.#next();
      if (shift === 28 && byte > 0x0f) break;
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    throw new LogError("corrupt_message", "a varint does not fit 32 bits");
  }

  /** @throws corrupt_message at the end, or when it is no safe integer */
  readVarlong(): number {
    const first = this.#next();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    // Seven bits a byte; one is the sign, so a safe integer is below 2^53 after halving.
    let half = (first & 0x7f) >>> 1;
    for (let weight = 64, count = 1; count < 10; count++, weight *= 128) {
      const byte = this.#next();
      half += (byte & 0x7f) * weight;
      if (byte >= 0x80) continue;
      if (half > Number.MAX_SAFE_INTEGER) break;
      return (first & 1) === 0 ? half : -half - 1;
    }
    throw new LogError("corrupt_message", "a varlong is out of range");
  }

  #next(): number {
    if (this.position >= this.end) throw new LogError("corrupt_message", "a varint runs past the end");
    return byteAt(this.bytes, this.position++);
  }
}
