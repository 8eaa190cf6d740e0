import type { CompressionType } from "../../ports/compression.ts";
import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import { byteAt, readBigInt64, readInt16, readInt32, readInt64, readUint32 } from "./bytes.ts";

/** Where the fields of a RecordBatch v2 are. All numbers are big-endian. The CRC covers everything from the attributes on. */
export const batchField = {
  baseOffset: 0,
  /** Bytes after this field: the whole batch less 12. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordsCount: 57,
  records: 61,
} as const;

/** Bits of the attributes. The low three are the compression type; all not named here are reserved. */
export const batchAttribute = { compression: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

export const compressionTypes: readonly CompressionType[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** A batch without its records. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** The whole batch, including the first 12 bytes. */
  readonly byteLength: number;
  readonly crc: number;
  /** 16 bits, signed. */
  readonly attributes: number;
  readonly compressionType: CompressionType;
  readonly timestampType: "CreateTime" | "LogAppendTime";
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** -1 when the batch has no producer; then epoch and sequence mean nothing. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

/** Bytes of the batch at a position, all of them within the bytes given. @throws corrupt_message; unsupported_version for a magic other than 2 */
export function batchBytes(bytes: Uint8Array, position: number): number {
  const left = bytes.length - position;
  if (left < batchField.records) throw corrupt(`${left} bytes are left, and the smallest batch header has ${batchField.records}`);
  const magic = byteAt(bytes, position + batchField.magic);
  if (magic !== 2) {
    throw new LogError(
      "unsupported_version",
      `The batch has magic ${magic}: send RecordBatch v2 (magic 2, message format of Kafka 0.11 and later).`,
    );
  }
  const length = readInt32(bytes, position + batchField.length) + batchField.leaderEpoch;
  if (length < batchField.records || length > left) throw corrupt(`its length is ${length} bytes, and ${left} are here`);
  return length;
}

/**
 * The header of the batch at a position. Its fields are well-formed (numbers fit, the compression type is known, the batch
 * ends within the bytes); whether they tell the truth is for `checkBatches`.
 * @throws corrupt_message; unsupported_version for a magic other than 2
 */
export function readBatchHeader(bytes: Uint8Array, position: number): BatchHeader {
  const byteLength = batchBytes(bytes, position);
  const attributes = readInt16(bytes, position + batchField.attributes);
  const compressionType = compressionTypes[attributes & batchAttribute.compression];
  if (compressionType === undefined) throw corrupt(`its compression type is ${attributes & batchAttribute.compression}: 0 to 4 are known`);
  const baseOffset = readInt64(bytes, position + batchField.baseOffset);
  if (!Number.isSafeInteger(baseOffset) || baseOffset < 0) throw corrupt(`its base offset ${baseOffset} is out of range`);
  const recordsCount = readInt32(bytes, position + batchField.recordsCount);
  if (recordsCount < 0) throw corrupt(`it counts ${recordsCount} records`);
  const lastOffsetDelta = readInt32(bytes, position + batchField.lastOffsetDelta);
  if (lastOffsetDelta < 0) throw corrupt(`its last offset delta is ${lastOffsetDelta}`);
  return {
    baseOffset,
    byteLength,
    crc: readUint32(bytes, position + batchField.crc),
    attributes,
    compressionType,
    timestampType: (attributes & batchAttribute.logAppendTime) === 0 ? "CreateTime" : "LogAppendTime",
    isTransactional: (attributes & batchAttribute.transactional) !== 0,
    isControl: (attributes & batchAttribute.control) !== 0,
    lastOffsetDelta,
    baseTimestampMs: readTimestamp(bytes, position + batchField.baseTimestamp),
    maxTimestampMs: readTimestamp(bytes, position + batchField.maxTimestamp),
    producerId: readBigInt64(bytes, position + batchField.producerId),
    producerEpoch: readInt16(bytes, position + batchField.producerEpoch),
    baseSequence: readInt32(bytes, position + batchField.baseSequence),
    recordsCount,
  };
}

/**
 * The headers of batches that lie back to back and fill the bytes.
 * @param batchesMax default `limits.requestBatchesMax`
 * @throws corrupt_message, unsupported_version; request_too_large for more batches than that
 */
export function batchHeaders(bytes: Uint8Array, batchesMax: number = limits.requestBatchesMax): BatchHeader[] {
  const headers: BatchHeader[] = [];
  for (let position = 0; position < bytes.length; ) {
    if (headers.length === batchesMax)
      throw new LogError("request_too_large", `More than ${batchesMax} record batches: send fewer at once.`);
    const header = inBatch(headers.length, position, () => readBatchHeader(bytes, position));
    headers.push(header);
    position += header.byteLength;
  }
  return headers;
}

/** How many records batches that lie back to back hold. @throws corrupt_message when the bytes are no whole batches */
export function countRecords(bytes: Uint8Array): number {
  let records = 0;
  for (let position = 0; position < bytes.length; position += batchBytes(bytes, position)) {
    records += readInt32(bytes, position + batchField.recordsCount);
  }
  return records;
}

/** Runs a step and says in its error which batch it was about. */
export function inBatch<T>(index: number, position: number, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const reason = LogError.from(error);
    if (reason.code !== "corrupt_message") throw reason;
    throw corrupt(`Record batch ${index} (at byte ${position}) is refused: ${reason.message}.`, { cause: reason });
  }
}

export function corrupt(message: string, options: { readonly cause?: unknown } = {}): LogError {
  return new LogError("corrupt_message", message, options);
}

function readTimestamp(bytes: Uint8Array, position: number): number {
  const timestampMs = readInt64(bytes, position);
  if (!Number.isSafeInteger(timestampMs) || timestampMs < -1) throw corrupt(`its timestamp ${timestampMs} is out of range`);
  return timestampMs;
}
