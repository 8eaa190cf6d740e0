import { crc32c } from "../../../../lib/core/codec/crc32c.ts";
import { writeVarint, writeVarlong } from "../../../../lib/core/codec/varint.ts";

/** The fields of a batch, laid out by hand so that they can lie. */
export interface RawBatch {
  readonly baseOffset?: bigint;
  readonly magic?: number;
  readonly attributes?: number;
  readonly lastOffsetDelta?: number;
  readonly baseTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly recordsCount?: number;
  readonly records?: Uint8Array;
  /** Added to the true length. */
  readonly lengthError?: number;
  /** XORed with the true CRC. */
  readonly crcError?: number;
}

/** By default one batch of one plain record with the timestamp 1000. */
export function rawBatch(fields: RawBatch = {}): Uint8Array {
  const records = fields.records ?? rawRecord();
  const bytes = new Uint8Array(61 + records.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, fields.baseOffset ?? 0n);
  view.setInt32(8, bytes.length - 12 + (fields.lengthError ?? 0));
  view.setInt32(12, -1);
  view.setInt8(16, fields.magic ?? 2);
  view.setInt16(21, fields.attributes ?? 0);
  view.setInt32(23, fields.lastOffsetDelta ?? (fields.recordsCount ?? 1) - 1);
  view.setBigInt64(27, fields.baseTimestamp ?? 1000n);
  view.setBigInt64(35, fields.maxTimestamp ?? 1000n);
  view.setBigInt64(43, fields.producerId ?? -1n);
  view.setInt16(51, fields.producerEpoch ?? -1);
  view.setInt32(53, fields.baseSequence ?? -1);
  view.setInt32(57, fields.recordsCount ?? 1);
  bytes.set(records, 61);
  view.setUint32(17, (crc32c(bytes.subarray(21)) ^ (fields.crcError ?? 0)) >>> 0);
  return bytes;
}

export interface RawRecord {
  readonly attributes?: number;
  readonly timestampDelta?: number;
  readonly offsetDelta?: number;
  /** What follows the offset delta. Default: null key, value "v", no headers. */
  readonly rest?: readonly number[];
  readonly lengthError?: number;
}

export function rawRecord(fields: RawRecord = {}): Uint8Array {
  const body = [
    fields.attributes ?? 0,
    ...varlong(fields.timestampDelta ?? 0),
    ...varint(fields.offsetDelta ?? 0),
    ...(fields.rest ?? [...varint(-1), ...varint(1), 0x76, ...varint(0)]),
  ];
  return Uint8Array.of(...varint(body.length + (fields.lengthError ?? 0)), ...body);
}

export function varint(value: number): number[] {
  const bytes = new Uint8Array(5);
  return [...bytes.subarray(0, writeVarint(bytes, 0, value))];
}

function varlong(value: number): number[] {
  const bytes = new Uint8Array(10);
  return [...bytes.subarray(0, writeVarlong(bytes, 0, value))];
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
