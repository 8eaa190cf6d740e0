import { mapBounded } from "../core/bounded.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import type { ShardKey } from "../ports/journal.ts";
import { ChangeHub } from "./change-hub.ts";
import type { Topic } from "./log.ts";
import { shardCount } from "./placement.ts";
import { TopicCache } from "./topic-cache.ts";
import { deletedTopicsPk, topicsPk } from "./topic-row.ts";
import { CatalogTopics } from "./topics.ts";

export interface JanitorParts {
  readonly clock: Clock;
  readonly random: Random;
}

/** What a round did. */
export interface JanitorReport {
  /** Deletions and growths of topics, begun by a process that did not end them. */
  readonly deletionsFinished: number;
  readonly growthsFinished: number;
  readonly topicsSeen: number;
  /** Shards whose oldest entries expired. */
  readonly shardsTrimmed: number;
  /** Topics that could not be tended; the next round tries again. */
  readonly failures: number;
  /** Whether it came to the last topic in time. The next round goes on where this one stopped. */
  readonly isComplete: boolean;
}

const cursorKey = { pk: "janitor", sk: "cursor" };

/**
 * One round of what nobody waits for: ends what a crash left half done, and lets records expire by `retention.ms`. Any number of rounds may run at
 * once, and each may end at any moment.
 * @param endMs by the clock, when to stop at the latest
 */
export async function runJanitor(engine: Engine, parts: JanitorParts, endMs: number): Promise<JanitorReport> {
  const { clock, random } = parts;
  const cache = new TopicCache(engine.catalog, clock, true);
  const topics = new CatalogTopics({ engine, clock, random, cache, hub: new ChangeHub() });
  const counts = { deletionsFinished: 0, growthsFinished: 0, topicsSeen: 0, shardsTrimmed: 0, failures: 0 };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (reason) {
      // Deleted or changed meanwhile: nothing is left to do.
      if (!["unknown_topic_or_partition", "conflict"].includes(LogError.from(reason).code)) counts.failures++;
    }
  };

  const isLate = (): boolean => clock.nowMs() >= endMs;
  for await (const item of items(engine, deletedTopicsPk, "")) {
    if (isLate()) return { ...counts, isComplete: false };
    await attempt(async () => {
      await topics.finishDeletion(item);
      counts.deletionsFinished++;
    });
  }
  const start = await readCursor(engine);
  let last = start;
  for await (const item of items(engine, topicsPk, start)) {
    if (isLate()) {
      await writeCursor(engine, last);
      return { ...counts, isComplete: false };
    }
    await attempt(async () => {
      // Read anew: its retention may have been raised since the page was.
      const found = await cache.refresh(item.key.sk);
      const { topic } = await topics.finishGrowth(found);
      if (found.row.growingTo !== 0) counts.growthsFinished++;
      counts.shardsTrimmed += await expire(engine, topic, clock.nowMs());
    });
    counts.topicsSeen++;
    last = item.key.sk;
  }
  // A round that began in the middle has seen the end only.
  if (start !== "") await writeCursor(engine, "");
  return { ...counts, isComplete: true };
}

async function* items(engine: Engine, pk: string, start: string): AsyncGenerator<CatalogItem> {
  const limit = limits.listLimitDefault;
  for (let after = start; ; ) {
    const page = await engine.catalog.query(pk, { limit, ...(after === "" ? {} : { after }) });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    after = last.key.sk;
  }
}

async function readCursor({ catalog }: Engine): Promise<string> {
  const value = (await catalog.get(cursorKey))?.value;
  return typeof value === "string" ? value : "";
}

async function writeCursor({ catalog }: Engine, after: string): Promise<void> {
  await catalog.transact([{ key: cursorKey, put: after, if: "any" }]);
}

/** @returns how many shards lost entries */
async function expire(engine: Engine, topic: Topic, nowMs: number): Promise<number> {
  const { config, partitions, partitionsPerShard, id: topicId } = topic;
  const retentionMs = Number(config["retention.ms"]);
  if (retentionMs < 0 || !config["cleanup.policy"].split(",").includes("delete")) return 0;
  const shards = [...Array(shardCount(partitions, partitionsPerShard)).keys()];
  const trimmed = await mapBounded(shards, limits.shardConcurrency, (shard) => trimShard(engine, { topicId, shard }, nowMs - retentionMs));
  return trimmed.filter((isTrimmed) => isTrimmed).length;
}

/** Trims the entries before the first one with a record that is young enough: of whatever partition, since an entry goes whole. */
async function trimShard({ journal }: Engine, shard: ShardKey, oldestMs: number): Promise<boolean> {
  const head = await journal.head(shard);
  let toSeq = head.seq;
  for (const [index, highWatermark] of head.highWatermarks.entries()) {
    if (toSeq === head.startSeq) return false;
    if (highWatermark === head.startOffsets[index]) continue;
    const [young] = await journal.entries(shard, { index, timestampMs: oldestMs }, 1);
    if (young !== undefined) toSeq = Math.min(toSeq, young.seq);
  }
  if (toSeq <= head.startSeq) return false;
  await journal.trim(shard, toSeq);
  return true;
}
