import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { checkTopicName } from "../core/names.ts";
import type { Topic } from "./log.ts";
import type { TopicCache } from "./topic-cache.ts";
import type { CatalogTopics } from "./topics.ts";

/** Runs an operation on the topic as remembered; when the log says that the topic has changed since, on the topic as it is. */
export type OnTopic = <T>(name: string, run: (topic: Topic) => Promise<T>, isStale?: (result: T) => boolean) => Promise<T>;

export function topicRunner(cache: TopicCache, topics: CatalogTopics): OnTopic {
  return async (name, run, isStale = () => false) => {
    checkTopicName(name);
    let found = await cache.get(name);
    for (let attempt = 1; ; attempt++) {
      const before = found;
      let refusal: LogError | undefined;
      try {
        const result = await run(found.topic);
        if (attempt === limits.redecisionsMax || !isStale(result)) return result;
      } catch (reason) {
        refusal = LogError.from(reason);
        if (attempt === limits.redecisionsMax || !mayBeStale(refusal)) throw refusal;
      }
      found = await cache.refresh(name);
      const same = found.version === before.version && found.row.id === before.row.id;
      if (same && refusal?.code === "unknown_topic_or_partition") throw refusal;
      found = await topics.finishGrowth(found);
    }
  };
}

/** Whether a refusal may be for what the topic was before. */
export function mayBeStale({ outcome, code }: LogError): boolean {
  return outcome === "not-applied" && (code === "conflict" || code === "unknown_topic_or_partition");
}
