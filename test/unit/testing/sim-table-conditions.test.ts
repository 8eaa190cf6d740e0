import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreFault } from "../../../lib/engines/aws/table.ts";
import type { Item, Value } from "../../../lib/engines/aws/table.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";

const n = (value: number): Value => ({ N: `${value}` });
const item: Item = {
  pk: { S: "H" },
  sk: { S: "H" },
  s: { S: "a\u{10000}é" },
  b: { B: Uint8Array.from([1, 2]) },
  n: n(5),
  l: { L: [n(0), n(1), n(2)] },
  m: { M: { x: n(1), constructor: n(2) } },
};
const values: Record<string, Value> = {
  ":n": n(5),
  ":one": n(1),
  ":six": n(6),
  ":ten": n(10),
  ":a": { S: "a" },
  ":b": { B: Uint8Array.from([1]) },
  ":l": { L: [n(0), n(1), n(2)] },
};

/** As DynamoDB Local answers, of the item and of none. */
const conditions: readonly (readonly [condition: string, ofItem: boolean | "refused", ofNone?: boolean])[] = [
  ["gone <> :n", true, true],
  ["gone = :n", false],
  ["gone = gone2", false],
  ["gone <> gone2", true, true],
  ["NOT gone < :n", true, true],
  ["s <> :n", true, true],
  ["s < :n", false],
  ["n < :ten", true],
  ["n <= :n AND n >= :n AND NOT n > :n", true],
  ["size(s) = :n", false],
  ["size(l) < :n", true],
  ["size(gone) < :n", false],
  ["size(gone) <> :n", true, true],
  ["size(m.x) = :one", false],
  ["size(b) < size(l)", true],
  ["l = :l", true],
  ["l <> :l", false, true],
  ["l[1] = m.x", true],
  ["NOT l < :n", true, true],
  ["begins_with(s, :a)", true],
  ["begins_with(b, :b)", true],
  ["begins_with(n, :a)", false],
  ["n BETWEEN :one AND :ten", true],
  ["attribute_exists(m.x) AND attribute_not_exists(m.z)", true],
  ["attribute_exists(l[2]) AND attribute_not_exists(l[3])", true],
  ["attribute_not_exists(n.x)", true, true],
  ["n = :six AND n = :one OR n = :n", true],
  ["n = :n OR n = :n AND n = :six", true],
  ["NOT (n = :six OR n = :n)", false, true],
  ["n=:n and not(m.x=:six)", true],
  ["(m.x = :one) AND ((n = :n) OR n = :one)", true],
  ["((m.x = :one))", "refused"],
  ["n = n", "refused"],
  ["begins_with(s, s)", "refused"],
  ["n BETWEEN n AND :ten", "refused"],
  ["n BETWEEN :six AND :one", "refused"],
  ["n BETWEEN :a AND :six", "refused"],
  ["n < :l", "refused"],
  ["begins_with(s, :n)", "refused"],
  ["size(:n) = :n", "refused"],
  ["attribute_exists(:n)", "refused"],
  ["ATTRIBUTE_EXISTS(n)", "refused"],
  ["last = :n", "refused"],
  ["m.Base = :n", "refused"],
  ["l[01] = :n", "refused"],
  ["n == :n", "refused"],
  ["n = :n AND", "refused"],
  ["", "refused"],
  [Array.from({ length: 151 }, () => "n = :n").join(" AND "), "refused"],
  [Array.from({ length: 150 }, () => "n = :n").join(" AND "), true],
  [`n = :n${" ".repeat(4_091)}`, "refused"],
];

describe("a condition of the simulated table", () => {
  for (const [condition, ofItem, ofNone = ofItem === "refused" ? "refused" : false] of conditions) {
    it(`${condition.slice(0, 70)}: ${ofItem}, of no item ${ofNone}`, async () => {
      const table = new SimTable({ nowMs: () => 0 });
      await table.put(item);
      const used = Object.fromEntries(Object.entries(values).filter(([name]) => new RegExp(`${name}\\b`).test(condition)));
      const outcome = async (sk: string) => {
        try {
          await table.delete({ pk: "H", sk }, { condition, values: used });
          return true;
        } catch (reason) {
          assert.ok(reason instanceof StoreFault);
          return reason.kind === "condition" ? false : reason.kind;
        }
      };
      assert.deepEqual([await outcome("none"), await outcome("H")], [ofNone, ofItem]);
    });
  }
});
