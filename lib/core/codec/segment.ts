import { LogError } from "../errors.ts";
import { batchBytes, batchField, inBatch } from "./batch-header.ts";
import { byteAt, readInt32, readInt64, readUint32, writeInt32 } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";
import { VarintReader, varintBytes, varlongBytes, writeVarint, writeVarlong } from "./varint.ts";

/**
 * A segment: one partition's record batches, in order, with their real base offsets, as one immutable object.
 *
 * Bytes: head (8): "SLSG", format version, three zeros · the batches, back to back · footer · tail (12): length of the footer, CRC-32C of head and footer, "SLSE".
 * Footer, in Kafka's varints: varlong base offset · varlong next offset, which is the first that the segment is not about: compaction may have removed
 * the records before it · varlong records · varlong smallest base timestamp of a batch and largest timestamp (-1: none) · varint blocks · of each block: varlong bytes, varlong first offset less the one
 * before (of the first: less the base offset), varlong largest timestamp, 4 bytes CRC-32C. A block is a run of whole batches: the least that is read and checked.
 */
export const segmentFormat = { version: 1, headBytes: 8, tailBytes: 12 } as const;

const headMark = [0x53, 0x4c, 0x53, 0x47];
const tailMark = [0x53, 0x4c, 0x53, 0x45];
/** The index costs about 12 bytes a block. */
const blockBytes = 64 * 1024;

/** What is known of a segment as a whole. */
export interface SegmentFacts {
  readonly baseOffset: number;
  /** The first offset that it is not about. */
  readonly nextOffset: number;
  readonly records: number;
  /** -1 when no record has one. */
  readonly minTimestampMs: number;
  readonly maxTimestampMs: number;
}

/** Blocks by number: where each begins in the object and what it holds. */
export interface SegmentIndex extends SegmentFacts {
  readonly blocks: number;
  /** Of block n, and one more: where the last one ends. */
  readonly positions: Float64Array;
  readonly firstOffsets: Float64Array;
  /** Of each block alone. */
  readonly maxTimestampsMs: Float64Array;
  readonly checksums: Uint32Array;
}

export function segmentHead(): Uint8Array {
  return new Uint8Array([...headMark, segmentFormat.version, 0, 0, 0]);
}

/** Takes batches as they pass and makes the footer of them. */
export class SegmentIndexer {
  readonly #baseOffset: number;
  readonly #lengths: number[] = [];
  readonly #firstOffsets: number[] = [];
  readonly #maxTimestampsMs: number[] = [];
  readonly #checksums: number[] = [];
  #openBytes = 0;
  #records = 0;
  #minTimestampMs = -1;
  #maxTimestampMs = -1;
  #batchBytes = 0;

  constructor(baseOffset: number) {
    this.#baseOffset = baseOffset;
  }

  /** Bytes of batches so far. */
  get batchBytes(): number {
    return this.#batchBytes;
  }

  get records(): number {
    return this.#records;
  }

  /** @param batches whole ones with their real base offsets @throws corrupt_message */
  add(batches: Uint8Array): void {
    for (let position = 0, nth = 0; position < batches.length; nth++) {
      const start = position;
      const length = inBatch(nth, start, () => batchBytes(batches, start));
      this.#addBatch(batches, start, length);
      position += length;
    }
  }

  /** @param nextOffset the first offset that the segment is not about */
  facts(nextOffset: number): SegmentFacts {
    return {
      baseOffset: this.#baseOffset,
      nextOffset,
      records: this.#records,
      minTimestampMs: this.#minTimestampMs,
      maxTimestampMs: this.#maxTimestampMs,
    };
  }

  /** Footer and tail. */
  end(nextOffset: number): Uint8Array {
    const footer = this.#footer(nextOffset);
    const end = new Uint8Array(footer.length + segmentFormat.tailBytes);
    end.set(footer);
    writeInt32(end, footer.length, footer.length);
    writeInt32(end, footer.length + 4, crc32c(footer, crc32c(segmentHead())));
    end.set(tailMark, footer.length + 8);
    return end;
  }

