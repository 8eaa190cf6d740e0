import { LogError } from "../../core/errors.ts";
import { placeOf } from "../placement.ts";
import { topicNameOf } from "../strata/topic-ids.ts";
import { checkSegments } from "./check-segments.ts";
import { attempt, type Check, topicNow } from "./context.ts";
import type { NamedObject } from "../strata/segment-object-key.ts";
import { shardState } from "./shard-state.ts";
import { lifeOf } from "./topic-lives.ts";

/**
 * Whether an object that nothing names can go: all that it may hold is elsewhere, or was to be deleted. Where something of its partition is lost or damaged, it may
 * be the one copy that is left.
 */
export async function isNeedless(check: Check, { topicId, partition }: NamedObject): Promise<boolean> {
  const life = await lifeOf(check, topicId);
  if (life !== "lives") return life === "deleting" || (await isClosed(check, topicId));
  const name = await topicNameOf(check.engine.catalog, topicId);
  const topic = name === undefined ? undefined : await topicNow(check, { name, id: topicId });
  if (topic === undefined || partition >= topic.partitions) return false;
  const { shard, index } = placeOf(topic, partition);
  const state = await attempt(["unknown_topic_or_partition"], () => shardState(check, shard));
  // Deleted meanwhile: the next check finds out.
  if ("error" in state) return false;
  const { head, frontier } = state.value;
  if ((head.startOffsets[index] ?? 0) > (frontier.sealed[index] ?? 0)) return false;
  const uncounted = { ...check, seen: () => check.seen({}) };
  for await (const finding of checkSegments(uncounted, topic, partition)) if (finding.isFault) return false;
  return true;
}

/** Whether a topic's shards were closed, as all are of a topic that was deleted: those of one that has lost its rows are open. */
export async function isClosed({ engine }: Pick<Check, "engine">, topicId: string): Promise<boolean> {
  try {
    await engine.journal.head({ topicId, shard: 0 });
    return false;
  } catch (reason) {
    if (LogError.from(reason).code !== "unknown_topic_or_partition") throw reason;
    return true;
  }
}
