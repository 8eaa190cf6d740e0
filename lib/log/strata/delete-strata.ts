import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { dropExpired } from "./expire.ts";
import { frontierKey } from "./frontier.ts";
import { collectGarbage } from "./garbage.ts";
import { allSegments } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";

/** What is left of a deleted topic. */
export interface DeletedTopic {
  readonly topicId: string;
  readonly partitions: number;
  readonly partitionsPerShard: number;
}

/**
 * Frees all of a topic that is deleted: its row in `topic-ids` is gone, so that no swap can add to it any more, and its shards are closed.
 * @param isLate asked between two steps: true ends it, and the next call goes on
 * @returns whether nothing of it is left
 */
export async function deleteStrata(services: StrataServices, topic: DeletedTopic, isLate: () => boolean): Promise<boolean> {
  const { engine, clock, frontiers, tuning } = services;
  const { topicId, partitions, partitionsPerShard } = topic;
  let isComplete = true;
  for (let partition = 0; partition < partitions; partition++) {
    if (isLate()) return false;
    const rows = await allSegments(engine.catalog, topicId, partition);
    await dropExpired(services, topicId, partition, rows, Number.MAX_SAFE_INTEGER);
  }
  for (const shard of shardsOf(topic)) {
    if (isLate()) return false;
    const { isComplete: isFreed } = await engine.upkeep.reclaim(shard, { graceMs: tuning.garbageGraceMs });
    isComplete &&= isFreed;
  }
  const { nextDueMs } = await collectGarbage(engine, topicId, clock.nowMs(), isLate);
  if (!isComplete || nextDueMs !== undefined) return false;
  const shards = shardsOf({ topicId, partitions, partitionsPerShard });
  for (let at = 0; at < shards.length; at += limits.transactWritesMax) {
    const own = shards.slice(at, at + limits.transactWritesMax);
    await engine.catalog.transact(own.map((shard) => ({ key: frontierKey(shard), delete: true, if: "any" }) as const));
    for (const shard of own) frontiers.forget(shard);
  }
  return true;
}

function shardsOf({ topicId, partitions, partitionsPerShard }: DeletedTopic): readonly ShardKey[] {
  const count = Math.ceil(partitions / partitionsPerShard);
  return Array.from({ length: count }, (_, shard) => ({ topicId, shard }));
}
