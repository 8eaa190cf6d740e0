import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { NewRecord } from "../record.ts";
import { batchField } from "./batch-header.ts";
import { utf8Bytes } from "./utf8.ts";
import { varintBytes, varlongBytes } from "./varint.ts";

/** A run of records that make one batch, measured, so that it can be written in one go. */
export interface BatchPlan {
  readonly records: readonly NewRecord[];
  readonly start: number;
  /** After the last record. */
  readonly end: number;
  /** The whole batch, uncompressed. */
  readonly byteLength: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
}

export interface PlanOptions {
  /** For records without a timestamp. */
  readonly nowMs: number;
  /** All records get `nowMs`, whatever they say. */
  readonly logAppendTime: boolean;
  /** The batch may not be larger. */
  readonly bytesMax: number;
  /** Gets the bytes of each planned record, without its length field, at the record's index. */
  readonly recordBytes: Int32Array;
}

/**
 * Measures records from `start` on, as many as fit one batch.
 * @throws message_too_large when the first one alone does not fit; invalid_request for a timestamp or header count out of range
 */
export function planBatch(records: readonly NewRecord[], start: number, options: PlanOptions): BatchPlan {
  const { nowMs, logAppendTime, bytesMax, recordBytes } = options;
  const count = Math.min(records.length - start, limits.requestRecordsMax);
  let byteLength: number = batchField.records;
  let baseTimestampMs = nowMs;
  let maxTimestampMs = -1;
  let delta = 0;
  for (; delta < count; delta++) {
    const record = records[start + delta] as NewRecord;
    const timestampMs = logAppendTime ? nowMs : (record.timestampMs ?? nowMs);
    checkRecord(record, timestampMs, start + delta);
    if (delta === 0) baseTimestampMs = timestampMs;
    const bytes = measure(record, timestampMs - baseTimestampMs, delta);
    const after = byteLength + varintBytes(bytes) + bytes;
    if (after > bytesMax) break;
    byteLength = after;
    recordBytes[start + delta] = bytes;
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
  }
  if (delta === 0) {
    throw new LogError(
      "message_too_large",
      `Record ${start} does not fit a batch of ${bytesMax} bytes: make it smaller, or raise max.message.bytes.`,
      {
        details: { recordIndex: start, bytesMax },
      },
    );
  }
  return { records, start, end: start + delta, byteLength, baseTimestampMs, maxTimestampMs };
}

function checkRecord(record: NewRecord, timestampMs: number, index: number): void {
  if (!Number.isSafeInteger(timestampMs) || timestampMs < -1) {
    throw new LogError("invalid_request", `Record ${index} has the timestamp ${timestampMs}: give milliseconds since 1970 as an integer.`);
  }
  if (record.headers.length > limits.recordHeadersMax) {
    throw new LogError(
      "invalid_request",
      `Record ${index} has ${record.headers.length} headers, over the limit of ${limits.recordHeadersMax}.`,
    );
  }
}

function measure(record: NewRecord, timestampDelta: number, offsetDelta: number): number {
  const { headers } = record;
  let bytes = 1 + varlongBytes(timestampDelta) + varintBytes(offsetDelta) + fieldBytes(record.key) + fieldBytes(record.value);
  bytes += varintBytes(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header === undefined) continue;
    const keyBytes = utf8Bytes(header.key);
    bytes += varintBytes(keyBytes) + keyBytes + fieldBytes(header.value);
  }
  return bytes;
}

function fieldBytes(field: Uint8Array | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length;
}
