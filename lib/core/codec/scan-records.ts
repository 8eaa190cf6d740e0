import type { Compression } from "../../ports/compression.ts";
import { type BatchHeader, corrupt, inBatch, readBatchHeader } from "./batch-header.ts";
import { recordsReader, skipField } from "./decode-batches.ts";
import type { VarintReader } from "./varint.ts";

/** Where a record of a batch is and what compaction asks of it. One object for all records of a scan: what is to be kept of it has to be copied. */
export interface ScannedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  /** What the places below are in: the batches, or the batch's records when they were packed. */
  readonly bytes: Uint8Array;
  /** The record with its length field. */
  readonly start: number;
  readonly end: number;
  /** -1: it has no key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Whether its value is null. */
  readonly isNullValue: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Batches that lie back to back: each with its place and header. @throws corrupt_message, unsupported_version */
export function* eachBatch(bytes: Uint8Array): Generator<{ readonly position: number; readonly header: BatchHeader }, void, undefined> {
  for (let position = 0, nth = 0; position < bytes.length; nth++) {
    const start = position;
    const header = inBatch(nth, start, () => readBatchHeader(bytes, start));
    yield { position: start, header };
    position += header.byteLength;
  }
}

/**
 * Visits the records of one batch in their order, without copying anything of them.
 * @param visit false ends the scan
 * @throws corrupt_message
 */
export function scanRecords(
  bytes: Uint8Array,
  position: number,
  header: BatchHeader,
  compression: Compression,
  visit: (record: ScannedRecord) => boolean,
): void {
  const reader = recordsReader(bytes, position, header, compression);
  const record: Mutable<ScannedRecord> = {
    offset: 0,
    timestampMs: 0,
    bytes: reader.bytes,
    start: 0,
    end: 0,
    keyStart: -1,
    keyEnd: -1,
    isNullValue: false,
  };
  for (let nth = 0; nth < header.recordsCount; nth++) {
    scanOne(record, reader, header);
    if (!visit(record)) return;
  }
}

function scanOne(record: Mutable<ScannedRecord>, reader: VarintReader, header: BatchHeader): void {
  record.start = reader.position;
  const length = reader.readVarint();
  record.end = reader.position + length;
  if (length < 0 || record.end > reader.end) throw corrupt("a record runs past its end");
  reader.position++;
  const timestampDelta = reader.readVarlong();
  record.timestampMs = header.timestampType === "LogAppendTime" ? header.maxTimestampMs : header.baseTimestampMs + timestampDelta;
  record.offset = header.baseOffset + reader.readVarint();
  record.keyStart = skipField(reader);
  record.keyEnd = reader.position;
  record.isNullValue = skipField(reader) < 0;
  if (reader.position > record.end) throw corrupt("a record's length is wrong");
  reader.position = record.end;
}
