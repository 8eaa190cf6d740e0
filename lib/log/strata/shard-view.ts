import { LogError } from "../../core/errors.ts";
import type { Journal, ShardHead, ShardKey } from "../../ports/journal.ts";
import type { Frontiers } from "./frontiers.ts";

/** Where a partition begins and ends, and which of it is in the journal. */
export interface PartitionView {
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** Offsets below it are in segments. */
  readonly journalStart: number;
  /** Offsets up to it are in segments, some of them in the journal too. */
  readonly sealed: number;
}

/** A head by a strongly consistent read, with a frontier that may be a little older (`isFresh`: is not). @throws unknown_topic_or_partition */
export async function viewShard(
  { journal, frontiers }: { readonly journal: Journal; readonly frontiers: Frontiers },
  shard: ShardKey,
  isFresh = false,
): Promise<(index: number) => PartitionView> {
  const [head, known] = await Promise.all([journal.head(shard), isFresh ? frontiers.fresh(shard) : frontiers.get(shard)]);
  // Entries are trimmed once they are sealed: a frontier that does not know of that is older than the head, and one that is read now is not.
  const isBehind = head.startOffsets.some((offset, index) => offset > (known.sealed[index] ?? 0));
  const frontier = isBehind ? await frontiers.fresh(shard) : known;
  // Still behind: an earlier build has trimmed what was never sealed, or the topic is being deleted, which its head tells.
  if (isBehind && head.startOffsets.some((offset, index) => offset > (frontier.sealed[index] ?? 0))) await journal.head(shard);
  return (index) => viewOf(head, frontier, index);
}

function viewOf(
  head: ShardHead,
  { sealed, start }: { readonly sealed: readonly number[]; readonly start: readonly number[] },
  index: number,
): PartitionView {
  const highWatermark = head.highWatermarks[index];
  const journalStart = head.startOffsets[index];
  if (highWatermark === undefined || journalStart === undefined) {
    throw new LogError("unknown_topic_or_partition", `The shard has no partition at index ${index}.`);
  }
  const own = sealed[index] ?? 0;
  // What was trimmed without having been sealed is gone.
  const logStartOffset = own < journalStart ? journalStart : Math.min(start[index] ?? 0, highWatermark);
  return { logStartOffset, highWatermark, journalStart, sealed: own };
}
