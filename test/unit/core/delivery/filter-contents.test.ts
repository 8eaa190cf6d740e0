import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileFilters } from "../../../../lib/core/delivery/filter.ts";
import { record, utf8 } from "./a-record.ts";

/** Patterns that are right, over few names and values, so that they meet the data. */
const name = fc.constantFrom("a", "b", "__proto__", "toString");
const text = fc.constantFrom("", "a", "ab", "B", "5", "10.0.0.1");
const matcher = fc.oneof(
  text,
  fc.constantFrom(5, -0, null, true),
  fc.record({ prefix: text }),
  fc.record({ suffix: fc.record({ "equals-ignore-case": text }) }),
  fc.record({ wildcard: fc.constantFrom("*", "a*", "*b*") }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ "anything-but": fc.oneof(text, fc.record({ prefix: fc.constantFrom("a", "5") })) }),
  fc.record({ numeric: fc.constantFrom([">", 0], ["=", 5]) }),
  fc.record({ cidr: fc.constant("10.0.0.0/8") }),
);
const matchers = fc.array(matcher, { minLength: 1, maxLength: 3 });
const fields = fc.letrec<{ fields: object }>((tie) => ({
  fields: fc.dictionary(fc.oneof(name, fc.constantFrom("c")), fc.oneof({ depthSize: "small" }, matchers, tie("fields")), {
    minKeys: 1,
    maxKeys: 3,
  }),
})).fields;
const pattern = fc.record(
  { value: fc.oneof(matchers, fields), key: matchers, headers: fields.filter((value) => Object.values(value).every(Array.isArray)) },
  { requiredKeys: ["value"] },
);
const json = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "medium" },
    text,
    fc.constantFrom(null, 5, true, Number.MAX_VALUE),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(name, tie("json"), { maxKeys: 3 }),
  ),
})).json;

test("no content makes a filter throw", () => {
  const content = fc.option(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((value) => utf8.encode(value)),
      json.map((value) => utf8.encode(JSON.stringify(value))),
    ),
  );
  const headers = fc.array(fc.record({ key: name, value: content }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), content, content, headers, (patterns, key, value, list) => {
      const pass = compileFilters(patterns.map((one) => JSON.stringify(one)));
      assert.equal(typeof pass({ ...record(), key, value, headers: list }), "boolean");
    }),
    { numRuns: 1_000 },
  );
});
