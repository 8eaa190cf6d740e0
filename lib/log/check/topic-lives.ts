import { limits } from "../../core/limits.ts";
import { eachItem } from "../each-item.ts";
import { topicIdKey } from "../strata/topic-ids.ts";
import { deletedTopicsPk, readTopic, topicsPk } from "../topic-row.ts";
import { type Check } from "./context.ts";

/** `deleting`: its deletion is decided, and the janitor is to end it · `gone`: nothing of it should be left */
export type TopicLife = "lives" | "deleting" | "gone";

/** What has become of topics that are known by their ids alone. An id is never used again: what is gone stays gone. */
export class TopicLives {
  readonly #check: Pick<Check, "engine">;
  readonly #gone = new Set<string>();
  readonly #living = new Set<string>();

  constructor(check: Pick<Check, "engine">) {
    this.#check = check;
  }

  /** @param topicId of a topic that was there at some time */
  async of(topicId: string): Promise<TopicLife> {
    if (this.#gone.has(topicId)) return "gone";
    if (this.#living.has(topicId)) return "lives";
    const life = await lifeOf(this.#check, topicId);
    if (life === "gone") remember(this.#gone, topicId);
    if (life === "lives") remember(this.#living, topicId);
    return life;
  }
}

/** By strongly consistent reads. */
export async function lifeOf(check: Pick<Check, "engine">, topicId: string): Promise<TopicLife> {
  const { catalog } = check.engine;
  if ((await catalog.get(topicIdKey(topicId))) !== undefined) return "lives";
  // In this order: its deletion takes the row above away in the step that makes this one.
  if ((await catalog.get({ pk: deletedTopicsPk, sk: topicId })) !== undefined) return "deleting";
  // A row in topic-ids may be lost.
  for await (const item of eachItem(check.engine.catalog, topicsPk)) if (readTopic(item).row.id === topicId) return "lives";
  return "gone";
}

function remember(set: Set<string>, topicId: string): void {
  if (set.size >= limits.checkTopicsKept) set.clear();
  set.add(topicId);
}
