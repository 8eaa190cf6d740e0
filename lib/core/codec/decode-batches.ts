import type { Compression } from "../../ports/compression.ts";
import { limits } from "../limits.ts";
import type { RecordHeader, StoredRecord } from "../record.ts";
import { type BatchHeader, batchField, corrupt, inBatch, readBatchHeader } from "./batch-header.ts";
import { readUtf8 } from "./utf8.ts";
import { VarintReader } from "./varint.ts";

const noHeaders: readonly RecordHeader[] = [];

/**
 * All records of batches that lie back to back. Keys and values are views into the bytes (or into the opened batch): copy them to keep them for long.
 * Lengths and counts are checked, the CRC is not (`checkBatches` does that, once, on the way in).
 * @throws corrupt_message, unsupported_version
 */
export function decodeBatches(bytes: Uint8Array, compression: Compression): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const batch of openBatches(bytes, compression, 0)) {
    for (let delta = 0; delta < batch.header.recordsCount; delta++) records.push(readRecord(batch));
    finish(batch);
  }
  return records;
}

/** As `decodeBatches`, one record at a time, from an offset on; batches that end before it are not opened. */
export function* iterateRecords(bytes: Uint8Array, compression: Compression, fromOffset = 0): Generator<StoredRecord, void, undefined> {
  for (const batch of openBatches(bytes, compression, fromOffset)) {
    for (let delta = 0; delta < batch.header.recordsCount; delta++) {
      const record = readRecord(batch);
      if (record.offset >= fromOffset) yield record;
    }
    finish(batch);
  }
}

interface OpenBatch {
  readonly header: BatchHeader;
  readonly reader: VarintReader;
  readonly index: number;
  readonly position: number;
}

function* openBatches(bytes: Uint8Array, compression: Compression, fromOffset: number): Generator<OpenBatch, void, undefined> {
  for (let position = 0, index = 0; position < bytes.length; index++) {
    const start = position;
    const header = inBatch(index, start, () => readBatchHeader(bytes, start));
    position += header.byteLength;
    if (header.baseOffset + header.lastOffsetDelta < fromOffset) continue;
    yield { header, reader: inBatch(index, start, () => recordsReader(bytes, start, header, compression)), index, position: start };
  }
}

/** Stands at the first record of a batch, which is opened if need be. @throws corrupt_message */
export function recordsReader(bytes: Uint8Array, position: number, header: BatchHeader, compression: Compression): VarintReader {
  const start = position + batchField.records;
  const end = position + header.byteLength;
  if (header.compressionType === "none") return new VarintReader(bytes, start, end);
  return new VarintReader(compression.decompress(header.compressionType, bytes.subarray(start, end), limits.batchDecompressedBytesMax));
}

function readRecord(batch: OpenBatch): StoredRecord {
  const { header, reader } = batch;
  try {
    return readStored(header, reader);
  } catch (error) {
    return inBatch(batch.index, batch.position, () => {
      throw error;
    });
  }
}

function readStored(header: BatchHeader, reader: VarintReader): StoredRecord {
  const length = reader.readVarint();
  const end = reader.position + length;
  if (length < 0 || end > reader.end) throw corrupt("a record runs past its end");
  reader.position++;
  const timestampDelta = reader.readVarlong();
  const offset = header.baseOffset + reader.readVarint();
  const key = readField(reader);
  const value = readField(reader);
  const headers = readHeaders(reader);
  if (reader.position !== end) throw corrupt("a record's length is wrong");
  const timestampMs = header.timestampType === "LogAppendTime" ? header.maxTimestampMs : header.baseTimestampMs + timestampDelta;
  return { offset, timestampMs, key, value, headers };
}

function readHeaders(reader: VarintReader): readonly RecordHeader[] {
  const count = reader.readVarint();
  if (count === 0) return noHeaders;
  if (count < 0 || count > limits.recordHeadersMax)
    throw corrupt(`a record has ${count} headers: 0 to ${limits.recordHeadersMax} are allowed`);
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const start = skipField(reader);
    if (start < 0) throw corrupt("a record header has no name");
    const key = readUtf8(reader.bytes, start, reader.position);
    headers.push({ key, value: readField(reader) });
  }
  return headers;
}

function readField(reader: VarintReader): Uint8Array | null {
  const start = skipField(reader);
  return start < 0 ? null : reader.bytes.subarray(start, reader.position);
}

/** Steps over a field. @returns where its bytes start, or -1 for null */
export function skipField(reader: VarintReader): number {
  const length = reader.readVarint();
  if (length < 0) {
    if (length !== -1) throw corrupt(`a field's length is ${length}`);
    return -1;
  }
  const start = reader.position;
  if (length > reader.end - start) throw corrupt("a field runs past the end");
  reader.position = start + length;
  return start;
}

function finish(batch: OpenBatch): void {
  if (batch.reader.position === batch.reader.end) return;
  inBatch(batch.index, batch.position, () => {
    throw corrupt(`${batch.reader.end - batch.reader.position} bytes follow its last record`);
  });
}
