import type { ShardKey } from "../../ports/journal.ts";
import { headKeys } from "./schema.ts";
import type { Key } from "./table.ts";

/** Every key of the table and the bucket, in one place. Ids stand in keys, never names. */

export function shardName({ topicId, shard }: ShardKey): string {
  return `${topicId}#${shard}`;
}

/** The shard's one mutable item. */
export function headKey(shard: ShardKey): Key {
  return { pk: `${headKeys.partitionKeyPrefix}${shardName(shard)}`, sk: headKeys.sortKey };
}

/** Undefined for the key of anything else. */
export function readHeadKey({ pk, sk }: Key): ShardKey | undefined {
  if (sk !== headKeys.sortKey || !pk.startsWith(headKeys.partitionKeyPrefix)) return undefined;
  const named = /^(?<topicId>.+)#(?<shard>\d+)$/.exec(pk.slice(headKeys.partitionKeyPrefix.length))?.groups;
  return named && { topicId: named["topicId"] ?? "", shard: Number(named["shard"]) };
}

/** Where the shard's journal starts: what was trimmed lies below. */
export function startKey(shard: ShardKey): Key {
  return { pk: `L#${shardName(shard)}`, sk: "L" };
}

/** How far the shard's upkeep has come; beside its start, so that one query has both. */
export function upkeepKey(shard: ShardKey): Key {
  return { pk: startKey(shard).pk, sk: "U" };
}

export function pagesPk(shard: ShardKey): string {
  return `J#${shardName(shard)}`;
}

/** Pages sort by their first entry; several rollers may have written one for the same entries. */
export function pageSk(firstSeq: number, rollId: string): string {
  return `${pad(firstSeq)}#${rollId}`;
}

/** Below all pages that start at this entry; its own first character after the number is `#`. */
export function pagesFrom(firstSeq: number): string {
  return pad(firstSeq);
}

/** Above all pages that start at this entry. */
export function pagesTo(firstSeq: number): string {
  return `${pad(firstSeq)}$`;
}

/** A small entry's bytes. Found by shard and fence epoch when nobody refers to it. */
export function payloadItemKey(shard: ShardKey, fenceEpoch: number, id: string): Key {
  return { pk: payloadsPk(shard, fenceEpoch, id.slice(0, 2)), sk: id };
}

export function payloadsPk(shard: ShardKey, fenceEpoch: number, hex: string): string {
  return `B#${shardName(shard)}#${fenceEpoch}#${hex}`;
}

/**
 * The first characters of payloads' ids: what they are spread over, as items and as objects. Enough for 16,000 write units a second and shard, several times
 * what its head takes; few, since who looks for what nobody refers to asks for each of them.
 */
export const payloadIdPrefixes: readonly string[] = Array.from({ length: 16 }, (_, nth) => `${nth.toString(16)}0`);

/** An id for a payload, of a random one. */
export function payloadIdOf(id: string): string {
  return `${id.slice(0, 1)}0${id.slice(2)}`;
}

/** A big entry's bytes. The first characters spread the load over S3's partitions. */
export function payloadObjectKey({ topicId, shard }: ShardKey, fenceEpoch: number, id: string): string {
  return `j/${id.slice(0, 2)}/${fenceEpoch}/${topicId}.${shard}/${id}`;
}

export function payloadObjectsPrefix(hex: string): string {
  return `j/${hex}/`;
}

/** What a key says of the payload under it. */
export interface PayloadKey {
  readonly shard: ShardKey;
  readonly fenceEpoch: number;
  readonly id: string;
}

/** Undefined for the key of anything else. */
export function readPayloadItemKey({ pk, sk: id }: Key): PayloadKey | undefined {
  return payloadKey(/^B#(?<topicId>.+)#(?<shard>\d+)#(?<epoch>\d+)#[0-9a-f]{2}$/.exec(pk)?.groups, id);
}

/** Undefined for the key of anything else. */
export function readPayloadObjectKey(key: string): PayloadKey | undefined {
  const named = /^j\/[0-9a-f]{2}\/(?<epoch>\d+)\/(?<topicId>.+)\.(?<shard>\d+)\/(?<id>[0-9a-f]{16})$/.exec(key)?.groups;
  return payloadKey(named, named?.["id"] ?? "");
}

function payloadKey(named: Readonly<Record<string, string>> | undefined, id: string): PayloadKey | undefined {
  if (named === undefined) return undefined;
  const { topicId = "", shard, epoch } = named;
  return { shard: { topicId, shard: Number(shard) }, fenceEpoch: Number(epoch), id };
}

/** The states of producers that have left the head. */
export function spilledPk(shard: ShardKey): string {
  return `PS#${shardName(shard)}`;
}

export function spilledSk(producerId: bigint, index: number | null): string {
  return `${spilledPrefix(producerId)}${index ?? "-"}`;
}

export function spilledPrefix(producerId: bigint): string {
  return `${producerId}#`;
}

export function catalogPk(pk: string): string {
  return `C#${pk}`;
}

/** Objects of the `ObjectStore` port. */
export const objectPrefix = "o/";

/** Wide enough for every safe integer, and for a Kafka offset. */
function pad(seq: number): string {
  return String(seq).padStart(19, "0");
}
