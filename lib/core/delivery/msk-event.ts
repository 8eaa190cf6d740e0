import { base64Length, toBase64 } from "../base64.ts";
import { utf8Bytes } from "../codec/utf8.ts";
import { limits } from "../limits.ts";
import type { RecordHeader, StoredRecord } from "../record.ts";

/** Who an event says it comes from. */
export interface EventSource {
  readonly eventSourceArn: string;
  /** Host and port, several with commas in between. */
  readonly bootstrapServers: string;
}

export type TimestampType = "CREATE_TIME" | "LOG_APPEND_TIME";

/** One header: its name and its bytes as Lambda writes them, from -128 to 127. Empty when its value is null. */
export type MskHeader = Readonly<Record<string, readonly number[]>>;

export interface MskRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: TimestampType;
  /** Base64. Left out without a key. */
  readonly key?: string;
  /** Base64. Left out of a tombstone. */
  readonly value?: string;
  readonly headers: readonly MskHeader[];
}

/** What a function gets that Lambda triggers for Amazon MSK. */
export interface MskEvent extends EventSource {
  readonly eventSource: "aws:kafka";
  /** By topic and partition: `orders-0`. */
  readonly records: Readonly<Record<string, readonly MskRecord[]>>;
}

/** The event for records of one partition, in their order. There is no list without records: without any, `records` is empty. */
export function mskEvent(
  { eventSourceArn, bootstrapServers }: EventSource,
  topic: string,
  partition: number,
  records: readonly StoredRecord[],
  timestampType: TimestampType,
): MskEvent {
  const list = records.map(
    ({ offset, timestampMs, key, value, headers }): MskRecord => ({
      topic,
      partition,
      offset,
      timestamp: timestampMs,
      timestampType,
      ...(key === null ? undefined : { key: toBase64(key) }),
      ...(value === null ? undefined : { value: toBase64(value) }),
      headers: headers.map(mskHeader),
    }),
  );
  return {
    eventSource: "aws:kafka",
    eventSourceArn,
    bootstrapServers,
    records: list.length === 0 ? {} : { [partitionName(topic, partition)]: list },
  };
}

/** A partition as MSK events and their answers name it. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

function mskHeader({ key, value }: RecordHeader): MskHeader {
  if (value === null) return {};
  const bytes: number[] = [];
  for (const byte of value) bytes.push((byte << 24) >> 24);
  return { [key]: bytes };
}

/** What a record has in JSON besides its topic, key, value and headers. Numbers are taken at their longest. */
const fixedBytes =
  utf8Bytes('{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"LOG_APPEND_TIME","key":"","value":"","headers":[]},') +
  String(limits.partitionsMax).length +
  2 * String(Number.MIN_SAFE_INTEGER).length;

/** JSON characters of each byte of a header, with the comma. */
const byteChars = Uint8Array.from({ length: 256 }, (_, byte) => String((byte << 24) >> 24).length + 1);

/**
 * How many bytes of JSON a record adds to an event at most: never too few, and about 30 too many without headers.
 * @param topic its name; without it the longest is assumed
 */
export function eventBytes({ key, value, headers }: StoredRecord, topic?: string): number {
  let bytes = fixedBytes + (topic?.length ?? limits.topicNameLengthMax);
  if (key !== null) bytes += base64Length(key.length);
  if (value !== null) bytes += base64Length(value.length);
  for (const header of headers) bytes += headerBytes(header);
  return bytes;
}

function headerBytes({ key, value }: RecordHeader): number {
  if (value === null) return "{},".length;
  let bytes = "{:[]},".length + utf8Bytes(JSON.stringify(key));
  for (const byte of value) bytes += byteChars[byte] as number;
  return bytes;
}
