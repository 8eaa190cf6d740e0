import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkFilters } from "../../../../lib/core/delivery/filter.ts";
import { limits } from "../../../../lib/core/limits.ts";

const wrong: readonly (readonly [pattern: unknown, message: RegExp])[] = [
  ["{", /^Filter 1: is no JSON/],
  ["", /is no JSON/],
  ["[]", /has to be a JSON object/],
  ["null", /has to be a JSON object/],
  [{}, /^Filter 1: must not be an empty object/],
  [{ values: ["x"] }, /^Filter 1, at values: a record has no such part/],
  [{ value: "x" }, /at value: has to be an array/],
  [{ value: null }, /at value: has to be an array/],
  [{ value: {} }, /at value: must not be an empty object/],
  [{ value: [] }, /at value: must not be an empty array/],
  [{ value: { a: { b: [] } } }, /at value\.a\.b: must not be an empty array/],
  [{ value: { a: 5 } }, /at value\.a: has to be an array of what matches, or an object/],
  [{ value: [["x"]] }, /at value\[0\]: must not be an array within/],
  [{ value: ["x", { prefx: "y" }] }, /at value\[1\]: "prefx" is no operator: use one of prefix, suffix/],
  [{ value: [{ constructor: "y" }] }, /is no operator/],
  [{ value: [{}] }, /has 0 operators/],
  [{ value: [{ prefix: "a", suffix: "b" }] }, /has 2 operators/],
  [{ value: [{ prefix: 5 }] }, /at value\[0\]\.prefix: has to be a string/],
  [{ value: [{ suffix: { prefix: "x" } }] }, /"equals-ignore-case"/],
  [{ value: [{ prefix: { "equals-ignore-case": 1 } }] }, /at value\[0\]\.prefix\.equals-ignore-case: has to be a string/],
  [{ value: [{ "equals-ignore-case": ["a"] }] }, /has to be a string/],
  [{ value: [{ wildcard: "a**b" }] }, /at value\[0\]\.wildcard: has two "\*" in a row/],
  [{ value: [{ wildcard: "a\\b" }] }, /backslash/],
  [{ value: [{ wildcard: "a\\" }] }, /backslash/],
  [{ value: [{ exists: "true" }] }, /has to be true or false/],
  [{ value: [{ numeric: 5 }] }, /has to be an array/],
  [{ value: [{ numeric: [] }] }, /has to be one of "="/],
  [{ value: [{ numeric: ["!=", 5] }] }, /numeric\[0\]: has to be one of "="/],
  [{ value: [{ numeric: ["<", "5"] }] }, /numeric\[1\]: has to be a number/],
  [{ value: [{ numeric: [">", 1, "<"] }] }, /one comparison, or a range/],
  [{ value: [{ numeric: ["<", 9, ">", 1] }] }, /lower bound first/],
  [{ value: [{ numeric: [">", 1, ">", 2] }] }, /lower bound first/],
  [{ value: [{ numeric: ["=", 1, "<", 2] }] }, /lower bound first/],
  [{ value: [{ numeric: [">", 5, "<", 5] }] }, /above the lower bound/],
  [{ value: [{ cidr: "10.0.0.0" }] }, /no range of IP addresses/],
  [{ value: [{ cidr: "10.0.0.0/33" }] }, /no range/],
  [{ value: [{ cidr: "10.0.0/8" }] }, /no range/],
  [{ value: [{ cidr: "1::/-1" }] }, /no range/],
  [{ value: [{ "anything-but": [] }] }, /empty list/],
  [{ value: [{ "anything-but": ["a", 1] }] }, /all strings or all numbers/],
  [{ value: [{ "anything-but": null }] }, /all strings or all numbers/],
  [{ value: [{ "anything-but": { prefix: "" } }] }, /must not be empty/],
  [{ value: [{ "anything-but": { suffix: [1] } }] }, /has to be a string/],
  [{ value: [{ "anything-but": { numeric: ["=", 1] } }] }, /has to be a string|cannot be used/],
  [{ value: [{ "anything-but": { cidr: "10.0.0.0/8" } }] }, /"cidr" cannot be used within anything-but/],
  [{ $or: [{ key: ["a"] }] }, /at \$or: has to be an array of two/],
  [{ $or: { key: ["a"] } }, /array of two/],
  [{ value: { $or: [{ a: ["a"] }, ["b"]] } }, /at value\.\$or\[1\]: has to be an object/],
  [{ value: { $or: [{ a: ["a"] }, {}] } }, /must not be an empty object/],
  [{ value: { $or: [{ prefix: ["a"] }, { b: [1] }] } }, /"prefix" is an operator/],
  [{ headers: ["x"] }, /at headers: has to be an object of header names/],
  [{ headers: { a: { b: ["x"] } } }, /at headers\.a: has to be an array/],
  [{ offset: { a: [1] } }, /at offset: has to be an array/],
];

test("what is wrong is refused, with its place", () => {
  for (const [pattern, message] of wrong) {
    const text = typeof pattern === "string" ? pattern : JSON.stringify(pattern);
    assert.throws(() => checkFilters([text]), { code: "invalid_config", message }, text);
  }
  assert.throws(() => checkFilters(['{"value":["x"]}', '{"value":[]}']), { message: /^Filter 2, at value:/ });
});

test("filters are bounded in number and bytes", () => {
  const ofBytes = (bytes: number) => `{"value":["${"é".repeat((bytes - 14) / 2)}"]}`;
  checkFilters(Array.from({ length: limits.filtersMax }, () => ofBytes(limits.filterBytesMax)));
  assert.throws(() => checkFilters([ofBytes(limits.filterBytesMax + 2)]), { code: "invalid_config", message: /4098 bytes/ });
  assert.throws(() => checkFilters(Array.from({ length: limits.filtersMax + 1 }, () => "{}")), {
    code: "invalid_config",
    message: /11 filters/,
  });
});

test("no text that is given as a filter makes anything but an error with its place", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((value) => `{"value":${value}}`),
      ),
      (filter) => {
        try {
          checkFilters([filter]);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "invalid_config");
          assert.match((error as Error).message, /^Filter 1/);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
