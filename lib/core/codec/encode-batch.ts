import type { Compression, CompressionType } from "../../ports/compression.ts";
import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { NewRecord } from "../record.ts";
import { batchAttribute, batchField, compressionTypes } from "./batch-header.ts";
import { type BatchPlan, type PlanOptions, planBatch } from "./batch-plan.ts";
import { copyBytes, joinBytes, writeBigInt64, writeInt16, writeInt32, writeInt64 } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";
import { utf8Bytes, writeUtf8 } from "./utf8.ts";
import { writeVarint, writeVarlong } from "./varint.ts";

export interface EncodeOptions {
  /** The timestamp of records that have none, and of all records under `LogAppendTime`. */
  readonly nowMs: number;
  readonly compression: Compression;
  /** A batch that this does not make smaller is stored uncompressed, and says so. */
  readonly compressionType: CompressionType;
  /** Default `CreateTime`. */
  readonly timestampType?: "CreateTime" | "LogAppendTime";
  /** Written into the batch, which is then idempotent by Kafka's rules. Default none. */
  readonly producer?: BatchProducer;
  /** Default 0. */
  readonly baseOffset?: number;
}

export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  /** Of the first record. */
  readonly sequence: number;
}

export interface SplitBatches {
  /** The batches back to back, their base offsets dense from `options.baseOffset`. */
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly maxTimestampMs: number;
}

/**
 * One RecordBatch v2 of 1 to `limits.requestRecordsMax` records. The base timestamp is the first record's, the leader epoch is -1 (none).
 * @throws invalid_request for no record, too many, or a timestamp or header count out of range
 */
export function encodeBatch(records: readonly NewRecord[], options: EncodeOptions): Uint8Array {
  const recordBytes = sizesOf(records);
  const plan = planBatch(records, 0, planOptions(options, Number.MAX_SAFE_INTEGER, recordBytes));
  if (plan.end < records.length) {
    throw new LogError("invalid_request", `A batch holds at most ${limits.requestRecordsMax} records, not ${records.length}.`);
  }
  return writeBatch(plan, options, recordBytes);
}

/**
 * As many batches as it takes so that none is over `messageBytesMax` (measured before compression).
 * @throws as `encodeBatch`; message_too_large, with `details.recordIndex`, when one record alone is over it
 */
export function splitIntoBatches(
  records: readonly NewRecord[],
  options: EncodeOptions & { readonly messageBytesMax: number },
): SplitBatches {
  const recordBytes = sizesOf(records);
  const batches: Uint8Array[] = [];
  let maxTimestampMs = -1;
  let start = 0;
  do {
    const plan = planBatch(records, start, planOptions(options, options.messageBytesMax, recordBytes));
    batches.push(writeBatch(plan, options, recordBytes));
    maxTimestampMs = Math.max(maxTimestampMs, plan.maxTimestampMs);
    start = plan.end;
  } while (start < records.length);
  return { bytes: joinBytes(batches), records: records.length, maxTimestampMs };
}

function sizesOf(records: readonly NewRecord[]): Int32Array {
  if (records.length === 0) throw new LogError("invalid_request", "A batch needs at least one record.");
  return new Int32Array(records.length);
}

function planOptions(options: EncodeOptions, bytesMax: number, recordBytes: Int32Array): PlanOptions {
  return { nowMs: options.nowMs, logAppendTime: options.timestampType === "LogAppendTime", bytesMax, recordBytes };
}

function writeBatch(plan: BatchPlan, options: EncodeOptions, recordBytes: Int32Array): Uint8Array {
  const plain = new Uint8Array(plan.byteLength);
  writeRecords(plain, plan, options, recordBytes);
  let batch = plain;
  let type: CompressionType = "none";
  if (options.compressionType !== "none") {
    const packed = options.compression.compress(options.compressionType, plain.subarray(batchField.records));
    if (packed.length < plain.length - batchField.records) {
      batch = new Uint8Array(batchField.records + packed.length);
      batch.set(packed, batchField.records);
      type = options.compressionType;
    }
  }
  writeHeader(batch, plan, options, type);
  return batch;
}

function writeHeader(batch: Uint8Array, plan: BatchPlan, options: EncodeOptions, type: CompressionType): void {
  const { producer } = options;
  const count = plan.end - plan.start;
  const appendTime = options.timestampType === "LogAppendTime" ? batchAttribute.logAppendTime : 0;
  writeInt64(batch, batchField.baseOffset, (options.baseOffset ?? 0) + plan.start);
  writeInt32(batch, batchField.length, batch.length - batchField.leaderEpoch);
  writeInt32(batch, batchField.leaderEpoch, -1);
  batch[batchField.magic] = 2;
  writeInt16(batch, batchField.attributes, compressionTypes.indexOf(type) | appendTime);
  writeInt32(batch, batchField.lastOffsetDelta, count - 1);
  writeInt64(batch, batchField.baseTimestamp, plan.baseTimestampMs);
  writeInt64(batch, batchField.maxTimestamp, plan.maxTimestampMs);
  if (producer === undefined) {
    batch.fill(0xff, batchField.producerId, batchField.recordsCount);
  } else {
    writeBigInt64(batch, batchField.producerId, producer.id);
    writeInt16(batch, batchField.producerEpoch, producer.epoch);
    writeInt32(batch, batchField.baseSequence, (producer.sequence + plan.start) % (limits.producerSequenceMax + 1));
  }
  writeInt32(batch, batchField.recordsCount, count);
  writeInt32(batch, batchField.crc, crc32c(batch.subarray(batchField.attributes)));
}

function writeRecords(batch: Uint8Array, plan: BatchPlan, options: EncodeOptions, recordBytes: Int32Array): void {
  const { records, start, end, baseTimestampMs } = plan;
  const logAppendTime = options.timestampType === "LogAppendTime";
  let position: number = batchField.records;
  for (let index = start; index < end; index++) {
    const record = records[index] as NewRecord;
    const timestampMs = logAppendTime ? options.nowMs : (record.timestampMs ?? options.nowMs);
    position = writeVarint(batch, position, recordBytes[index] as number);
    batch[position++] = 0;
    position = writeVarlong(batch, position, timestampMs - baseTimestampMs);
    position = writeVarint(batch, position, index - start);
    position = writeField(batch, position, record.key);
    position = writeField(batch, position, record.value);
    position = writeHeaders(batch, position, record);
  }
}

function writeHeaders(batch: Uint8Array, start: number, record: NewRecord): number {
  const { headers } = record;
  let position = writeVarint(batch, start, headers.length);
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header === undefined) continue;
    const keyBytes = utf8Bytes(header.key);
    position = writeVarint(batch, position, keyBytes);
    writeUtf8(batch, position, header.key, keyBytes);
    position = writeField(batch, position + keyBytes, header.value);
  }
  return position;
}

function writeField(batch: Uint8Array, position: number, field: Uint8Array | null): number {
  if (field === null) {
    batch[position] = 1;
    return position + 1;
  }
  const next = writeVarint(batch, position, field.length);
  copyBytes(batch, next, field);
  return next + field.length;
}
