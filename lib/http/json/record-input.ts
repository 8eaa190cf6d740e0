import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { RecordHeader } from "../../core/record.ts";
import type { OutputRecord, PartitionedRecord } from "../../log/log.ts";
import { shown } from "../query.ts";
import { decodeBase64 } from "./base64.ts";
import { code } from "./characters.ts";
import type { JsonReader } from "./reader.ts";

const fieldNames = ["value", "key", "headers", "partition", "timestamp", "valueBase64", "keyBase64"] as const;
/** Each field's place in `fieldNames`: numbers, because this is the hottest loop of the server. */
const field = { value: 0, key: 1, headers: 2, partition: 3, timestamp: 4, valueBase64: 5, keyBase64: 6 } as const;

/** Of a record of a transaction. */
const outputFieldNames = [...fieldNames, "topic"] as const;
const topicField = fieldNames.length;

const noHeaders: readonly RecordHeader[] = [];

/** `POST /topics/{t}/records` as JSON. @throws invalid_request, with the record's number (from 0) among its details */
export function readProduceBody(reader: JsonReader): PartitionedRecord[] {
  const records: PartitionedRecord[] = [];
  reader.expect(code.openObject, 'an object such as {"records":[…]}');
  let found = false;
  if (!reader.take(code.closeObject)) {
    do {
      reader.string();
      if (!reader.stringIs("records")) throw unknownField(reader.stringText(), ["records"]);
      if (found) throw twice("records");
      found = true;
      reader.expect(code.colon, '":"');
      readRecords(reader, records, readRecord);
    } while (reader.another(code.closeObject));
  }
  reader.end();
  if (records.length === 0) throw new LogError("invalid_request", 'Send at least one record: {"records":[{"value":"…"}]}.');
  return records;
}

/** The records of a transaction: an array, each with its topic. @throws invalid_request, request_too_large, with the record's number (from 0) among the details */
export function readOutputs(reader: JsonReader): OutputRecord[] {
  const records: OutputRecord[] = [];
  readRecords(reader, records, readOutput);
  return records;
}

function readRecords<T>(reader: JsonReader, records: T[], read: (reader: JsonReader) => T): void {
  reader.expect(code.openArray, "an array of records");
  if (reader.take(code.closeArray)) return;
  try {
    do {
      if (records.length === limits.requestRecordsMax) {
        throw new LogError("request_too_large", `A request holds at most ${limits.requestRecordsMax} records: send several.`);
      }
      records.push(read(reader));
    } while (reader.another(code.closeArray));
  } catch (error) {
    throw located(error, { record: records.length });
  }
}

