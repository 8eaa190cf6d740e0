import { LogError } from "../core/errors.ts";
import type { WireHeaderValue } from "../http/wire.ts";
import { toBase64 } from "../core/base64.ts";
import type { Content, HeaderValue, Headers, ProducerRecord } from "./types.ts";
import { utf8Bytes } from "./utf8.ts";

/** A record as it will go out, without its partition. Taken when it is sent, so that later changes to the caller's objects do not show. */
export interface EncodedRecord {
  /** The members of its JSON object after `partition`, with the closing brace. */
  readonly json: string;
  /** UTF-8 bytes of `json`. */
  readonly bytes: number;
  /** What the partitioner hashes; null without a key. */
  readonly key: Uint8Array | null;
  readonly partition: number | undefined;
}

const utf8 = new TextEncoder();

/** @throws invalid_request for what has no exact bytes */
export function encodeRecord(record: ProducerRecord): EncodedRecord {
  const key = contentOf("key", record.key);
  const value = contentOf("value", record.value);
  let json = member("value", value);
  if (key !== null) json = `${member("key", key)},${json}`;
  if (record.headers !== undefined) json += `,"headers":${headersJson(record.headers)}`;
  if (record.timestampMs !== undefined) json += `,"timestamp":${wholeNumber("timestampMs", record.timestampMs)}`;
  json += "}";
  return {
    json,
    bytes: utf8Bytes(json),
    key: typeof key === "string" ? utf8.encode(key) : key,
    partition: record.partition === undefined ? undefined : wholeNumber("partition", record.partition),
  };
}

/** A string or bytes are themselves; any other value is its JSON text, sent as a string so that its bytes stay what they are here. */
function contentOf(what: string, content: Content | undefined): string | Uint8Array | null {
  if (content === undefined || content === null) return null;
  if (content instanceof Uint8Array) return content;
  if (typeof content === "string") return wellFormed(what, content);
  if (typeof content === "number" && !Number.isFinite(content)) throw invalid(`A record's ${what} is ${content}, which JSON cannot say.`);
  let json: unknown;
  try {
    json = JSON.stringify(content);
  } catch (reason) {
    throw new LogError("invalid_request", `A record's ${what} has no JSON text: ${String(reason)}`, { cause: reason });
  }
  if (typeof json !== "string") throw invalid(`A record's ${what} has no JSON text.`);
  return json;
}

function member(name: "key" | "value", content: string | Uint8Array | null): string {
  return content instanceof Uint8Array ? `"${name}Base64":"${toBase64(content)}"` : `"${name}":${JSON.stringify(content)}`;
}

function headersJson(headers: Headers): string {
  const wire = Object.entries(headers).map(([name, value]) => {
    const values = isMany(value) ? value.map((one) => headerValue(name, one)) : headerValue(name, value);
    return `${JSON.stringify(wellFormed("header name", name))}:${JSON.stringify(values)}`;
  });
  return `{${wire.join(",")}}`;
}

function isMany(value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] {
  return Array.isArray(value);
}

function headerValue(name: string, value: HeaderValue): WireHeaderValue {
  if (value === null) return null;
  if (value instanceof Uint8Array) return { base64: toBase64(value) };
  if (typeof value !== "string") throw invalid(`Header "${name}" must be a string, bytes or null.`);
  return wellFormed(`header "${name}"`, value);
}

function wellFormed(what: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw invalid(`A record's ${what} has half a surrogate pair, which UTF-8 cannot say: send it as bytes (Uint8Array).`);
}

function wholeNumber(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`A record's ${what} must be a whole number from 0, not ${String(value)}.`);
}

function invalid(message: string): LogError {
  return new LogError("invalid_request", message);
}
