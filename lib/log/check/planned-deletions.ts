import type { Engine } from "../../ports/engine.ts";
import type { Reclaimable } from "../../ports/upkeep.ts";
import { eachItem } from "../each-item.ts";
import { shardCount } from "../placement.ts";
import { startAfterRetention } from "../strata/expire.ts";
import { type GarbageReason, garbagePk, readGarbage } from "../strata/garbage.ts";
import { allSegments } from "../strata/segment-row.ts";
import { retentionOf } from "../strata/tend.ts";
import { isBeingMade } from "../topic-making.ts";
import { deletedTopicsPk, readTopic, topicsPk, type VersionedTopic } from "../topic-row.ts";
import { type Check, checkAtOnce, type CheckOptions, type CheckParts, startCheck } from "./context.ts";
import { inOrder } from "./in-order.ts";
import { type DryRun, NamesTold, reclaimable } from "./reclaimable.ts";
import { frontierNow } from "./shard-state.ts";

/** What the janitor is to delete together: segments' objects, or what its engine gives back. */
export interface PlannedDeletion {
  /** The topic's name; none: what is found by going over all shards at once. */
  readonly topic?: string;
  readonly topicId?: string;
  /** Of what the engine gives back. */
  readonly shard?: number;
  /** At this time at the earliest, by the clock of who deletes. */
  readonly dueMs: number;
  readonly why: GarbageReason | Reclaimable["why"];
  /** Nothing can keep them any more. Before that, what is unfinished may still come to be finished and stay. */
  readonly isDoomed: boolean;
  /** Of objects; or as the engine calls them. */
  readonly keys: readonly string[];
  /** Of all of them; 0: not known. */
  readonly bytes: number;
}

type Planned = AsyncGenerator<PlannedDeletion, void, undefined>;

interface DoomedTopic extends VersionedTopic {
  readonly name: string;
  readonly isDeleted: boolean;
}

/**
 * What the janitor would delete as things are, shard by shard: what is garbage, what its next round makes garbage of, and what the engine would give back, as far as that
 * can be told without doing it: what is to be trimmed first is not among it. Deletes nothing.
 * @throws unavailable, throttled, timeout
 */
export async function* plannedDeletions(engine: Engine, parts: CheckParts, options: CheckOptions = {}): Planned {
  const check = startCheck(engine, parts, options);
  const told = new NamesTold();
  yield* inOrder(check, planParts(check, told), checkAtOnce.shards, (plan) => plan());
  const sweep = (some: DryRun) => engine.upkeep.sweep({ ...some, graceMs: check.tuning.garbageGraceMs });
  for await (const found of reclaimable(sweep, told)) {
    yield fromEngine(check, found);
  }
}

async function* planParts(check: Check, told: NamesTold): AsyncGenerator<() => Planned, void, undefined> {
  for (const pk of [topicsPk, deletedTopicsPk]) {
    for await (const item of eachItem(check.engine.catalog, pk)) {
      check.seen({ topics: 1 });
      if (isBeingMade(item)) continue;
      const found = readTopic(item);
      const { name = item.key.sk } = item.value as { readonly name?: string };
      const topic = { ...found, name, isDeleted: pk === deletedTopicsPk };
      const { partitionCounts, growingTo, partitionsPerShard } = found.row;
      const partitions = Math.max(growingTo, partitionCounts.at(-1) ?? 0);
      yield () => garbageOf(check, topic);
      for (let shard = 0; shard < shardCount(partitions, partitionsPerShard); shard++) {
        const end = Math.min(partitions, (shard + 1) * partitionsPerShard);
        yield () => ofShard(check, topic, shard, end, told);
      }
    }
  }
}

async function* garbageOf({ engine }: Check, { name, row }: DoomedTopic): Planned {
  for await (const item of eachItem(engine.catalog, garbagePk(row.id))) {
    const { dueMs, why, isDoomed, keys, bytes } = readGarbage(item);
    yield { topic: name, topicId: row.id, dueMs, why, isDoomed, keys, bytes };
  }
}

/** @param end the partition after its last one */
async function* ofShard(check: Check, topic: DoomedTopic, shard: number, end: number, told: NamesTold): Planned {
  const { engine, tuning } = check;
  const place = { topic: topic.name, topicId: topic.row.id };
  for (let partition = shard * topic.row.partitionsPerShard; partition < end; partition++) {
    yield* expiring(check, topic, shard, partition);
  }
  const key = { topicId: topic.row.id, shard };
  const run = (some: DryRun) => engine.upkeep.reclaim(key, { ...some, graceMs: tuning.garbageGraceMs });
  for await (const found of reclaimable(run, told)) {
    yield { ...place, shard, ...fromEngine(check, found) };
  }
}

/** Segments that the janitor's next round makes garbage of. */
async function* expiring(check: Check, topic: DoomedTopic, shard: number, partition: number): Planned {
  const { engine, clock, tuning } = check;
  const { id: topicId, partitionsPerShard } = topic.row;
  const rows = await allSegments(engine.catalog, topicId, partition);
  check.seen({ partitions: 1 });
  const { sealed, start } = await frontierNow(check, { topicId, shard });
  const index = partition - shard * partitionsPerShard;
  // Where its frontier was lost the janitor leaves the partition alone.
  if (!topic.isDeleted && (rows.at(-1)?.next ?? 0) > (sealed[index] ?? 0)) return;
  const retained = Math.max(start[index] ?? 0, startAfterRetention(rows, retentionOf(topic.topic), clock.nowMs()));
  const gone = topic.isDeleted ? rows : rows.filter(({ next }) => next <= retained);
  if (gone.length === 0) return;
  const keys = gone.map(({ key }) => key);
  const bytes = gone.reduce((sum, row) => sum + row.bytes, 0);
  const dueMs = clock.nowMs() + tuning.garbageGraceMs;
  yield { topic: topic.name, topicId, dueMs, why: "expired", isDoomed: false, keys, bytes };
}

function fromEngine({ clock }: Check, { name, bytes, why }: Reclaimable): Omit<PlannedDeletion, "topic" | "topicId" | "shard"> {
  return { dueMs: clock.nowMs(), why, isDoomed: true, keys: [name], bytes };
}
