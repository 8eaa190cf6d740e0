import type { CatalogItem } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import type { Topic } from "../log.ts";
import { shardCount } from "../placement.ts";
import { putTopicId, topicIdKey } from "../strata/topic-ids.ts";
import { readTopic, topicsPk } from "../topic-row.ts";
import { checkGarbage } from "./check-garbage.ts";
import { checkSegments } from "./check-segments.ts";
import { checkShard } from "./check-shard.ts";
import { attempt, type Check, checkAtOnce, topicNow } from "./context.ts";
import { fault, type Finding, note, restoreAdvice } from "./finding.ts";
import { inOrder } from "./in-order.ts";
import { shardLeftovers } from "./leftovers.ts";

type Findings = AsyncGenerator<Finding, void, undefined>;

/** A part of a topic, that is looked at apart from the others. */
interface TopicPart {
  readonly topic: Topic;
  readonly look: () => Findings;
}

/** Every topic that has a row, with all that is in it. */
export async function* checkTopics(check: Check): Findings {
  yield* inOrder(check, topicParts(check), checkAtOnce.shards, ({ topic, look }) => whileThere(check, topic, look()));
}

async function* topicParts(check: Check): AsyncGenerator<TopicPart, void, undefined> {
  for await (const item of eachItem(check.engine.catalog, topicsPk)) {
    const { topic } = readTopic(item);
    check.seen({ topics: 1 });
    yield { topic, look: () => missingId(check, topic, item.version) };
    for (let shard = 0; shard < shardCount(topic.partitions, topic.partitionsPerShard); shard++) {
      yield { topic, look: () => checkShardAndSegments(check, topic, shard) };
    }
    yield { topic, look: () => checkGarbage(check, topic) };
  }
}

/** Rows in `topic-ids` that no topic's row belongs to. */
export async function* checkTopicIds(check: Check): Findings {
  const rows = eachItem(check.engine.catalog, topicIdKey("").pk);
  yield* inOrder(check, rows, checkAtOnce.rows, (item) => checkTopicId(check, item));
}

async function* checkTopicId(check: Check, { key, value }: CatalogItem): Findings {
  const id = key.sk;
  const name = typeof value === "string" ? value : "";
  check.seen({});
  if ((await topicNow(check, { name, id })) !== undefined) return;
  // The rows of a topic are made and deleted in one step.
  if ((await check.engine.catalog.get(key)) === undefined) return;
  const message = `The topic ${name} (${id}) has a row in topic-ids and none among the topics: its records are there and cannot be reached. ${restoreAdvice.catalog}`;
  yield fault({ kind: "dangling", what: "topic", where: { topic: name, topicId: id, key: `${key.pk} ${id}` }, message });
}

/** What is found of a topic that is deleted meanwhile is no fault. */
async function* whileThere(check: Check, topic: Topic, findings: Findings): Findings {
  try {
    for (;;) {
      const step = await attempt(["unknown_topic_or_partition"], () => findings.next());
      if ("error" in step && (await topicNow(check, topic)) !== undefined) throw step.error;
      if ("error" in step || step.value.done === true || (await topicNow(check, topic)) === undefined) return;
      yield step.value.value;
    }
  } finally {
    // Who is told may want to hear no more, while more is looked at.
    await findings.return();
  }
}

async function* checkShardAndSegments(check: Check, topic: Topic, shard: number): Findings {
  const key = { topicId: topic.id, shard };
  if (!(yield* checkShard(check, topic, key))) return;
  const first = shard * topic.partitionsPerShard;
  const partitions = Array.from({ length: Math.min(topic.partitions - first, topic.partitionsPerShard) }, (_, nth) => first + nth);
  const look = (partition: number): Findings => whileThere(check, topic, checkSegments(check, topic, partition));
  yield* inOrder(check, partitions, checkAtOnce.partitions, look);
  yield* shardLeftovers(check, topic, key);
}

async function* missingId(check: Check, topic: Topic, version: number): Findings {
  const { catalog } = check.engine;
  const own = await catalog.get(topicIdKey(topic.id));
  const where = { topic: topic.name, topicId: topic.id, key: `${topicIdKey(topic.id).pk} ${topic.id}` };
  if (own !== undefined) {
    if (own.value === topic.name && own.version === 1) return;
    const message = `The row in topic-ids says ${JSON.stringify(own.value)} in version ${own.version}, and it has to say the topic's name in version 1. ${restoreAdvice.catalog}`;
    yield fault({ kind: "inconsistent", what: "topic", where, message });
    return;
  }
  const repair = () => putTopicId(check.engine.catalog, topic, version);
  // A log that was made before there were such rows gets them all in the janitor's first round.
  const upgraded: CatalogItem | undefined = await catalog.get({ pk: "upgrades", sk: "topic-ids" });
  const message = "The topic has no row in topic-ids, so that nothing of it can be sealed or merged.";
  if (upgraded === undefined)
    yield note({ kind: "missing", what: "topic", where, message: `${message} The janitor's next round makes it.`, repair });
  else yield fault({ kind: "missing", what: "topic", where, message: `${message} --repair makes it.`, repair });
}
