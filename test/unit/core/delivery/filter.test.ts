import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilters } from "../../../../lib/core/delivery/filter.ts";
import { type Parts, record } from "./a-record.ts";

const passes = (pattern: unknown, parts: Parts) => compileFilters([JSON.stringify(pattern)])(record(parts));

type Case = readonly [matchers: unknown, matching: readonly unknown[], others: readonly unknown[]];

/** What a field of a JSON value has to be. `absent`: the value has no such field. */
const absent = Symbol("absent");
const leaves: readonly Case[] = [
  [["running"], ["running", ["stopped", "running"], [["running"]]], ["Running", "running ", "", null, absent, { running: 1 }, []]],
  [
    ["a", "b"],
    ["a", "b"],
    ["c", "ab"],
  ],
  [[""], [""], [" ", null, absent]],
  [[null], [null, [1, null]], ["null", "", 0, false, absent]],
  [[5], [5, [1, 5]], ["5", 5.1, true, absent]],
  [
    [-0.5, 1e3],
    [-0.5, 1000],
    [0.5, "1000"],
  ],
  [[true], [true, [true]], [false, "true", 1]],
  [[false], [false], [true, null, 0, absent]],
  [["constructor"], ["constructor"], [absent]],
  [[{ prefix: "us-" }], ["us-east-1", "us-", ["eu-1", "us-1"]], ["US-east-1", "eu-us-", 5, null, absent]],
  [[{ prefix: "" }], ["", "x"], [1, absent]],
  [[{ prefix: { "equals-ignore-case": "EventB" } }], ["eventbridge", "EVENTB"], ["event", "my-eventb"]],
  [[{ suffix: ".png" }], ["a.png", ".png"], ["a.PNG", "a.png ", 1]],
  [[{ suffix: { "equals-ignore-case": ".PnG" } }], ["a.png", "b.PNG"], ["png"]],
  [[{ "equals-ignore-case": "ΟΔΟΣ" }], ["οδος", "Οδοσ"], ["οδο", 1, null]],
  [[{ wildcard: "*/lib/*" }], ["/lib/", "a/lib/b", "/x/lib/lib/"], ["lib", "/lib", "/LIB/", 3]],
  [[{ wildcard: "a*b" }], ["ab", "aab", "a\nb"], ["a", "aba", "ba"]],
  [[{ wildcard: "ab*ba" }], ["abba", "ab-ba"], ["aba", "ab"]],
  [[{ wildcard: "a*b*c*d" }], ["abcd", "a--b-b-c-c-d"], ["acbd", "abc"]],
  [[{ wildcard: "*" }], ["", "x"], [1, absent]],
  [[{ wildcard: "2\\*2*\\\\" }], ["2*2\\", "2*2 = 4\\"], ["222\\", "2*2"]],
  [
    [{ "anything-but": "initializing" }],
    ["running", "", 5, null, true, ["initializing", "x"]],
    ["initializing", ["initializing"], absent, {}],
  ],
  [[{ "anything-but": 123 }], [124, "123", null], [123, absent]],
  [[{ "anything-but": ["a", "b"] }], ["c", 1], ["a", "b", absent]],
  [[{ "anything-but": [100, 200] }], [300, "100"], [100, 200]],
  [[{ "anything-but": { prefix: "init" } }], ["running", 1], ["init", "initializing", absent]],
  [[{ "anything-but": { prefix: ["a", "b"] } }], ["c"], ["ax", "bx"]],
  [[{ "anything-but": { suffix: ".png" } }], ["a.txt"], ["a.png"]],
  [[{ "anything-but": { "equals-ignore-case": ["Init", "Stop"] } }], ["go"], ["INIT", "stop"]],
  [[{ "anything-but": { wildcard: "*/lib/*" } }], ["/bin/x"], ["/lib/x"]],
  [[{ numeric: ["=", 301.8] }], [301.8], [301.80001, "301.8"]],
  [[{ numeric: ["<", 10] }], [9.99, -1], [10, absent, null]],
  [[{ numeric: ["<=", 10] }], [10], [10.1]],
  [[{ numeric: [">", 1e15] }], [1e15 + 1], [1e15]],
  [[{ numeric: [">", 0, "<=", 5] }], [0.1, 5, [9, 2]], [0, 5.1, "3", [6, -1]]],
  [[{ numeric: [">=", 0, "<", 5] }], [0, 4.9], [5, -0.1]],
  [[{ exists: true }], ["", null, 0, false, [1], "x"], [absent, {}, { a: 1 }, []]],
  [[{ exists: false }], [absent, {}, { a: 1 }, []], ["", null, 0, [1]]],
  [["a", { exists: false }], ["a", absent], ["b"]],
  [
    ["a", { prefix: "b" }, { numeric: [">", 3] }],
    ["a", "bc", 4],
    ["c", 3],
  ],
  [[{ cidr: "10.0.0.0/24" }], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "10.0.0", "10.0.0.256", "10.0.0.1.1", "::a00:1", 10]],
  [[{ cidr: "10.1.2.3/0" }], ["255.255.255.255"], ["::1", "x"]],
  [[{ cidr: "192.0.2.9/31" }], ["192.0.2.8", "192.0.2.9"], ["192.0.2.10"]],
  [
    [{ cidr: "2001:db8::/33" }],
    ["2001:db8::1", "2001:DB8:7fff:0:0:0:1.2.3.4"],
    ["2001:db8:8000::", "2001:db9::", "2001:db8", "2001::db8::1", "2001:db8:1.2.3.4::"],
  ],
  [[{ cidr: "::ffff:10.0.0.0/104" }], ["::ffff:10.9.9.9", "0:0:0:0:0:ffff:a00:1"], ["10.0.0.1", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7"]],
];

test("matchers of a JSON value's field", () => {
  for (const [matchers, matching, others] of leaves) {
    for (const [expected, list] of [
      [true, matching],
      [false, others],
    ] as const) {
      for (const leaf of list) {
        const value = leaf === absent ? { other: "running" } : { field: leaf, other: "running" };
        const shown = `${JSON.stringify(matchers)} and ${JSON.stringify(value)}`;
        assert.equal(passes({ value: { field: matchers } }, { value }), expected, shown);
        assert.equal(passes({ key: { a: { field: matchers } } }, { key: { a: value } }), expected, shown);
      }
    }
  }
});

const whole: readonly (readonly [pattern: unknown, matching: readonly Parts[], others: readonly Parts[]])[] = [
  // A text.
  [{ value: ["error"] }, [{ value: "error" }], [{ value: '"error"' }, { value: "Error" }, { value: null }, { value: { a: "error" } }]],
  [
    { value: [{ "anything-but": ["error"] }] },
    [{ value: "fine" }, { value: "" }, { value: "5" }],
    [{ value: "error" }, { value: null }, { value: {} }, { value: [1] }],
  ],
  [{ value: [{ prefix: "{" }] }, [{ value: "{no json" }], [{ value: {} }]],
  [{ key: [{ prefix: "k-" }], value: ["text"] }, [{}], [{ key: "x" }, { value: "x" }, { key: null }]],
  // A JSON scalar is that, and a text.
  [{ value: [5] }, [{ value: "5" }, { value: " 5.0\n" }], [{ value: "five" }, { value: "05" }, { value: "6" }]],
  [{ value: ["5"] }, [{ value: "5" }], [{ value: "5.0" }]],
  [{ value: [null, true] }, [{ value: "null" }, { value: "true" }], [{ value: null }, { value: "True" }]],
  [{ key: [{ numeric: [">=", 10] }] }, [{ key: "10" }, { key: "1e3" }], [{ key: "9" }, { key: "ten" }, { key: null }]],
  [{ value: [{ "anything-but": 5 }] }, [{ value: "6" }, { value: "x" }], [{ value: "5" }, { value: "5.0" }, { value: null }]],
  // Tombstones, and records without a key.
  [{ value: [{ exists: false }] }, [{ value: null }], [{ value: "" }, { value: {} }, { value: "null" }]],
  [{ value: [{ exists: true }], key: [{ exists: false }] }, [{ key: null }, { key: null, value: {} }], [{}, { key: null, value: null }]],
  // A JSON object.
  [
    { value: { a: [{ exists: false }] } },
    [{ value: {} }, { value: { a: {} } }],
    [{ value: { a: 1 } }, { value: "x" }, { value: null }, { value: [] }, { value: "{" }, { value: "1" }],
  ],
  [
    { value: { device: [{ prefix: "AB" }] } },
    [{ value: ' {"device":"AB12","n":{"x":1}}' }],
    [{ value: { device: "CD" } }, { value: "\ufeff{}" }],
  ],
  [
    { value: { a: { b: ["x"], c: [1] }, d: [true] } },
    [{ value: { a: { b: "x", c: 1 }, d: true } }],
    [
      { value: { a: { b: "x", c: 2 }, d: true } },
      { value: { a: { b: "x", c: 1 } } },
      { value: { a: ["x", 1], d: true } },
      { value: { a: "x", d: true } },
    ],
  ],
  [{ value: { toString: [{ exists: false }] } }, [{ value: {} }], [{ value: '{"toString":1}' }]],
  [{ value: { ["__proto__"]: { a: [1] } } }, [{ value: '{"__proto__":{"a":1}}' }], [{ value: {} }]],
  // Arrays of objects: one of them has to match as a whole, and absent is what none of them has.
  [
    { value: { items: { sku: ["a"], n: [2] } } },
    [{ value: { items: [{ sku: "b" }, { sku: "a", n: 2 }] } }, { value: { items: [[{ sku: "a", n: 2 }], 5] } }],
    [
      {
        value: {
          items: [
            { sku: "a", n: 1 },
            { sku: "b", n: 2 },
          ],
        },
      },
      { value: { items: [] } },
    ],
  ],
  [
    { value: { items: { sku: ["a"], gone: [{ exists: false }] } } },
    [{ value: { items: [{ sku: "a" }, { sku: "b" }] } }],
    [{ value: { items: [{ sku: "a" }, { sku: "b", gone: 1 }] } }],
  ],
  [
    { value: { items: { gone: [{ exists: false }] } } },
    [{ value: {} }, { value: { items: [1] } }, { value: { items: "x" } }],
    [{ value: { items: [{}, { gone: [1] }] } }],
  ],
  // Headers: any of the name.
  [
    { headers: { type: ["created", { prefix: "up" }] } },
    [
      { headers: [["type", "created"]] },
      {
        headers: [
          ["type", "x"],
          ["type", "updated"],
        ],
      },
    ],
    [{}, { headers: [["type", "x"]] }, { headers: [["Type", "created"]] }, { headers: [["type", null]] }],
  ],
  [{ headers: { type: [{ exists: false }] } }, [{}, { headers: [["other", "x"]] }], [{ headers: [["type", null]] }]],
  [{ headers: { type: [null] } }, [{ headers: [["type", null]] }], [{}, { headers: [["type", ""]] }]],
  [
    { headers: { tries: [{ numeric: [">", 3] }], kind: [""] } },
    [
      {
        headers: [
          ["kind", ""],
          ["tries", "4"],
        ],
      },
    ],
    [{ headers: [["tries", "4"]] }],
  ],
  [{ headers: { type: [{ "anything-but": "x" }] } }, [{ headers: [["type", '{"json":1}']] }], [{}, { headers: [["type", "x"]] }]],
  [{ headers: { $or: [{ a: ["1"] }, { b: ["2"] }] } }, [{ headers: [["b", "2"]] }], [{ headers: [["b", "1"]] }]],
  // The rest of a record.
  [
    {
      topic: [{ prefix: "ord" }],
      partition: [3],
      offset: [{ numeric: [">", 7_999_999_999] }],
      timestamp: [{ numeric: [">=", 1_767_225_600_000] }],
    },
    [{}],
    [],
  ],
  [{ partition: [{ "anything-but": 3 }] }, [], [{}]],
  // $or.
  [{ $or: [{ key: ["x"] }, { value: { a: [1] } }] }, [{ key: "x" }, { value: { a: 1 } }], [{}]],
  [
    { value: { s: ["x"], $or: [{ m: [1] }, { t: [2], $or: [{ i: [3] }, { j: [4] }] }] } },
    [{ value: { s: "x", m: 1 } }, { value: { s: "x", t: 2, j: 4 } }],
    [{ value: { s: "x", t: 2 } }, { value: { m: 1 } }, { value: { s: "x", i: 3 } }],
  ],
];

test("patterns over a whole record", () => {
  for (const [pattern, matching, others] of whole) {
    for (const parts of matching) assert.equal(passes(pattern, parts), true, `${JSON.stringify(pattern)} and ${JSON.stringify(parts)}`);
    for (const parts of others) assert.equal(passes(pattern, parts), false, `${JSON.stringify(pattern)} and ${JSON.stringify(parts)}`);
  }
});

test("a record passes when one filter matches, and every record when there is none", () => {
  const pass = compileFilters(['{"value":["a"]}', '{"value":{"n":[1]}}', '{"key":["k"]}']);
  assert.deepEqual(
    [{ value: "a" }, { value: { n: 1 } }, { key: "k" }, {}].map((parts) => pass(record(parts))),
    [true, true, true, false],
  );
  assert.equal(compileFilters([])(record()), true);
});

test("data that nests deeper than calls can, and wildcards with many stars, take no longer than a look at them", () => {
  const deep = "[".repeat(500_000) + "]".repeat(500_000);
  const pass = compileFilters(['{"value":{"a":{"b":[1]}}}', '{"value":{"a":[1]}}', '{"value":[{"exists":false}]}']);
  assert.equal(pass(record({ value: `{"a":${deep}}` })), false);
  assert.equal(pass(record({ value: deep })), false);
  assert.equal(
    passes(
      { value: { a: { b: { c: [{ exists: false }] } } } },
      { value: { a: Array.from({ length: 100_000 }, (_, i) => (i === 99_999 ? { b: { c: 1 } } : {})) } },
    ),
    false,
  );
  assert.equal(passes({ value: [{ wildcard: `${"*a".repeat(1_000)}b` }] }, { value: "a".repeat(100_000) }), false);
});
