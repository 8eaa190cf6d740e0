import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StoredRecord } from "../../../lib/core/record.ts";
import { readRecord } from "../../../lib/http/json/record-input.ts";
import { recordFormats, writeRecord } from "../../../lib/http/json/record-output.ts";
import { JsonReader } from "../../../lib/http/json/reader.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: "binary" }).map((text) => new Uint8Array(Buffer.from(text))),
  fc.json().map((text) => new Uint8Array(Buffer.from(text))),
);
const content = fc.option(bytes);
const header = fc.record({ key: fc.string({ unit: "binary", maxLength: 3 }), value: content }, { noNullPrototype: true });
const record: fc.Arbitrary<StoredRecord> = fc.record({
  offset: fc.maxSafeNat(),
  timestampMs: fc.maxSafeNat(),
  key: content,
  value: content,
  headers: fc.array(header, { maxLength: 5 }),
});

const byName = (headers: StoredRecord["headers"]): unknown => Object.fromEntries(Map.groupBy(headers, ({ key }) => `.${key}`));
const plain = (value: Uint8Array | null): Uint8Array | null => (value === null ? null : new Uint8Array(value));

test("a record that is read as text or base64 and sent again is the same record", () => {
  fc.assert(
    fc.property(record, fc.constantFrom("text", "base64"), (stored, format) => {
      const text = writeRecord(stored, format).replace(/"offset":\d+,/, "");
      const sent = readRecord(new JsonReader(Buffer.from(text)));
      assert.deepEqual(plain(sent.key), stored.key);
      assert.deepEqual(plain(sent.value), stored.value);
      assert.equal(sent.timestampMs, stored.timestampMs);
      const headers = sent.headers.map(({ key, value }) => ({ key, value: plain(value) }));
      assert.deepEqual(byName(headers), byName(stored.headers));
    }),
  );
});

test("in every format a record is one JSON object, with or without its partition", () => {
  fc.assert(
    fc.property(record, fc.constantFrom(...recordFormats), fc.option(fc.nat(), { nil: undefined }), (stored, format, partition) => {
      const written = JSON.parse(writeRecord(stored, format, partition)) as Readonly<Record<string, unknown>>;
      assert.equal(written["offset"], stored.offset);
      assert.equal(written["partition"], partition);
      assert.equal("value" in written, !("valueBase64" in written));
      if (stored.value === null) assert.equal(written["value"], null);
    }),
  );
});

test("format=json leaves JSON as it is and bytes as base64", () => {
  const write = (value: Uint8Array) => writeRecord({ offset: 0, timestampMs: 0, key: null, value, headers: [] }, "json");
  assert.match(write(Buffer.from('{"a":1.0,"a":12345678901234567890}')), /"value":\{"a":1\.0,"a":12345678901234567890\},/);
  assert.match(write(Buffer.from("{a:1}")), /"value":"\{a:1\}",/);
  assert.match(write(Uint8Array.of(0xff)), /"valueBase64":"\/w==",/);
  assert.match(write(Buffer.from("[".repeat(65) + "]".repeat(65))), /"value":"\[/);
});
