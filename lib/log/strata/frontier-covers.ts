import { LogError } from "../../core/errors.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { unknownTopic } from "../placement.ts";
import type { Frontier } from "./frontier.ts";
import { lastSegment, type SegmentRow } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { topicNameOf } from "./topic-ids.ts";

/** One of a shard's partitions. */
export interface ShardPartition {
  readonly index: number;
  readonly partition: number;
}

export interface LastRow extends ShardPartition {
  /** The partition's newest; undefined when it has none. */
  readonly row: SegmentRow | undefined;
}

/**
 * A frontier that covers the rows of segments: says of each partition that it is sealed as far as they reach, at least. Both are written in one step, so where one that is
 * read after the rows does not, it was lost or is an old one. Who trusted it would take what is sealed for what never was, and have it freed.
 * @param known read at any time @param last read before this is called
 * @returns the known one if it does, else the one that is there now
 * @throws corrupt_log · unknown_topic_or_partition when the topic is gone
 */
export async function frontierCovering(
  { engine, frontiers }: StrataServices,
  shard: ShardKey,
  known: Frontier,
  last: readonly LastRow[],
): Promise<Frontier> {
  if (last.every((each) => covers(known, each))) return known;
  const now = await frontiers.fresh(shard);
  const past = last.find((each) => !covers(now, each));
  if (past === undefined) return now;
  // A topic's deletion takes its frontiers away, after this row.
  if ((await topicNameOf(engine.catalog, shard.topicId)) === undefined) throw unknownTopic(shard.topicId);
  const { index, partition, row } = past;
  throw new LogError(
    "corrupt_log",
    `Segments of partition ${partition} of topic ${shard.topicId} reach to offset ${row?.next ?? 0}, and the frontier of its shard ${shard.shard} says ${now.sealed[index] ?? 0}: it was lost, or is an old one. ` +
      "Nothing is sealed, trimmed or let expire there until its row is brought back (docs/runbook.md, After a disaster).",
  );
}

/** The same for partitions whose rows were not read. @throws corrupt_log, unknown_topic_or_partition */
export async function coveringFrontier(
  services: StrataServices,
  shard: ShardKey,
  known: Frontier,
  partitions: readonly ShardPartition[],
): Promise<Frontier> {
  const last: LastRow[] = [];
  for (const each of partitions) last.push({ ...each, row: await lastSegment(services.engine.catalog, shard.topicId, each.partition) });
  return await frontierCovering(services, shard, known, last);
}

function covers({ sealed }: Frontier, { index, row }: LastRow): boolean {
  return row === undefined || row.next <= (sealed[index] ?? 0);
}
