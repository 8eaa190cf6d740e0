import type { ShardKey } from "../../ports/journal.ts";
import type { Topic } from "../log.ts";
import { layoutOf, shapeOf } from "../placement.ts";
import { checkJournal } from "./check-journal.ts";
import { activeWrite } from "../strata/marks.ts";
import { transactIf } from "../transact-if.ts";
import { attempt, type Check, topicNow } from "./context.ts";
import { fault, type Finding, note, restoreAdvice } from "./finding.ts";
import { type ShardState, shardState } from "./shard-state.ts";

/**
 * A shard's head, its frontier, and its journal.
 * @returns whether it is there, so that more of it can be looked at
 */
export async function* checkShard(check: Check, topic: Topic, shard: ShardKey): AsyncGenerator<Finding, boolean, undefined> {
  const place = { topic: topic.name, topicId: topic.id, shard: shard.shard };
  const found = await attempt(["unknown_topic_or_partition", "corrupt_log"], () => shardState(check, shard));
  if ("error" in found) {
    const isGone = found.error.code === "unknown_topic_or_partition";
    const message = `Shard ${shard.shard} of a topic that is there cannot be opened: ${found.error.message} ${restoreAdvice.journal}`;
    yield fault({ kind: isGone ? "missing" : "damaged", what: "shard", where: place, message });
    return false;
  }
  const state = found.value;
  check.seen({ shards: 1 });
  yield* shapeFaults(topic, shard, state);
  yield* frontierFaults(topic, shard, state);
  yield* lostMark(check, topic, shard, state);
  const walk = checkJournal(check, topic, shard, state);
  for (;;) {
    const step = await attempt(["unknown_topic_or_partition"], () => walk.next());
    // Deleted meanwhile; what is left of it is told by who looks at the next topic.
    if ("error" in step) return (await topicNow(check, topic)) !== undefined;
    if (step.value.done === true) return true;
    yield step.value.value;
  }
}

/** What waits to be sealed or trimmed has its shard marked as in use. */
async function* lostMark(check: Check, topic: Topic, shard: ShardKey, before: ShardState): AsyncGenerator<Finding, void, undefined> {
  const { catalog } = check.engine;
  const write = { ...activeWrite(shard, check.clock.nowMs()), if: "absent" } as const;
  const isMarked = async (): Promise<boolean> => (await catalog.get(write.key)) !== undefined;
  if (!isWaiting(before) || (await isMarked())) return;
  const now = await attempt(["unknown_topic_or_partition", "corrupt_log"], () => shardState(check, shard));
  if ("error" in now || !isWaiting(now.value) || (await isMarked())) return;
  const message =
    "Entries wait, and nothing tells the janitor: a writer's mark was lost. It looks for such shards once a day. --repair marks this one.";
  const where = { topic: topic.name, topicId: topic.id, shard: shard.shard, key: `${write.key.pk} ${write.key.sk}` };
  yield note({ kind: "missing", what: "mark", where, message, repair: () => transactIf(catalog, [write]) });
}

function isWaiting({ head, frontier }: ShardState): boolean {
  return head.seq > frontier.seq || head.startSeq < frontier.seq;
}

function* shapeFaults(topic: Topic, shard: ShardKey, { head }: ShardState): Generator<Finding, void, undefined> {
  const { partitions, layout } = shapeOf(shard.shard, topic.partitions, topic.partitionsPerShard, layoutOf(topic));
  if (head.partitions >= partitions && head.layout >= layout) return;
  const message = `The shard has ${head.partitions} partitions in layout ${head.layout}, and its topic gives it ${partitions} in layout ${layout}. ${restoreAdvice.journal}`;
  yield fault({ kind: "inconsistent", what: "shard", where: { topic: topic.name, topicId: topic.id, shard: shard.shard }, message });
}

function* frontierFaults(topic: Topic, shard: ShardKey, { head, frontier, isSteady }: ShardState): Generator<Finding, void, undefined> {
  const place = { topic: topic.name, topicId: topic.id, shard: shard.shard };
  const { seq, sealed, start, trims } = frontier;
  // The head was read before: what it says is trimmed, the frontier has to know to be sealed.
  if (head.startSeq > seq) {
    const message = `Entries ${seq} to ${head.startSeq - 1} are in no segment by the frontier, and the journal begins after them. Where an earlier build let them expire, the janitor's next round passes over them. Else: ${restoreAdvice.catalog}`;
    yield fault({ kind: "missing", what: "frontier", where: place, message });
  }
  if (isSteady && seq > head.seq) {
    const message = `The frontier says that entries up to ${seq} are sealed, and the journal ends at ${head.seq}. ${restoreAdvice.catalog}`;
    yield fault({ kind: "inconsistent", what: "frontier", where: place, message });
  }
  const isOrdered = trims.every((trim, nth) => trim.seq > (trims[nth - 1]?.seq ?? 0) && trim.seq <= seq);
  if (!isOrdered) {
    const message = `The frontier's trims (${trims.map((trim) => trim.seq).join(", ")}) do not rise to its entry number ${seq}. ${restoreAdvice.catalog}`;
    yield fault({ kind: "inconsistent", what: "frontier", where: place, message });
  }
  for (const [index, highWatermark] of head.highWatermarks.entries()) {
    const where = { ...place, partition: shard.shard * topic.partitionsPerShard + index };
    const [own, begin, journalStart] = [sealed[index] ?? 0, start[index] ?? 0, head.startOffsets[index] ?? 0];
    if (journalStart > own) {
      const message = `Offsets ${own} to ${journalStart - 1} are in no segment by the frontier, and the journal begins after them. ${restoreAdvice.catalog}`;
      yield fault({ kind: "missing", what: "frontier", where: { ...where, offset: own }, message });
    }
    if (isSteady && (own > highWatermark || begin > highWatermark)) {
      const message = `The frontier has the partition sealed up to ${own} and begin at ${begin}, and its high watermark is ${highWatermark}. ${restoreAdvice.catalog}`;
      yield fault({ kind: "inconsistent", what: "frontier", where: { ...where, offset: highWatermark }, message });
    }
  }
}
