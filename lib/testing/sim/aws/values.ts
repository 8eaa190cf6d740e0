import type { Item, Value } from "../../../engines/aws/table.ts";
import { compareUtf8 } from "../../../engines/memory/utf8.ts";
import { compareNumbers, normalNumber } from "./numbers.ts";
import { refused } from "./refused.ts";

export type ValueType = "S" | "N" | "B" | "L" | "M";

const nestingMax = 32;

export function typeOf(value: Value): ValueType {
  if ("S" in value) return "S";
  if ("N" in value) return "N";
  if ("B" in value) return "B";
  return "L" in value ? "L" : "M";
}

/** A copy that shares no bytes with the original, in the form in which the table keeps it. @throws StoreFault for what it does not keep */
export function stored(value: Value, depth = 1): Value {
  if (depth > nestingMax) throw refused(`Nesting levels exceed ${nestingMax}.`);
  if ("S" in value) return { S: value.S };
  if ("N" in value) return { N: normalNumber(value.N) };
  // Not slice(): a Buffer's would share its bytes.
  if ("B" in value) return { B: new Uint8Array(value.B) };
  if ("L" in value) return { L: value.L.map((element) => stored(element, depth + 1)) };
  if ("M" in value) return { M: storedItem(value.M, depth + 1) };
  throw refused("Supplied AttributeValue has no type, or one that is not simulated.");
}

export function storedItem(item: Item, depth = 1): Item {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      if (name === "") throw refused("An attribute name must not be empty.");
      return [name, stored(value, depth)];
    }),
  );
}

export function isEqual(a: Value, b: Value): boolean {
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && compareNumbers(a.N, b.N) === 0;
  if ("B" in a) return "B" in b && Buffer.compare(a.B, b.B) === 0;
  if ("L" in a) {
    return "L" in b && a.L.length === b.L.length && a.L.every((element, i) => isEqual(element, b.L[i] ?? { S: "" }));
  }
  if (!("M" in b)) return false;
  const entries = Object.entries(a.M);
  return (
    entries.length === Object.keys(b.M).length &&
    entries.every(([name, value]) => {
      const other = entry(b.M, name);
      return other !== undefined && isEqual(value, other);
    })
  );
}

/** Below zero when a comes first; undefined when they have no order. */
export function compare(a: Value, b: Value): number | undefined {
  if ("S" in a && "S" in b) return compareUtf8(a.S, b.S);
  if ("N" in a && "N" in b) return compareNumbers(a.N, b.N);
  if ("B" in a && "B" in b) return Buffer.compare(a.B, b.B);
  return undefined;
}

/** Names like "constructor" are names like any other. */
export function entry(item: Item, name: string): Value | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}
