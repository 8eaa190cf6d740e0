import assert from "node:assert/strict";
import type { WireRecord } from "../../lib/http/wire.ts";

/** Whether stored records are those of an accepted body, by `JSON.parse` and not by the server's own reader. */
export function checkStored(sent: readonly unknown[], stored: readonly WireRecord[]): void {
  assert.equal(stored.length, sent.length, "an accepted request's records are all there");
  for (const [index, record] of sent.entries()) {
    assert.ok(typeof record === "object" && record !== null && !Array.isArray(record), "an accepted record is an object");
    checkContent(record as Readonly<Record<string, unknown>>, "key", stored[index]?.keyBase64);
    checkContent(record as Readonly<Record<string, unknown>>, "value", stored[index]?.valueBase64);
    const { timestamp } = record as { readonly timestamp?: unknown };
    if (timestamp !== undefined) assert.equal(stored[index]?.timestamp, timestamp);
  }
}

/** The records of an accepted body. @throws when it is no JSON: then it should not have been accepted */
export function recordsOf(body: Uint8Array, isNdjson: boolean): readonly unknown[] {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  if (!isNdjson) return (JSON.parse(text) as { readonly records: readonly unknown[] }).records;
  return text
    .split("\n")
    .filter((line) => /[^ \t\r]/.test(line))
    .map((line): unknown => JSON.parse(line));
}

function checkContent(record: Readonly<Record<string, unknown>>, name: string, storedBase64: string | undefined): void {
  const plain = record[name];
  const base64 = record[`${name}Base64`];
  if (base64 !== undefined) assert.equal(storedBase64, base64);
  else if (plain === undefined || plain === null) assert.equal(storedBase64, undefined);
  else {
    const stored = Buffer.from(storedBase64 ?? "", "base64").toString();
    if (typeof plain === "string") assert.equal(stored, plain);
    else assert.deepEqual(JSON.parse(stored), plain);
  }
}
