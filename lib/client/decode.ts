import type { WireHeaderValue, WireHeaders, WireRecord } from "../http/wire.ts";
import { fromBase64 } from "../core/base64.ts";
import type { ConsumedRecord, Format, HeaderValue, Headers, JsonValue } from "./types.ts";

/** The wire's name of a format. */
export function wireFormat(format: Format): "text" | "json" | "base64" {
  return format === "bytes" ? "base64" : format;
}

/** A record of a fetch, asked for in this format. */
export function decodeRecord<F extends Format>(partition: number, wire: WireRecord, _format: F): ConsumedRecord<F> {
  // The server keeps to the format that was asked for, so the types follow from it.
  return {
    partition,
    offset: wire.offset,
    timestampMs: wire.timestamp,
    key: content(wire.key, wire.keyBase64),
    value: content(wire.value, wire.valueBase64),
    headers: decodeHeaders(wire.headers),
  } as ConsumedRecord<F>;
}

function content(value: unknown, base64: string | undefined): JsonValue | Uint8Array {
  if (base64 !== undefined) return fromBase64(base64);
  return value === undefined ? null : (value as JsonValue);
}

const none: Headers = Object.freeze({});

function decodeHeaders(wire: WireHeaders): Headers {
  const entries = Object.entries(wire);
  if (entries.length === 0) return none;
  return Object.fromEntries(entries.map(([name, value]) => [name, isMany(value) ? value.map(headerValue) : headerValue(value)]));
}

function isMany(value: WireHeaderValue | readonly WireHeaderValue[]): value is readonly WireHeaderValue[] {
  return Array.isArray(value);
}

function headerValue(wire: WireHeaderValue): HeaderValue {
  return wire === null || typeof wire === "string" ? wire : fromBase64(wire.base64);
}
