import type { Engine } from "../../ports/engine.ts";
import { eachItem } from "../each-item.ts";
import { type GarbageReason, garbagePk, readGarbage } from "../strata/garbage.ts";
import { deletedTopicsPk, readTopic, topicsPk } from "../topic-row.ts";

/** Objects that the janitor is to delete together. */
export interface PlannedDeletion {
  /** The topic's name. */
  readonly topic: string;
  readonly topicId: string;
  /** At this time at the earliest, by the clock of who deletes. */
  readonly dueMs: number;
  readonly why: GarbageReason;
  /** Nothing can keep them any more. Before that, what is unfinished may still come to be finished and stay. */
  readonly isDoomed: boolean;
  readonly keys: readonly string[];
}

/** What collection would delete as things are, topic by topic, the first due first. Deletes nothing. */
export async function* plannedDeletions(engine: Engine): AsyncGenerator<PlannedDeletion, void, undefined> {
  for (const pk of [topicsPk, deletedTopicsPk]) {
    for await (const topicItem of eachItem(engine.catalog, pk)) {
      const { row } = readTopic(topicItem);
      const { name } = topicItem.value as { readonly name?: string };
      for await (const item of eachItem(engine.catalog, garbagePk(row.id))) {
        const { dueMs, why, isDoomed, keys } = readGarbage(item);
        yield { topic: name ?? topicItem.key.sk, topicId: row.id, dueMs, why, isDoomed, keys };
      }
    }
  }
}
