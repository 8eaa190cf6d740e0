import type { Item, Value } from "../../../engines/aws/table.ts";

/** What an item counts towards the limit of 400 KB: attribute names and values, the key included. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + valueBytes(value);
  return bytes;
}

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** Two digits a byte, and one for the exponent; pairs of zeros at the end are not kept. */
function numberBytes(text: string): number {
  const digits = text.replace(/^-?0*/, "");
  const pairs = (digits.length % 2 === 0 ? digits : `0${digits}`).replace(/(00)+$/, "");
  return pairs.length / 2 + 1 + (text.startsWith("-") ? 1 : 0);
}

function valueBytes(value: Value): number {
  if ("S" in value) return utf8Bytes(value.S);
  if ("B" in value) return value.B.length;
  if ("N" in value) return numberBytes(value.N);
  if ("L" in value) return value.L.reduce((bytes, element) => bytes + 1 + valueBytes(element), 3);
  return 3 + Object.keys(value.M).length + itemBytes(value.M);
}
