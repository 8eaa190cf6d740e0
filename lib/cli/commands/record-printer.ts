import type { ConsumedRecord, Headers } from "../../client/index.ts";
import type { Args } from "../args.ts";
import { unescaped } from "./produce-records.ts";

const formats = ["value", "text", "json", "base64"] as const;

type Piece = string | Uint8Array;
export type TextRecord = ConsumedRecord;

/** A record as the pieces of its line. @throws UsageError for flags that make no sense */
export function recordPrinter(args: Args, topic: string): (record: TextRecord) => readonly Piece[] {
  const format = args.has("json") ? "json" : args.oneOf("format", formats);
  if (format === "json") return (record) => [`${JSON.stringify(jsonOf(record, topic))}\n`];
  const separator = unescaped(args.text("key-separator") ?? "\\t");
  const content: (value: Piece | null) => Piece = format === "base64" ? base64Of : (value) => value ?? "null";
  const has = (name: string) => args.has(name);
  const [timestamp, partition, offset, headers, key] = ["timestamp", "partition", "offset", "headers", "key"].map((name) =>
    has(`show-${name}`),
  );
  return (record) => {
    const pieces: Piece[] = [];
    if (timestamp === true) pieces.push(`CreateTime:${record.timestampMs}`, separator);
    if (partition === true) pieces.push(`Partition:${record.partition}`, separator);
    if (offset === true) pieces.push(`Offset:${record.offset}`, separator);
    if (headers === true) pieces.push(headersText(record.headers), separator);
    if (key === true) pieces.push(content(record.key), separator);
    pieces.push(content(record.value), "\n");
    return pieces;
  };
}

function base64Of(value: Piece | null): string {
  return value === null ? "null" : Buffer.from(value as Uint8Array).toString("base64");
}

function headersText(headers: Headers): string {
  const pairs = Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly (Piece | null)[]) : [value as Piece | null];
    return values.map((one) => `${name}:${one === null ? "null" : typeof one === "string" ? one : base64Of(one)}`);
  });
  return pairs.length === 0 ? "NO_HEADERS" : pairs.join(",");
}

/** The members of the HTTP API's records: text, and base64 for bytes that are not UTF-8. */
function jsonOf(record: TextRecord, topic: string): Record<string, unknown> {
  const headers = Object.entries(record.headers).map(([name, value]) => {
    const wire = (one: Piece | null) => (one instanceof Uint8Array ? { base64: base64Of(one) } : one);
    return [name, Array.isArray(value) ? (value as readonly (Piece | null)[]).map(wire) : wire(value as Piece | null)];
  });
  return {
    topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    ...named("key", record.key),
    ...named("value", record.value),
    headers: Object.fromEntries(headers) as unknown,
  };
}

function named(name: string, content: Piece | null): Record<string, unknown> {
  return content instanceof Uint8Array ? { [`${name}Base64`]: base64Of(content) } : { [name]: content };
}
