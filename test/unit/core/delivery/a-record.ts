import type { FilterableRecord } from "../../../../lib/core/delivery/filter.ts";

export const utf8 = new TextEncoder();

export interface Parts {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: readonly (readonly [string, string | null])[];
}

/** A record; strings are its UTF-8, other contents their JSON. */
export function record(parts: Parts = {}): FilterableRecord {
  const { key = "k-1", value = "text", headers = [] } = parts;
  return {
    topic: "orders",
    partition: 3,
    offset: 8_000_000_000,
    timestampMs: 1_767_225_600_000,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([name, text]) => ({ key: name, value: text === null ? null : utf8.encode(text) })),
  };
}

function bytesOf(content: unknown): Uint8Array | null {
  return content === null ? null : utf8.encode(typeof content === "string" ? content : JSON.stringify(content));
}
