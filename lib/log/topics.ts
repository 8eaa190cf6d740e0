import { isConflict, LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { checkTopicName } from "../core/names.ts";
import { changeOverrides } from "../core/topic-config.ts";
import type { CatalogItem, CatalogWrite } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { ShardKey } from "../ports/journal.ts";
import type { Random } from "../ports/random.ts";
import { mapBounded } from "../core/bounded.ts";
import { hex } from "./hex.ts";
import { asUnknown } from "./known-results.ts";
import type { ChangeHub } from "./change-hub.ts";
import type { AlterTopic, CreateTopic, Topic, Topics } from "./log.ts";
import { shapeOf, shardCount, unknownTopic } from "./placement.ts";
import { activeWrite } from "./strata/marks.ts";
import { putTopicId, topicIdKey, topicLives, topicNameOf } from "./strata/topic-ids.ts";
import type { TopicCache } from "./topic-cache.ts";
import { deletedTopicKey, deletedTopicValue, madeWrite, makingWrite } from "./topic-making.ts";
import { readTopic, topicKey, topicOf, topicRowValue, topicsPk, type TopicRow, type VersionedTopic } from "./topic-row.ts";
import { transactIf } from "./transact-if.ts";

export interface TopicServices {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: TopicCache;
  readonly hub: ChangeHub;
}

/** Topics over the catalog. A topic's shards are open before its row can be seen, and closed after the row has gone. */
export class CatalogTopics implements Topics {
  readonly #services: TopicServices;

  constructor(services: TopicServices) {
    this.#services = services;
  }

  async create(request: CreateTopic): Promise<Topic> {
    const { engine, clock, random } = this.#services;
    const { name, partitions = limits.partitionsDefault, partitionsPerShard = limits.partitionsPerShardDefault } = request;
    checkTopicName(name);
    checkCount("partitions", partitions, limits.partitionsMax);
    checkCount("partitionsPerShard", partitionsPerShard, limits.partitionsPerShardMax);
    const overrides = changeOverrides({}, dropNulls(request.config ?? {}));
    if ((await engine.catalog.get(topicKey(name))) !== undefined) throw alreadyExists(name);
    const row: TopicRow = {
      id: hex(random.bytes(16)),
      partitionCounts: [partitions],
      partitionsPerShard,
      overrides,
      createdMs: clock.nowMs(),
      growingTo: 0,
    };
    await engine.catalog.transact([makingWrite(name, row)]);
    try {
      await this.#openShards(row, partitions, 0);
    } catch (reason) {
      // A janitor that took its maker for gone has closed what was open.
      throw LogError.from(reason).code === "unknown_topic_or_partition" ? tooSlow(name) : reason;
    }
    try {
      await engine.catalog.transact([
        { key: topicKey(name), put: topicRowValue(row), if: "absent" },
        { key: topicIdKey(row.id), put: name, if: "absent" },
        madeWrite(row),
      ]);
    } catch (reason) {
      const error = LogError.from(reason);
      if (error.outcome === "not-applied") await this.#abandon(name, row);
      if (!isConflict(error)) throw error;
      throw (await engine.catalog.get(topicKey(name))) === undefined ? tooSlow(name) : alreadyExists(name);
    }
    return topicOf(name, row);
  }

  /** Of a topic that was not made. What fails here the janitor does. */
  async #abandon(name: string, row: TopicRow): Promise<void> {
    const { catalog } = this.#services.engine;
    await transactIf(catalog, [{ key: deletedTopicKey(row.id), put: deletedTopicValue(name, row), if: 1 }]).catch(() => undefined);
    await this.#closeShards(row);
  }

  async list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly Topic[]> {
    const { limit = limits.listLimitDefault, ...range } = page;
    checkCount("limit", limit, limits.listLimitMax, "invalid_request");
    const items = await this.#services.engine.catalog.query(topicsPk, { ...range, limit });
    return items.map((item) => readTopic(item).topic);
  }

  async get(name: string): Promise<Topic> {
    checkTopicName(name);
    return (await this.#services.cache.refresh(name)).topic;
  }

  async alter(name: string, change: AlterTopic): Promise<Topic> {
    checkTopicName(name);
    const found = await this.finishGrowth(await this.#services.cache.refresh(name));
    const { row, version, topic } = found;
    const partitions = change.partitions ?? topic.partitions;
    checkCount("partitions", partitions, limits.partitionsMax);
    if (partitions < topic.partitions) {
      throw new LogError(
        "invalid_partitions",
        `Topic "${name}" has ${topic.partitions} partitions; it can grow but not shrink to ${partitions}.`,
      );
    }
    if (partitions > topic.partitions && row.partitionCounts.length > limits.topicGrowthsMax) {
      throw new LogError(
        "invalid_partitions",
        `Topic "${name}" has grown ${limits.topicGrowthsMax} times, which is the most: make a new one, with more partitions.`,
      );
    }
    const overrides = changeOverrides(row.overrides, change.config ?? {});
    const growingTo = partitions > topic.partitions ? partitions : 0;
    const next: TopicRow = { ...row, overrides, growingTo };
    // Should this end before the growth does, the janitor sees to it.
    const marked = activeWrite({ topicId: row.id, shard: 0 }, this.#services.clock.nowMs());
    await this.#changeLiving(found, [{ key: topicKey(name), put: topicRowValue(next), if: version }, marked]);
    if (change.config !== undefined) await afterDecision(this.#markAll(row));
    return (await afterDecision(this.finishGrowth({ topic: topicOf(name, next), row: next, version: version + 1 }))).topic;
  }

  async delete(name: string): Promise<void> {
    checkTopicName(name);
    const found = await this.finishGrowth(await this.#services.cache.refresh(name));
    const { row, version } = found;
    const writes: CatalogWrite[] = [
      { key: topicKey(name), delete: true, if: version },
      { key: deletedTopicKey(row.id), put: deletedTopicValue(name, row), if: "absent" },
      { key: topicIdKey(row.id), delete: true, if: 1 },
    ];
    await this.#ensureId(found);
    await this.#change(name, writes);
    await afterDecision(this.#endDeletion(row));
  }

  /** Closes the shards of a topic whose deletion was decided: what a crash may have cut short. @param item its row under `deletedTopicsPk` */
  async closeDeleted(item: CatalogItem): Promise<void> {
    await this.#endDeletion(readTopic(item).row);
  }

  /** To be called when nothing of it is left. */
  async forgetDeleted({ key }: CatalogItem): Promise<void> {
    await this.#services.engine.catalog.transact([{ key, delete: true, if: "any" }]);
  }

  async #endDeletion(row: TopicRow): Promise<void> {
    await this.#closeShards(row);
    this.#services.hub.notify({ topicId: row.id });
  }

  /** What its configs ask for has changed: the janitor is to look at all of it. */
  async #markAll({ id: topicId, partitionCounts, partitionsPerShard }: TopicRow): Promise<void> {
    const { engine, clock } = this.#services;
    const shards = shardCount(partitionCounts.at(-1) ?? 0, partitionsPerShard);
    const writes = Array.from({ length: shards }, (_, shard) => activeWrite({ topicId, shard }, clock.nowMs()));
    for (let at = 0; at < writes.length; at += limits.transactWritesMax) {
      await engine.catalog.transact(writes.slice(at, at + limits.transactWritesMax));
    }
  }

  /**
   * Growing takes three steps: the row says so, every shard takes the new layout (from then on no append that was decided on
   * the old partition count can land), the row has the new count. Whoever meets a growth on its way finishes it.
   */
  async finishGrowth(found: VersionedTopic): Promise<VersionedTopic> {
    const { row, version, topic } = found;
    if (row.growingTo === 0) return found;
    const partitionCounts = [...row.partitionCounts, row.growingTo];
    const next: TopicRow = { ...row, partitionCounts, growingTo: 0 };
    await this.#openShards(row, row.growingTo, row.partitionCounts.length);
    try {
      await this.#changeLiving(found, [{ key: topicKey(topic.name), put: topicRowValue(next), if: version }]);
    } catch (reason) {
      if (LogError.from(reason).code !== "conflict") throw reason;
      const fresh = await this.#services.cache.refresh(topic.name);
      if (fresh.row.id !== row.id) throw unknownTopic(topic.name);
      return await this.finishGrowth(fresh);
    }
    this.#services.hub.notify({ topicId: row.id });
    return { topic: topicOf(topic.name, next), row: next, version: version + 1 };
  }

  /** A row's version says which of a topic's states it is, and not of which topic: one made anew under the name begins with 1 again. Its id says that. */
  async #changeLiving(found: VersionedTopic, writes: readonly CatalogWrite[]): Promise<void> {
    await this.#ensureId(found);
    await this.#change(found.topic.name, [topicLives(found.row.id), ...writes]);
  }

  /** Topics of builds that had no rows for ids have one from the first change on. */
  async #ensureId({ topic, version }: VersionedTopic): Promise<void> {
    const { catalog } = this.#services.engine;
    if ((await topicNameOf(catalog, topic.id)) === undefined) await putTopicId(catalog, topic, version);
  }

  async #change(name: string, writes: readonly CatalogWrite[]): Promise<void> {
    const { engine, cache } = this.#services;
    try {
      await engine.catalog.transact(writes);
    } finally {
      cache.forget(name);
    }
  }

  async #openShards(row: TopicRow, partitions: number, layout: number): Promise<void> {
    await this.#eachShard(row, partitions, (key) =>
      this.#services.engine.journal.open(key, shapeOf(key.shard, partitions, row.partitionsPerShard, layout)),
    );
  }

  async #closeShards(row: TopicRow): Promise<void> {
    await this.#eachShard(row, row.partitionCounts.at(-1) ?? 0, (key) => this.#services.engine.journal.close(key));
  }

  async #eachShard(
    { id: topicId, partitionsPerShard }: TopicRow,
    partitions: number,
    run: (key: ShardKey) => Promise<void>,
  ): Promise<void> {
    const shards = [...Array(shardCount(partitions, partitionsPerShard)).keys()];
    await mapBounded(shards, limits.shardConcurrency, (shard) => run({ topicId, shard }));
  }
}

/** What comes after the write that decided. Its failure is no refusal: a part is done, and asking again finds it so. */
async function afterDecision<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (reason) {
    throw asUnknown(reason);
  }
}

function checkCount(what: string, count: number, max: number, code: "invalid_partitions" | "invalid_request" = "invalid_partitions"): void {
  if (!Number.isInteger(count) || count < 1 || count > max) throw new LogError(code, `${what} must be an integer from 1 to ${max}.`);
}

function dropNulls(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}

function alreadyExists(name: string): LogError {
  return new LogError("topic_already_exists", `Topic "${name}" exists: alter it, or take another name.`);
}

function tooSlow(name: string): LogError {
  return new LogError("unavailable", `Making topic "${name}" took so long that it was given up: make it again.`, { retryAfterMs: 0 });
}
