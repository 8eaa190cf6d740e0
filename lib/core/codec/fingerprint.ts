import type { NewRecord } from "../record.ts";
import { copyBytes, writeInt32, writeInt64 } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";
import { utf8Bytes, writeUtf8 } from "./utf8.ts";

const hasTimestamp = 1;

/**
 * Tells a retry from other records: CRC-32C over keys, values, headers and the timestamps that records carry themselves. A record
 * without a timestamp counts as that, so a retry that is stamped later has the same fingerprint. Stored in producer states:
 * what is covered is part of the format (`docs/format.md`).
 */
export function recordsFingerprint(records: readonly NewRecord[]): number {
  let byteLength = 0;
  for (const record of records) byteLength += coveredBytes(record);
  const bytes = new Uint8Array(byteLength);
  let position = 0;
  for (const record of records) position = writeCovered(bytes, position, record);
  return crc32c(bytes);
}

function coveredBytes(record: NewRecord): number {
  let count = 1 + (record.timestampMs === undefined ? 0 : 8) + fieldBytes(record.key) + fieldBytes(record.value) + 4;
  for (const header of record.headers) count += 4 + utf8Bytes(header.key) + fieldBytes(header.value);
  return count;
}

function writeCovered(bytes: Uint8Array, start: number, record: NewRecord): number {
  let position = start;
  bytes[position++] = record.timestampMs === undefined ? 0 : hasTimestamp;
  if (record.timestampMs !== undefined) {
    writeInt64(bytes, position, record.timestampMs);
    position += 8;
  }
  position = writeField(bytes, position, record.key);
  position = writeField(bytes, position, record.value);
  writeInt32(bytes, position, record.headers.length);
  position += 4;
  for (const header of record.headers) {
    const keyBytes = utf8Bytes(header.key);
    writeInt32(bytes, position, keyBytes);
    writeUtf8(bytes, position + 4, header.key, keyBytes);
    position = writeField(bytes, position + 4 + keyBytes, header.value);
  }
  return position;
}

function fieldBytes(field: Uint8Array | null): number {
  return 4 + (field?.length ?? 0);
}

function writeField(bytes: Uint8Array, position: number, field: Uint8Array | null): number {
  writeInt32(bytes, position, field?.length ?? -1);
  if (field === null) return position + 4;
  copyBytes(bytes, position + 4, field);
  return position + 4 + field.length;
}
