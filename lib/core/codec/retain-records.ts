import type { Compression, CompressionType } from "../../ports/compression.ts";
import { batchAttribute, batchField, type BatchHeader, compressionTypes } from "./batch-header.ts";
import { joinBytes, byteAt, writeInt32, writeInt64 } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";
import { eachBatch, type ScannedRecord, scanRecords } from "./scan-records.ts";

/**
 * Batches, back to back, without the records that are not to stay. A batch that keeps all of its records stays as it is, byte by byte; one that keeps none goes;
 * else it is written anew around the records that stay, whose own bytes do not change: its range of offsets, base timestamp, producer and attributes are as before,
 * so offset deltas have gaps then. It is packed as it was; what was packed with snappy or lz4, which are only read here, with gzip, which every client
 * can read; and not at all where that makes it no smaller.
 * @returns the same array when all records stay
 * @throws corrupt_message, unsupported_version
 */
export function retainRecords(batches: Uint8Array, compression: Compression, stays: (record: ScannedRecord) => boolean): Uint8Array {
  const pieces: Uint8Array[] = [];
  /** Where batches begin that stay as they are. */
  let wholeFrom = 0;
  for (const { position, header } of eachBatch(batches)) {
    const kept = keptOf(batches, position, header, compression, stays);
    if (kept.records === header.recordsCount) continue;
    if (position > wholeFrom) pieces.push(batches.subarray(wholeFrom, position));
    wholeFrom = position + header.byteLength;
    if (kept.records > 0) pieces.push(rewritten(batches.subarray(position, position + batchField.records), header, kept, compression));
  }
  if (wholeFrom === 0) return batches;
  if (wholeFrom < batches.length) pieces.push(batches.subarray(wholeFrom));
  return joinBytes(pieces);
}

interface Kept {
  readonly records: number;
  readonly maxTimestampMs: number;
  /** What the runs are in. */
  readonly source: Uint8Array;
  /** Starts and ends of neighbours that stay, by turns. */
  readonly runs: readonly number[];
  readonly bytes: number;
}

function keptOf(
  batches: Uint8Array,
  position: number,
  header: BatchHeader,
  compression: Compression,
  stays: (record: ScannedRecord) => boolean,
): Kept {
  let [records, maxTimestampMs, bytes] = [0, -1, 0];
  let source = batches;
  const runs: number[] = [];
  scanRecords(batches, position, header, compression, (record) => {
    if (!stays(record)) return true;
    records++;
    source = record.bytes;
    maxTimestampMs = Math.max(maxTimestampMs, record.timestampMs);
    bytes += record.end - record.start;
    if (runs.at(-1) === record.start) runs[runs.length - 1] = record.end;
    else runs.push(record.start, record.end);
    return true;
  });
  return { records, maxTimestampMs, source, runs, bytes };
}

function rewritten(head: Uint8Array, header: BatchHeader, kept: Kept, compression: Compression): Uint8Array {
  const { source, runs } = kept;
  const plain = new Uint8Array(batchField.records + kept.bytes);
  let at: number = batchField.records;
  for (let nth = 0; nth < runs.length; nth += 2) {
    const run = source.subarray(runs[nth], runs[nth + 1]);
    plain.set(run, at);
    at += run.length;
  }
  let batch = plain;
  let type = packedAs[header.compressionType];
  if (type !== "none") {
    const packed = compression.compress(type, plain.subarray(batchField.records));
    if (packed.length < kept.bytes) {
      batch = new Uint8Array(batchField.records + packed.length);
      batch.set(packed, batchField.records);
    } else type = "none";
  }
  batch.set(head);
  const low = batchField.attributes + 1;
  batch[low] = (byteAt(head, low) & ~batchAttribute.compression) | compressionTypes.indexOf(type);
  writeInt32(batch, batchField.length, batch.length - batchField.leaderEpoch);
  writeInt64(batch, batchField.maxTimestamp, kept.maxTimestampMs);
  writeInt32(batch, batchField.recordsCount, kept.records);
  writeInt32(batch, batchField.crc, crc32c(batch.subarray(batchField.attributes)));
  return batch;
}

const packedAs: Readonly<Record<CompressionType, CompressionType>> = {
  none: "none",
  gzip: "gzip",
  snappy: "gzip",
  lz4: "gzip",
  zstd: "zstd",
};
