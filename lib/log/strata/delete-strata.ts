import { limits } from "../../core/limits.ts";
import { dropExpired } from "./expire.ts";
import { frontiersPk } from "./frontier.ts";
import { collectGarbage } from "./garbage.ts";
import { reclaim } from "./reclaim.ts";
import { allSegments } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";

/** What is left of a deleted topic: its row in `topic-ids` is gone, so that no swap can add to it any more, and its shards are closed. */
export interface DeletedTopic {
  readonly topicId: string;
  readonly partitions: number;
  readonly partitionsPerShard: number;
}

/**
 * Frees all of a shard: its segments' rows, whose objects become garbage, and what the journal has of it.
 * @param isLate asked between two steps: true ends it
 * @returns whether nothing is left; "cut" when it was ended, and goes on with the next call
 */
export async function freeShard(
  services: StrataServices,
  { topicId, partitions, partitionsPerShard }: DeletedTopic,
  shard: number,
  isLate: () => boolean,
): Promise<boolean | "cut"> {
  const end = Math.min(partitions, (shard + 1) * partitionsPerShard);
  for (let partition = shard * partitionsPerShard; partition < end; partition++) {
    const rows = await allSegments(services.engine.catalog, topicId, partition);
    await dropExpired(services, topicId, partition, rows, Number.MAX_SAFE_INTEGER);
    if (isLate()) return "cut";
  }
  const { isComplete, isCut, bytes } = await reclaim(services, { topicId, shard }, isLate);
  services.onFreed?.({ objects: 0, bytes });
  return isCut ? "cut" : isComplete;
}

/**
 * Frees what a topic has beside its shards: garbage that is due, and then, when no shard has anything left, its frontiers.
 * @returns as `freeShard`
 */
export async function freeTopic(
  { engine, clock, frontiers, onFreed }: StrataServices,
  { topicId }: DeletedTopic,
  isLate: () => boolean,
): Promise<boolean | "cut"> {
  const { nextDueMs, ...freed } = await collectGarbage(engine, topicId, clock.nowMs(), isLate);
  onFreed?.(freed);
  if (nextDueMs !== undefined) return isLate() ? "cut" : false;
  const limit = limits.transactWritesMax;
  const rows = await engine.catalog.query(frontiersPk(topicId), { limit });
  if (rows.length > 0) await engine.catalog.transact(rows.map(({ key }) => ({ key, delete: true, if: "any" }) as const));
  for (const { key } of rows) frontiers.forget({ topicId, shard: Number(key.sk) });
  return rows.length < limit ? true : "cut";
}
