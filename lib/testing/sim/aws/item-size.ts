import type { Item, Value } from "../../../engines/aws/table.ts";
import { significantDigits } from "./numbers.ts";

/** What an item counts towards the limit of 400 KB: attribute names and values, the key included. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + valueBytes(value);
  return bytes;
}

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

function valueBytes(value: Value): number {
  if ("S" in value) return utf8Bytes(value.S);
  if ("B" in value) return value.B.length;
  if ("N" in value) return Math.ceil(significantDigits(value.N) / 2) + 1 + (value.N.startsWith("-") ? 1 : 0);
  if ("L" in value) return value.L.reduce((bytes, element) => bytes + 1 + valueBytes(element), 3);
  return 3 + Object.keys(value.M).length + itemBytes(value.M);
}
