import { corrupt } from "./batch-header.ts";
import { byteAt } from "./bytes.ts";
import { copyWithin, readLittle16, readLittle32 } from "./little-endian.ts";
import { xxHash32 } from "./xxhash32.ts";

const magic = 0x184d2204;
/** Flags of a frame, in its fifth byte. */
const flag = {
  version: 0xc0,
  version1: 0x40,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  reserved: 0x02,
  dictionary: 0x01,
} as const;
const storedBlock = 0x8000_0000;
/** What one byte of a block can add to the output, at most. */
const ratioMax = 255;

/**
 * Opens one LZ4 frame that fills the bytes: linked or independent blocks, all checksums verified, no dictionary.
 * @throws corrupt_message, also when it would open to more than `bytesMax`; no more than the input can yield is allocated
 */
export function lz4Decompress(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const frame = readFrameHeader(bytes, bytesMax);
  const roomMax = Math.min(bytesMax, frame.contentBytes ?? Number.POSITIVE_INFINITY);
  let output: Uint8Array = new Uint8Array(Math.min(roomMax, frame.contentBytes === undefined ? bytes.length * 4 : bytes.length * ratioMax));
  let used = 0;
  let position = frame.headerBytes;
  for (;;) {
    const word = readWord(bytes, position);
    position += 4;
    if (word === 0) break;
    const length = word & 0x7fff_ffff;
    const end = position + length;
    if (length > frame.blockBytesMax || end > bytes.length) throw corrupt("an LZ4 block runs past its end");
    const blockMax = Math.min(frame.blockBytesMax, length * ratioMax, roomMax - used);
    output = grown(output, used, used + blockMax, roomMax);
    used =
      word >= storedBlock
        ? copyStored(bytes, position, end, output, used, used + blockMax)
        : openBlock(bytes, position, end, output, used, used + blockMax);
    if (frame.blockChecksum && readWord(bytes, end) !== xxHash32(bytes, position, end)) throw corrupt("an LZ4 block fails its checksum");
    position = end + (frame.blockChecksum ? 4 : 0);
  }
  if (frame.contentChecksum) {
    if (readWord(bytes, position) !== xxHash32(output, 0, used)) throw corrupt("the LZ4 content fails its checksum");
    position += 4;
  }
  if (position !== bytes.length) throw corrupt("bytes follow the LZ4 frame");
  if (frame.contentBytes !== undefined && frame.contentBytes !== used) throw corrupt("the LZ4 frame's content size is wrong");
  return output.subarray(0, used);
}

interface FrameHeader {
  readonly headerBytes: number;
  readonly blockBytesMax: number;
  readonly blockChecksum: boolean;
  readonly contentChecksum: boolean;
  readonly contentBytes: number | undefined;
}

function readFrameHeader(bytes: Uint8Array, bytesMax: number): FrameHeader {
  if (bytes.length < 7 || readLittle32(bytes, 0) !== magic) throw corrupt("it is no LZ4 frame");
  const flags = byteAt(bytes, 4);
  const descriptor = byteAt(bytes, 5);
  const sizeCode = descriptor >> 4;
  if (
    (flags & flag.version) !== flag.version1 ||
    (flags & (flag.reserved | flag.dictionary)) !== 0 ||
    (descriptor & 0x0f) !== 0 ||
    sizeCode < 4 ||
    sizeCode > 7
  ) {
    throw corrupt("the LZ4 frame's header is not one that is known");
  }
  let position = 6;
  let contentBytes: number | undefined;
  if ((flags & flag.contentSize) !== 0) {
    contentBytes = readWord(bytes, position) + readWord(bytes, position + 4) * 0x1_0000_0000;
    if (contentBytes > bytesMax) throw corrupt(`it would open to ${contentBytes} bytes, over the limit of ${bytesMax}`);
    position += 8;
  }
  if (byteAt(bytes, position) !== ((xxHash32(bytes, 4, position) >>> 8) & 0xff)) throw corrupt("the LZ4 frame's header fails its checksum");
  return {
    headerBytes: position + 1,
    blockBytesMax: 1 << (8 + 2 * sizeCode),
    blockChecksum: (flags & flag.blockChecksum) !== 0,
    contentChecksum: (flags & flag.contentChecksum) !== 0,
    contentBytes,
  };
}

/** The output with room up to `needed`: doubled, so that growing costs no more than the output itself. */
function grown(output: Uint8Array, used: number, needed: number, roomMax: number): Uint8Array {
  if (needed <= output.length) return output;
  const larger = new Uint8Array(Math.min(roomMax, Math.max(needed, output.length * 2)));
  larger.set(output.subarray(0, used));
  return larger;
}

function copyStored(bytes: Uint8Array, start: number, end: number, output: Uint8Array, used: number, usedMax: number): number {
  if (end - start > usedMax - used) throw tooMuch();
  output.set(bytes.subarray(start, end), used);
  return used + end - start;
}

/** One compressed block: literals and matches in turns, ending with literals. Matches may reach into earlier blocks. */
function openBlock(bytes: Uint8Array, start: number, end: number, output: Uint8Array, used: number, usedMax: number): number {
  let input = start;
  let out = used;
  while (input < end) {
    const token = byteAt(bytes, input++);
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        if (input >= end) throw past();
        byte = byteAt(bytes, input++);
        literals += byte;
      }
    }
    if (literals > end - input) throw past();
    if (literals > usedMax - out) throw tooMuch();
    if (literals > 32) output.set(bytes.subarray(input, input + literals), out);
    else for (let i = 0; i < literals; i++) output[out + i] = byteAt(bytes, input + i);
    input += literals;
    out += literals;
    if (input === end) return out;
    if (end - input < 2) throw past();
    const distance = readLittle16(bytes, input);
    input += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let byte = 255;
      while (byte === 255) {
        if (input >= end) throw past();
        byte = byteAt(bytes, input++);
        length += byte;
      }
    }
    if (distance === 0 || distance > out) throw corrupt("an LZ4 match points before the start");
    if (length > usedMax - out) throw tooMuch();
    copyWithin(output, out, distance, length);
    out += length;
  }
  throw past();
}

function readWord(bytes: Uint8Array, position: number): number {
  if (position + 4 > bytes.length) throw past();
  return readLittle32(bytes, position);
}

function past(): Error {
  return corrupt("the LZ4 frame ends too early");
}

function tooMuch(): Error {
  return corrupt("the LZ4 frame opens to more than it may");
}
