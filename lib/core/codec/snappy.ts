import { corrupt } from "./batch-header.ts";
import { byteAt, readInt32 } from "./bytes.ts";
import { copyWithin, readLittle16, readLittle32 } from "./little-endian.ts";

/** How the framing of Java's snappy library starts: 0x82 "SNAPPY" 0, then two version numbers. */
const framingMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const framingHeaderBytes = 16;
/** A copy of 64 bytes takes 3: nothing opens to more than this times its size. */
const ratioMax = 22;

/**
 * Opens Snappy as Kafka's clients send it: one raw block, or several in the framing of Java's library.
 * @throws corrupt_message, also when it would open to more than `bytesMax`; declared sizes are checked before anything is allocated
 */
export function snappyDecompress(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const blocks = isFramed(bytes) ? framedBlocks(bytes) : [{ start: 0, end: bytes.length }];
  let total = 0;
  for (const { start, end } of blocks) total += readPreamble(bytes, start, end).length;
  if (total > bytesMax) throw corrupt(`it would open to ${total} bytes, over the limit of ${bytesMax}`);
  const output = new Uint8Array(total);
  let used = 0;
  for (const { start, end } of blocks) used = openBlock(bytes, start, end, output, used);
  return output;
}

interface Block {
  readonly start: number;
  readonly end: number;
}

function isFramed(bytes: Uint8Array): boolean {
  return bytes.length >= framingHeaderBytes && framingMagic.every((byte, i) => bytes[i] === byte);
}

function framedBlocks(bytes: Uint8Array): Block[] {
  const blocks: Block[] = [];
  for (let position = framingHeaderBytes; position < bytes.length; ) {
    if (bytes.length - position < 4) throw past();
    const length = readInt32(bytes, position);
    const start = position + 4;
    if (length < 1 || length > bytes.length - start) throw past();
    blocks.push({ start, end: start + length });
    position = start + length;
  }
  return blocks;
}

/** The length that a block says it opens to, and where its data starts. */
function readPreamble(bytes: Uint8Array, start: number, end: number): { readonly length: number; readonly start: number } {
  let length = 0;
  let position = start;
  for (let weight = 1; weight <= 2 ** 28; weight *= 128) {
    if (position >= end) throw past();
    const byte = byteAt(bytes, position++);
    length += (byte & 0x7f) * weight;
    if (byte >= 0x80) continue;
    if (length > (end - position) * ratioMax) throw corrupt("a Snappy block says that it opens to more than it can");
    return { length, start: position };
  }
  throw corrupt("a Snappy block's length is out of range");
}

function openBlock(bytes: Uint8Array, blockStart: number, end: number, output: Uint8Array, used: number): number {
  const preamble = readPreamble(bytes, blockStart, end);
  const usedMax = used + preamble.length;
  let input = preamble.start;
  let out = used;
  while (input < end) {
    const tag = byteAt(bytes, input++);
    const kind = tag & 3;
    if (kind === 0) {
      const sizeBytes = Math.max(0, (tag >> 2) - 59);
      if (sizeBytes > end - input) throw past();
      const length = 1 + (sizeBytes === 0 ? tag >> 2 : readLittle(bytes, input, sizeBytes));
      input += sizeBytes;
      if (length > end - input) throw past();
      if (length > usedMax - out) throw tooMuch();
      if (length > 32) output.set(bytes.subarray(input, input + length), out);
      else for (let i = 0; i < length; i++) output[out + i] = byteAt(bytes, input + i);
      input += length;
      out += length;
      continue;
    }
    const distanceBytes = kind === 3 ? 4 : kind;
    if (distanceBytes > end - input) throw past();
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance =
      kind === 1 ? ((tag >> 5) << 8) | byteAt(bytes, input) : kind === 2 ? readLittle16(bytes, input) : readLittle32(bytes, input);
    input += distanceBytes;
    if (distance === 0 || distance > out - used) throw corrupt("a Snappy copy points before the start of its block");
    if (length > usedMax - out) throw tooMuch();
    copyWithin(output, out, distance, length);
    out += length;
  }
  if (out !== usedMax) throw corrupt("a Snappy block opens to less than it says");
  return out;
}

function readLittle(bytes: Uint8Array, position: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + byteAt(bytes, position + i);
  return value;
}

function past(): Error {
  return corrupt("the Snappy data ends too early");
}

function tooMuch(): Error {
  return corrupt("a Snappy block opens to more than it says");
}
