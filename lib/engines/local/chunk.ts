import type { StoredPart } from "./journal-op.ts";
import { StoredEntry } from "./stored-entry.ts";

/**
 * The index keeps a shard's entries in chunks: a row of at most this many bytes, so that SQLite holds it in one page. One row for what one
 * flush adds to a shard keeps appends to many shards as cheap as those to one.
 */
const chunkBytesMax = 640;
const entryHeadBytes = 9;
const partBytes = 29;

export interface PackedChunk {
  readonly seq: number;
  /** The number after the last entry's. */
  readonly next: number;
  readonly after: Uint8Array;
  readonly entries: Uint8Array;
}

/** Where a shard's partitions stand after a chunk: by index, the next offset and the highest timestamp so far. */
export class ChunkEnd {
  readonly #bytes: Buffer;

  constructor(packed: Uint8Array) {
    this.#bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  }

  get partitions(): number {
    return this.#bytes.length / 16;
  }

  /** 0 for a partition that was not there yet. */
  highWatermark(index: number): number {
    return index < this.partitions ? this.#bytes.readDoubleBE(index * 16) : 0;
  }

  maxTimeMs(index: number): number {
    return index < this.partitions ? this.#bytes.readDoubleBE(index * 16 + 8) : Number.NEGATIVE_INFINITY;
  }
}

/**
 * Entries that follow each other, as chunks.
 * @param highWatermarks by index: before the first entry for a partition that is touched, the newest for others; raised on the way
 * @param maxTimesMs as well
 */
export function packChunks(entries: readonly StoredEntry[], highWatermarks: number[], maxTimesMs: number[]): readonly PackedChunk[] {
  const chunks: PackedChunk[] = [];
  for (let from = 0; from < entries.length; ) {
    const to = endOfChunk(entries, from);
    const run = entries.slice(from, to);
    for (const { parts } of run) {
      for (const part of parts) {
        highWatermarks[part.index] = part.baseOffset + part.records;
        maxTimesMs[part.index] = Math.max(maxTimesMs[part.index] ?? Number.NEGATIVE_INFINITY, part.maxTimestampMs);
      }
    }
    const seq = run[0]?.seq ?? 0;
    chunks.push({ seq, next: seq + run.length, after: packEnd(highWatermarks, maxTimesMs), entries: packEntries(run) });
    from = to;
  }
  return chunks;
}

function endOfChunk(entries: readonly StoredEntry[], from: number): number {
  let bytes = 0;
  let to = from;
  for (; to < entries.length; to++) {
    bytes += entryHeadBytes + (entries[to]?.parts.length ?? 0) * partBytes;
    if (to > from && bytes > chunkBytesMax) break;
  }
  return to;
}

function packEnd(highWatermarks: readonly number[], maxTimesMs: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(highWatermarks.length * 16);
  highWatermarks.forEach((highWatermark, index) => {
    bytes.writeDoubleBE(highWatermark, index * 16);
    bytes.writeDoubleBE(maxTimesMs[index] ?? Number.NEGATIVE_INFINITY, index * 16 + 8);
  });
  return bytes;
}

function packEntries(entries: readonly StoredEntry[]): Uint8Array {
  const parts = entries.reduce((sum, entry) => sum + entry.parts.length, 0);
  const bytes = Buffer.allocUnsafe(entries.length * entryHeadBytes + parts * partBytes);
  let at = 0;
  for (const entry of entries) {
    bytes.writeDoubleBE(entry.position, at);
    at = bytes.writeUInt8(entry.parts.length, at + 8);
    for (const part of entry.parts) {
      at = bytes.writeUInt8(part.index, at);
      at = bytes.writeUInt32BE(part.records, at);
      at = bytes.writeDoubleBE(part.baseOffset, at);
      at = bytes.writeDoubleBE(part.maxTimestampMs, at);
      at = bytes.writeUInt32BE(part.bytes, at);
      at = bytes.writeUInt32BE(part.checksum, at);
    }
  }
  return bytes;
}

export function unpackEntries(seq: number, packed: Uint8Array): readonly StoredEntry[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const entries: StoredEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const position = bytes.readDoubleBE(at);
    const count = bytes.readUInt8(at + 8);
    at += entryHeadBytes;
    const parts: StoredPart[] = [];
    for (let nth = 0; nth < count; nth++, at += partBytes) {
      parts.push({
        index: bytes.readUInt8(at),
        records: bytes.readUInt32BE(at + 1),
        baseOffset: bytes.readDoubleBE(at + 5),
        maxTimestampMs: bytes.readDoubleBE(at + 13),
        bytes: bytes.readUInt32BE(at + 21),
        checksum: bytes.readUInt32BE(at + 25),
      });
    }
    entries.push(new StoredEntry(seq + entries.length, position, parts));
  }
  return entries;
}
