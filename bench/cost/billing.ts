import type { Item } from "../../lib/engines/aws/table.ts";
import { itemBytes } from "../../lib/testing/sim/aws/item-size.ts";

/** DynamoDB's billing rule for requests, on demand. What an item counts is its names and values; it is not rounded before it is added up. */
const writeUnitBytes = 1_024;
const readUnitBytes = 4_096;
/** Storage only: each item counts this much more than it has. */
const storedItemOverheadBytes = 100;

export function sizeOf(item: Item | undefined): number {
  return item === undefined ? 0 : itemBytes(item);
}

/** A write is billed on the larger of the item before and after it, a transactional one twice; an item that was not and will not be there counts one unit. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  return Math.max(1, Math.ceil(Math.max(sizeOf(before), sizeOf(after)) / writeUnitBytes));
}

/** Of all items read by one request together; nothing found costs one unit too. */
export function readUnits(bytes: number, isEventual: boolean): number {
  return Math.max(1, Math.ceil(bytes / readUnitBytes)) * (isEventual ? 0.5 : 1);
}

export function storedBytes(item: Item | undefined): number {
  return item === undefined ? 0 : sizeOf(item) + storedItemOverheadBytes;
}
