import { isUtf8 } from "node:buffer";
import type { StoredRecord } from "../../core/record.ts";
import { encodeBase64 } from "./base64.ts";
import { JsonReader } from "./reader.ts";

export const recordFormats = ["text", "json", "base64"] as const;
export type RecordFormat = (typeof recordFormats)[number];

/** A record as JSON text (`WireRecord`), written by hand: values that are JSON stay as they are, to the digit. */
export function writeRecord(record: StoredRecord, format: RecordFormat, partition?: number): string {
  const where = partition === undefined ? "" : `"partition":${partition},`;
  const key = writeContent("key", record.key, format);
  const value = writeContent("value", record.value, format);
  const headers = record.headers.length === 0 ? "{}" : writeHeaders(record, format);
  return `{${where}"offset":${record.offset},"timestamp":${record.timestampMs},${key},${value},"headers":${headers}}`;
}

function writeContent(name: string, bytes: Uint8Array | null, format: RecordFormat): string {
  if (bytes === null) return `"${name}":null`;
  if (format === "base64" || !isUtf8(bytes)) return `"${name}Base64":"${encodeBase64(bytes)}"`;
  if (format === "json" && isJson(bytes)) return `"${name}":${textOf(bytes)}`;
  return `"${name}":${JSON.stringify(textOf(bytes))}`;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    const reader = new JsonReader(bytes);
    reader.skip();
    reader.end();
    return true;
  } catch {
    return false;
  }
}

/** Headers by name, in the order in which the names first occur. */
function writeHeaders(record: StoredRecord, format: RecordFormat): string {
  const byName = new Map<string, string[]>();
  for (const { key, value } of record.headers) {
    const written = writeHeaderValue(value, format);
    const values = byName.get(key);
    if (values === undefined) byName.set(key, [written]);
    else values.push(written);
  }
  const fields = Array.from(
    byName,
    ([name, values]) => `${JSON.stringify(name)}:${values.length === 1 ? (values[0] ?? "") : `[${values.join(",")}]`}`,
  );
  return `{${fields.join(",")}}`;
}

function writeHeaderValue(value: Uint8Array | null, format: RecordFormat): string {
  if (value === null) return "null";
  return format === "base64" || !isUtf8(value) ? `{"base64":"${encodeBase64(value)}"}` : JSON.stringify(textOf(value));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
