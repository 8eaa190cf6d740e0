import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordsFingerprint } from "../../../../lib/core/codec/record-batch.ts";
import type { NewRecord } from "../../../../lib/core/record.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base: NewRecord = { key: utf8("k"), value: utf8("v"), headers: [{ key: "h", value: utf8("x") }] };

describe("recordsFingerprint", () => {
  it("stays what it is: producer states hold it", () => {
    assert.equal(recordsFingerprint([]), 0);
    assert.equal(recordsFingerprint([base, { ...base, timestampMs: 1700000000000 }]), 0x832259a4);
  });

  it("differs whenever what was sent differs", () => {
    const variants: readonly (readonly NewRecord[])[] = [
      [base],
      [base, base],
      [{ ...base, key: null }],
      [{ ...base, key: utf8("") }],
      [{ ...base, key: utf8("kv"), value: utf8("") }],
      [{ ...base, key: utf8(""), value: utf8("kv") }],
      [{ ...base, value: null }],
      [{ ...base, value: utf8("w") }],
      [{ ...base, timestampMs: 0 }],
      [{ ...base, timestampMs: -1 }],
      [{ ...base, headers: [] }],
      [{ ...base, headers: [{ key: "h", value: null }] }],
      [{ ...base, headers: [{ key: "hx", value: utf8("") }] }],
      [{ ...base, headers: [{ key: "é", value: utf8("x") }] }],
    ];
    const prints = variants.map((variant) => recordsFingerprint(variant));
    assert.equal(new Set(prints).size, variants.length);
  });
});
