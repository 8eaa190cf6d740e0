import type { Engine } from "../../ports/engine.ts";
import { checkKept } from "./check-kept.ts";
import { checkMaking } from "./check-making.ts";
import { checkMarks } from "./check-marks.ts";
import { checkObjects } from "./check-objects.ts";
import { checkTopicIds, checkTopics } from "./check-topics.ts";
import { type CheckCounts, type CheckOptions, type CheckParts, startCheck } from "./context.ts";
import type { Finding } from "./finding.ts";
import { GoneTopics } from "./gone-topics.ts";
import { sweptLeftovers } from "./leftovers.ts";
import { TopicLives } from "./topic-lives.ts";

/**
 * Looks at all that a log has: topics and their shards, each entry and each segment with every batch in it, what the catalog says of them, and objects that nothing
 * says anything of. Reads only; what can be mended safely carries its `repair`. Others may write, seal, merge and delete meanwhile: what they change under it is
 * looked at again before it is told. Holds some MiB at a time, however much there is.
 * @returns what was looked at
 * @throws unavailable, throttled, timeout: it cannot go on; unsupported_version: a newer build has written there
 */
export async function* checkLog(
  engine: Engine,
  parts: CheckParts,
  options: CheckOptions = {},
): AsyncGenerator<Finding, Readonly<CheckCounts>, undefined> {
  const check = startCheck(engine, parts, options);
  const lives = new TopicLives(check);
  const gone = new GoneTopics(check, lives);
  const onTopic = (topicId: string) => gone.look(topicId);
  yield* checkTopics(check);
  yield* checkTopicIds(check);
  yield* checkMaking(check);
  yield* checkObjects(check, onTopic);
  yield* checkMarks(check, lives, onTopic);
  yield* sweptLeftovers(check);
  yield* checkKept(check, options.signal);
  return check.counts;
}
