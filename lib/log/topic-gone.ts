import { LogError } from "../core/errors.ts";

/** For `catch`: undefined where a topic is not there, or not any more; every other reason is thrown on. */
export function topicGone(reason: unknown): undefined {
  if (LogError.from(reason).code !== "unknown_topic_or_partition") throw reason;
}
