import { LogError } from "../../core/errors.ts";
import type { Log } from "../log.ts";

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
    const marks = await watermarks(topic).catch((reason: unknown) => {
      // Deleted, though a member still has it.
      if (LogError.from(reason).code === "unknown_topic_or_partition") return [];
      throw reason;
    });
    for (const { partition, logStartOffset, highWatermark } of marks) {
      const offset = offsets.get(`${topic}/${partition}`);
      const lag = offset === undefined ? undefined : Math.max(0, highWatermark - Math.max(offset, logStartOffset));
      found.push({ topic, partition, offset, logStartOffset, highWatermark, lag });
    }
  }
  return found;
}
