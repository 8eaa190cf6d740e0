import type { ShardKey } from "../../ports/journal.ts";
import type { Key } from "./table.ts";

/** Every key of the table and the bucket, in one place. Ids stand in keys, never names. */

export function shardName({ topicId, shard }: ShardKey): string {
  return `${topicId}#${shard}`;
}

/** The shard's one mutable item. */
export function headKey(shard: ShardKey): Key {
  return { pk: `H#${shardName(shard)}`, sk: "H" };
}

/** Where the shard's journal starts: what was trimmed lies below. */
export function startKey(shard: ShardKey): Key {
  return { pk: `L#${shardName(shard)}`, sk: "L" };
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
  return { pk: `B#${shardName(shard)}#${fenceEpoch}#${id.slice(0, 2)}`, sk: id };
}

/** A big entry's bytes. The first characters spread the load over S3's partitions. */
export function payloadObjectKey({ topicId, shard }: ShardKey, fenceEpoch: number, id: string): string {
  return `j/${id.slice(0, 2)}/${fenceEpoch}/${topicId}.${shard}/${id}`;
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
