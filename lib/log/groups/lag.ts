import type { Log } from "../log.ts";
import { topicGone } from "../topic-gone.ts";

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | undefined;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** Records that are there and that the group has not come to; undefined where nothing is committed. */
  readonly lag: number | undefined;
}

/**
 * How far a group is behind, for all partitions of the topics that it has committed offsets of, or has members for.
 * @throws group_id_not_found
 */
export async function groupLag(
  { groups, watermarks }: Pick<Log, "groups" | "watermarks">,
  group: string,
): Promise<readonly PartitionLag[]> {
  const [{ members }, committed] = await Promise.all([groups.describe(group), groups.committed(group)]);
  const topics = new Set(committed.map(({ topic }) => topic));
  for (const { assigned, revoked } of members) for (const topic of [...assigned.keys(), ...revoked.keys()]) topics.add(topic);
  const offsets = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const found: PartitionLag[] = [];
  for (const topic of [...topics].sort()) {
    // It may be deleted, though a member still has it.
    for (const { partition, logStartOffset, highWatermark } of (await watermarks(topic).catch(topicGone)) ?? []) {
      const offset = offsets.get(`${topic}/${partition}`);
      const lag = offset === undefined ? undefined : Math.max(0, highWatermark - Math.max(offset, logStartOffset));
      found.push({ topic, partition, offset, logStartOffset, highWatermark, lag });
    }
  }
  return found;
}
