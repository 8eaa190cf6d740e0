import { LogError } from "../core/errors.ts";
import type { ShardKey, ShardShape } from "../ports/journal.ts";
import type { Topic } from "./log.ts";

/** Where a partition is: its shard and its index there. */
export interface Place {
  readonly shard: ShardKey;
  readonly index: number;
}

export function placeOf(topic: Topic, partition: number): Place {
  const { id: topicId, partitionsPerShard } = topic;
  return { shard: { topicId, shard: Math.floor(partition / partitionsPerShard) }, index: partition % partitionsPerShard };
}

export function shardCount(partitions: number, partitionsPerShard: number): number {
  return Math.ceil(partitions / partitionsPerShard);
}

/** The shape that a shard has when the topic has this many partitions. */
export function shapeOf(shard: number, partitions: number, partitionsPerShard: number, layout: number): ShardShape {
  return { partitions: Math.min(partitionsPerShard, partitions - shard * partitionsPerShard), layout };
}

export function layoutOf(topic: Topic): number {
  return topic.partitionCounts.length - 1;
}

export function unknownTopic(name: string): LogError {
  return new LogError("unknown_topic_or_partition", `There is no topic "${name}": create it first.`);
}

/** @throws unknown_topic_or_partition */
export function checkPartition(topic: Topic, partition: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return;
  throw new LogError("unknown_topic_or_partition", `Topic "${topic.name}" has partitions 0 to ${topic.partitions - 1}, not ${partition}.`);
}