  #addBatch(batches: Uint8Array, start: number, length: number): void {
    const maxTimestampMs = readInt64(batches, start + batchField.maxTimestamp);
    const first = readInt64(batches, start + batchField.baseTimestamp);
    const bytes = batches.subarray(start, start + length);
    if (this.#openBytes === 0) {
      this.#lengths.push(0);
      this.#firstOffsets.push(readInt64(batches, start));
      this.#maxTimestampsMs.push(-1);
      this.#checksums.push(0);
    }
    const last = this.#lengths.length - 1;
    this.#lengths[last] = (this.#lengths[last] ?? 0) + length;
    this.#maxTimestampsMs[last] = Math.max(this.#maxTimestampsMs[last] ?? -1, maxTimestampMs);
    this.#checksums[last] = crc32c(bytes, this.#checksums[last]);
    this.#records += readInt32(batches, start + batchField.recordsCount);
    this.#batchBytes += length;
    this.#maxTimestampMs = Math.max(this.#maxTimestampMs, maxTimestampMs);
    if (first >= 0 && (this.#minTimestampMs < 0 || first < this.#minTimestampMs)) this.#minTimestampMs = first;
    this.#openBytes += length;
    if (this.#openBytes >= blockBytes) this.#openBytes = 0;
  }

  #footer(nextOffset: number): Uint8Array {
    const blocks = this.#lengths.length;
    const facts = [this.#baseOffset, nextOffset, this.#records, this.#minTimestampMs, this.#maxTimestampMs];
    const rows = this.#lengths.map((length, nth) => {
      const before = nth === 0 ? this.#baseOffset : (this.#firstOffsets[nth - 1] ?? 0);
      return [length, (this.#firstOffsets[nth] ?? 0) - before, this.#maxTimestampsMs[nth] ?? -1] as const;
    });
    const size = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + varlongBytes(number), 0);
    const bytes = new Uint8Array(size(facts) + varintBytes(blocks) + rows.reduce((sum, row) => sum + size(row) + 4, 0));
    let at = 0;
    for (const fact of facts) at = writeVarlong(bytes, at, fact);
    at = writeVarint(bytes, at, blocks);
    for (const [nth, row] of rows.entries()) {
      for (const number of row) at = writeVarlong(bytes, at, number);
      writeInt32(bytes, at, this.#checksums[nth] ?? 0);
      at += 4;
    }
    return bytes;
  }
}

/**
 * Reads a segment's index.
 * @param end the last bytes of the object: at least footer and tail
 * @param objectBytes of the whole object
 * @throws corrupt_log, unsupported_version
 */
export function readSegmentIndex(end: Uint8Array, objectBytes: number): SegmentIndex {
  const tailAt = end.length - segmentFormat.tailBytes;
  if (tailAt < 0 || tailMark.some((byte, nth) => byteAt(end, tailAt + 8 + nth) !== byte)) throw damaged("it does not end as one");
  const length = readUint32(end, tailAt);
  if (length > tailAt) throw damaged(`its footer of ${length} bytes is not all there`);
  const footer = end.subarray(tailAt - length, tailAt);
  if (crc32c(footer, crc32c(segmentHead())) !== readUint32(end, tailAt + 4)) throw damaged("its footer fails its checksum");
  try {
    return readFooter(footer, objectBytes - segmentFormat.tailBytes - length);
  } catch (cause) {
    throw damaged("its footer cannot be read", cause);
  }
}

/** @throws corrupt_log, unsupported_version when bytes do not begin as a segment does */
export function checkSegmentHead(head: Uint8Array): void {
  if (headMark.some((byte, nth) => byteAt(head, nth) !== byte)) throw damaged("it does not begin as one");
  const version = byteAt(head, headMark.length);
  if (version !== segmentFormat.version) {
    throw new LogError(
      "unsupported_version",
      `A segment was written in format ${version}; this build reads ${segmentFormat.version}. Upgrade it.`,
    );
  }
}

/** @param bytes blocks `from` to before `to`, whole @throws corrupt_log when one fails its checksum */
export function checkBlocks(bytes: Uint8Array, index: SegmentIndex, from: number, to: number): void {
  const start = index.positions[from] ?? 0;
  for (let block = from; block < to; block++) {
    const [at, end] = [(index.positions[block] ?? 0) - start, (index.positions[block + 1] ?? 0) - start];
    if (end > bytes.length || crc32c(bytes.subarray(at, end)) !== index.checksums[block])
      throw damaged(`block ${block} fails its checksum`);
  }
}

/** The block to start at for an offset: the last one that begins at or before it; 0 when none does. */
export function blockOf({ firstOffsets, blocks }: SegmentIndex, offset: number): number {
  return Math.max(0, firstWhere(blocks, (block) => (firstOffsets[block] ?? 0) > offset) - 1);
}

/** The first block, from one on, with a timestamp that reaches a time; `blocks` when none does. */
export function blockReaching({ maxTimestampsMs, blocks }: SegmentIndex, timestampMs: number, from: number): number {
  let block = from;
  while (block < blocks && (maxTimestampsMs[block] ?? -1) < timestampMs) block++;
  return block;
}

function readFooter(footer: Uint8Array, batchesEnd: number): SegmentIndex {
  const reader = new VarintReader(footer);
  const [baseOffset, nextOffset, records] = [reader.readVarlong(), reader.readVarlong(), reader.readVarlong()];
  const [minTimestampMs, maxTimestampMs] = [reader.readVarlong(), reader.readVarlong()];
  const blocks = reader.readVarint();
  if (blocks < 0 || blocks > footer.length) throw damaged(`it counts ${blocks} blocks`);
  const positions = new Float64Array(blocks + 1);
  const [firstOffsets, maxTimestampsMs, checksums] = [new Float64Array(blocks), new Float64Array(blocks), new Uint32Array(blocks)];
  let position: number = segmentFormat.headBytes;
  let offset = baseOffset;
  for (let block = 0; block < blocks; block++) {
    positions[block] = position;
    position += reader.readVarlong();
    offset += reader.readVarlong();
    firstOffsets[block] = offset;
    maxTimestampsMs[block] = reader.readVarlong();
    checksums[block] = readUint32(footer, reader.position);
    reader.position += 4;
  }
  positions[blocks] = position;
  if (reader.position !== footer.length || position !== batchesEnd) throw damaged("its footer is about other bytes than it has");
  return { baseOffset, nextOffset, records, minTimestampMs, maxTimestampMs, blocks, positions, firstOffsets, maxTimestampsMs, checksums };
}

/** The first number below `end` for which it holds, given that it holds for all after it; `end` when none. */
function firstWhere(end: number, holds: (number: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function damaged(what: string, cause?: unknown): LogError {
  return new LogError("corrupt_log", `A segment is damaged: ${what}. It is not served; restore it from a copy.`, { cause });
}
