import { mapBounded } from "../core/bounded.ts";
import { limits } from "../core/limits.ts";
import type { Journal } from "../ports/journal.ts";
import type { Topic, Watermarks } from "./log.ts";
import { placeOf } from "./placement.ts";
import type { Frontiers } from "./strata/frontiers.ts";
import { type PartitionView, viewShard } from "./strata/shard-view.ts";

/** Where partitions begin and end: one strongly consistent read a shard. @throws unknown_topic_or_partition */
export async function watermarksOf(
  services: { readonly journal: Journal; readonly frontiers: Frontiers },
  topic: Topic,
  partitions: readonly number[],
): Promise<readonly Watermarks[]> {
  const shards = [...new Set(partitions.map((partition) => placeOf(topic, partition).shard.shard))];
  const views = await mapBounded(shards, limits.shardConcurrency, (shard) => viewShard(services, { topicId: topic.id, shard }));
  const byShard = new Map(shards.map((shard, at) => [shard, views[at] as (index: number) => PartitionView]));
  return partitions.map((partition) => {
    const { shard, index } = placeOf(topic, partition);
    const { logStartOffset, highWatermark } = (byShard.get(shard.shard) as (index: number) => PartitionView)(index);
    return { partition, logStartOffset, highWatermark };
  });
}