/** The same error with a place added to its details and its message. */
export function located(error: unknown, place: Readonly<Record<string, number>>): LogError {
  const known = LogError.from(error);
  const where = Object.entries(place).map(([what, number]) => `${what} ${number}`);
  return new LogError(known.code, `In ${where.join(", ")}: ${known.message}`, {
    outcome: known.outcome,
    details: { ...known.details, ...place },
    cause: known.cause ?? error,
    ...(known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
  });
}

/** One record: an element of `records`, or a line of NDJSON. @throws invalid_request */
export function readRecord(reader: JsonReader): PartitionedRecord {
  return readRecordOf(reader, fieldNames, undefined);
}

function readOutput(reader: JsonReader): OutputRecord {
  let topic: string | undefined;
  const record = readRecordOf(reader, outputFieldNames, () => {
    if (reader.peek() !== code.quote) throw reader.wrong("topic to be a string");
    reader.string();
    topic = reader.stringText();
  });
  if (topic === undefined) throw new LogError("invalid_request", "A record of a transaction has the name of its topic.");
  return { ...record, topic };
}

/** @param readTopic undefined where a record has none */
function readRecordOf(reader: JsonReader, names: readonly string[], readTopic: (() => void) | undefined): PartitionedRecord {
  let key: Uint8Array | null = null;
  let value: Uint8Array | null = null;
  let headers = noHeaders;
  let partition: number | undefined;
  let timestampMs: number | undefined;
  let seen = 0;
  reader.expect(code.openObject, "a record, which is an object");
  if (!reader.take(code.closeObject)) {
    do {
      const which = readField(reader, names);
      const bit = 1 << which;
      if ((seen & bit) !== 0) throw twice(names[which] ?? "");
      seen |= bit;
      if (which === field.value) value = readContent(reader);
      else if (which === field.key) key = readContent(reader);
      else if (which === field.headers) headers = readHeaders(reader);
      else if (which === field.partition) partition = readInteger(reader, "partition", limits.partitionsMax - 1);
      else if (which === field.timestamp) timestampMs = readInteger(reader, "timestamp", Number.MAX_SAFE_INTEGER);
      else if (which === field.valueBase64) value = readBase64(reader, "valueBase64");
      else if (which === field.keyBase64) key = readBase64(reader, "keyBase64");
      else if (which === topicField) readTopic?.();
    } while (reader.another(code.closeObject));
  }
  if ((seen & valueTwice) === valueTwice) throw both("value", "valueBase64");
  if ((seen & keyTwice) === keyTwice) throw both("key", "keyBase64");
  if (partition === undefined) return timestampMs === undefined ? { key, value, headers } : { key, value, headers, timestampMs };
  return timestampMs === undefined ? { key, value, headers, partition } : { key, value, headers, partition, timestampMs };
}

const valueTwice = (1 << field.value) | (1 << field.valueBase64);
const keyTwice = (1 << field.key) | (1 << field.keyBase64);

function both(text: string, base64: string): LogError {
  return new LogError("invalid_request", `A record has ${text} or ${base64}, not both.`);
}

/** The two fields of almost all records as almost all clients write them, without spaces. */
const valueName = Buffer.from('"value":');
const keyName = Buffer.from('"key":');

/** @returns the field's place in `names` */
function readField(reader: JsonReader, names: readonly string[]): number {
  if (reader.takeBytes(valueName)) return field.value;
  if (reader.takeBytes(keyName)) return field.key;
  reader.string();
  for (let which = 0; which < names.length; which++) {
    if (!reader.stringIs(names[which] ?? "")) continue;
    reader.expect(code.colon, '":"');
    return which;
  }
  throw unknownField(reader.stringText(), names);
}

/** A string's UTF-8 bytes, null, or any other value's JSON text as it was sent. */
function readContent(reader: JsonReader): Uint8Array | null {
  if (reader.peek() !== code.quote) return reader.takeNull() ? null : reader.value();
  reader.string();
  return reader.stringBytes();
}

function readBase64(reader: JsonReader, field: string): Uint8Array {
  if (reader.peek() !== code.quote) throw reader.wrong(`${field} to be a string`);
  reader.string();
  return decodeBase64(reader.stringText(), field);
}

function readInteger(reader: JsonReader, field: string, max: number): number {
  const first = reader.peek();
  const value = first === code.minus || (first >= code.zero && first <= code.zero + 9) ? reader.number() : Number.NaN;
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw reader.wrong(`${field} to be an integer from 0 to ${max}`);
}

function readHeaders(reader: JsonReader): readonly RecordHeader[] {
  const headers: RecordHeader[] = [];
  const names = new Set<string>();
  reader.expect(code.openObject, "headers to be an object");
  if (reader.take(code.closeObject)) return noHeaders;
  do {
    reader.string();
    const name = reader.stringText();
    if (names.has(name)) throw new LogError("invalid_request", `The header "${shown(name)}" is there twice: give it an array of values.`);
    names.add(name);
    reader.expect(code.colon, '":"');
    readHeaderValues(reader, name, headers);
  } while (reader.another(code.closeObject));
  return headers;
}

function readHeaderValues(reader: JsonReader, name: string, headers: RecordHeader[]): void {
  if (!reader.take(code.openArray)) {
    addHeader(headers, name, readHeaderValue(reader));
    return;
  }
  if (reader.peek() === code.closeArray) throw reader.wrong(`at least one value of header "${shown(name)}"`);
  do addHeader(headers, name, readHeaderValue(reader));
  while (reader.another(code.closeArray));
}

function addHeader(headers: RecordHeader[], key: string, value: Uint8Array | null): void {
  if (headers.length === limits.recordHeadersMax) {
    throw new LogError("invalid_request", `A record has at most ${limits.recordHeadersMax} headers.`);
  }
  headers.push({ key, value });
}

function readHeaderValue(reader: JsonReader): Uint8Array | null {
  const first = reader.peek();
  if (first === code.quote) {
    reader.string();
    return reader.stringBytes();
  }
  if (reader.takeNull()) return null;
  if (!reader.take(code.openObject)) throw reader.wrong('a header value: a string, null or {"base64":"…"}');
  reader.string();
  if (!reader.stringIs("base64")) throw unknownField(reader.stringText(), ["base64"]);
  reader.expect(code.colon, '":"');
  const value = readBase64(reader, "base64");
  reader.expect(code.closeObject, '"}"');
  return value;
}

export function unknownField(name: string, known: readonly string[]): LogError {
  return new LogError("invalid_request", `There is no field "${shown(name)}" here. There are: ${known.join(", ")}.`);
}

export function twice(name: string): LogError {
  return new LogError("invalid_request", `The field "${shown(name)}" is there twice.`);
}
