import { mapBounded } from "../../../core/bounded.ts";
import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import type { Reclaimable } from "../../../ports/upkeep.ts";
import { repeat, type Context } from "../context.ts";
import { checksumBytes } from "../items/payload.ts";
import type { PayloadPlace, StoredEntry } from "../items/stored-entry.ts";
import { payloadItemKey, payloadObjectKey } from "../keys.ts";
import type { Item, Key, Query, Value } from "../table.ts";
import type { Round } from "./round.ts";

export interface StoredPayload {
  readonly place: PayloadPlace;
  readonly bytes: number;
}

/** Deletes payloads, items and objects, and tells of them in their order. What is gone already is no error. */
export async function freePayloads(
  context: Context,
  shard: ShardKey,
  payloads: readonly StoredPayload[],
  round: Round,
  why: Reclaimable["why"],
): Promise<void> {
  const keys = payloads.filter(({ place }) => !place.isObject).map(({ place }) => payloadItemKey(shard, place.fenceEpoch, place.id));
  const objects = payloads.filter(({ place }) => place.isObject).map(({ place }) => payloadObjectKey(shard, place.fenceEpoch, place.id));
  if (!round.isDryRun) {
    await deleteItems(context, keys);
    for (let nth = 0; nth < objects.length; nth += limits.objectsDeleteMax) {
      const some = objects.slice(nth, nth + limits.objectsDeleteMax);
      await repeat(context, () => context.bucket.delete(some));
    }
  }
  for (const { place, bytes } of payloads) {
    const { pk, sk } = payloadItemKey(shard, place.fenceEpoch, place.id);
    round.note({ name: place.isObject ? payloadObjectKey(shard, place.fenceEpoch, place.id) : `${pk}/${sk}`, bytes, why });
  }
}

export async function deleteItems(context: Context, keys: readonly Key[]): Promise<void> {
  await mapBounded(keys, limits.awsUpkeepAtOnceMax, (key) => repeat(context, () => context.table.delete(key)));
}

/** The payloads of entries, once each, with the bytes that these entries have in them. */
export function payloadsOf(entries: readonly StoredEntry[]): readonly StoredPayload[] {
  const found = new Map<string, StoredPayload>();
  for (const { payload: place, parts, stepsBytes } of entries) {
    const own = parts.reduce((sum, { bytes }) => sum + checksumBytes + bytes, stepsBytes === 0 ? 0 : checksumBytes + stepsBytes);
    found.set(place.id, { place, bytes: own + (found.get(place.id)?.bytes ?? 1) });
  }
  return [...found.values()];
}

/** All items that a query leads to, page by page. */
export async function* itemsOf(context: Context, query: Omit<Query, "limit" | "after">): AsyncGenerator<readonly Item[]> {
  for (let after: string | undefined; ; ) {
    const request = { ...query, limit: limits.awsPagesQueryMax, ...(after !== undefined && { after }) };
    const { items, hasMore } = await repeat(context, () => context.table.query(request));
    if (items.length > 0) yield items;
    const last = items.at(-1);
    if (!hasMore || last === undefined) return;
    after = keyOf(last).sk;
  }
}

export function keyOf({ pk, sk }: Item): Key {
  return { pk: pk !== undefined && "S" in pk ? pk.S : "", sk: sk !== undefined && "S" in sk ? sk.S : "" };
}

/** About what an item counts in DynamoDB. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + valueBytes(value), 0);
}

function valueBytes(value: Value): number {
  if ("S" in value) return value.S.length;
  if ("B" in value) return value.B.length;
  if ("N" in value) return (value.N.length >> 1) + 1;
  if ("L" in value) return value.L.reduce((sum, each) => sum + 1 + valueBytes(each), 3);
  return 3 + Object.keys(value.M).length + itemBytes(value.M);
}
