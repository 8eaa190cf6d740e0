import type { CatalogItem, CatalogWrite } from "../../ports/catalog.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { eachItem } from "../each-item.ts";
import { shardCount } from "../placement.ts";
import { activePk, activeRemoval, duePk, dueRemoval, readActive, readDue } from "../strata/marks.ts";
import { topicNameOf } from "../strata/topic-ids.ts";
import { readTopic, topicKey } from "../topic-row.ts";
import { transactIf } from "../transact-if.ts";
import { type Check, checkAtOnce } from "./context.ts";
import { type Finding, note } from "./finding.ts";
import { inOrder } from "./in-order.ts";
import type { TopicLives } from "./topic-lives.ts";

/** Marks for the janitor, which has no use for those of shards that are not there. @param onTopic hears of the topic of each mark */
export async function* checkMarks(
  check: Check,
  lives: TopicLives,
  onTopic: (topicId: string) => AsyncGenerator<Finding, void, undefined>,
): AsyncGenerator<Finding, void, undefined> {
  for (const pk of [activePk, duePk]) {
    const look = async function* (item: CatalogItem): AsyncGenerator<Finding, void, undefined> {
      const { shard, removal } = pk === activePk ? activeMark(item) : dueMark(item);
      check.seen({});
      yield* onTopic(shard.topicId);
      if (!(await isGone(check, lives, shard))) return;
      const message = `The mark ${pk} ${item.key.sk} is about a shard that is not there. --repair drops it, and so does the janitor when it comes by.`;
      const where = { topicId: shard.topicId, shard: shard.shard, key: `${pk} ${item.key.sk}` };
      yield note({ kind: "dangling", what: "mark", where, message, repair: () => transactIf(check.engine.catalog, [removal]) });
    };
    yield* inOrder(check, eachItem(check.engine.catalog, pk), checkAtOnce.rows, look);
  }
}

interface Mark {
  readonly shard: ShardKey;
  readonly removal: CatalogWrite;
}

function activeMark(item: CatalogItem): Mark {
  const mark = readActive(item);
  return { shard: mark.shard, removal: activeRemoval(mark) };
}

function dueMark(item: CatalogItem): Mark {
  const mark = readDue(item);
  return { shard: mark.shard, removal: dueRemoval(mark) };
}

async function isGone(check: Check, lives: TopicLives, { topicId, shard }: ShardKey): Promise<boolean> {
  if ((await lives.of(topicId)) === "gone") return true;
  const { catalog } = check.engine;
  const name = await topicNameOf(catalog, topicId);
  const item = name === undefined ? undefined : await catalog.get(topicKey(name));
  if (item === undefined) return false;
  const { row } = readTopic(item);
  const partitions = Math.max(row.growingTo, row.partitionCounts.at(-1) ?? 0);
  return row.id === topicId && shard >= shardCount(partitions, row.partitionsPerShard);
}
