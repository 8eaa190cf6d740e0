import { limits } from "../core/limits.ts";
import type { CatalogItem } from "../ports/catalog.ts";
import { type DeletedTopic, freeShard, freeTopic } from "./strata/delete-strata.ts";
import type { StrataServices } from "./strata/services.ts";
import { giveUpMaking, isBeingMade, isLongInMaking } from "./topic-making.ts";
import { readTopic } from "./topic-row.ts";
import type { CatalogTopics } from "./topics.ts";
import { transactIf } from "./transact-if.ts";

/** How far a deletion has come: what is done is not looked at again. Kept in the topic's row under `deletedTopicsPk`. */
interface Progress {
  readonly isClosed: boolean;
  /** The next shard. Those before it are freed, but for some from `left` on. */
  readonly shard: number;
  readonly left: number | null;
}

const notBegun: Progress = { isClosed: false, shard: 0, left: null };

/**
 * The deletion of a topic that is decided, step by step. Any number of processes may be at it, and each may end at any moment: whoever goes on does so from what
 * was written down last.
 */
export class Deletion {
  readonly #services: StrataServices;
  readonly #topics: CatalogTopics;
  readonly #isLate: () => boolean;
  #item: CatalogItem;
  #progress: Progress;
  #savedMs: number;
  #isGone = false;

  /** @param item its row under `deletedTopicsPk` */
  constructor(services: StrataServices, topics: CatalogTopics, item: CatalogItem, isLate: () => boolean) {
    this.#services = services;
    this.#topics = topics;
    this.#isLate = isLate;
    this.#item = item;
    this.#progress = progressIn(item);
    this.#savedMs = services.clock.nowMs();
  }

  /** Whether this has freed the last of it. */
  get isOver(): boolean {
    return this.#isGone;
  }

  /** @returns whether there is more to do now @throws unsupported_version */
  async step(): Promise<boolean> {
    if (this.#services.clock.nowMs() - this.#savedMs >= limits.janitorStepMs && !(await this.save())) return false;
    if (isBeingMade(this.#item)) return await this.#giveUp();
    const { isClosed, shard, left } = this.#progress;
    const topic = this.#topic;
    if (!isClosed) {
      await this.#topics.closeDeleted(this.#item);
      this.#progress = { ...this.#progress, isClosed: true };
      return true;
    }
    if (shard * topic.partitionsPerShard < topic.partitions) return await this.#freeShard(topic);
    if (left !== null) {
      // All others were seen to first; those that had something left come again in another round.
      this.#progress = { isClosed, shard: left, left: null };
      return false;
    }
    const isFreed = await freeTopic(this.#services, topic, this.#isOverdue());
    if (isFreed !== true) return isFreed === "cut";
    await this.#topics.forgetDeleted(this.#item);
    this.#isGone = true;
    return false;
  }

  /** Writes down how far it has come. @returns false when another one has ended it */
  async save(): Promise<boolean> {
    if (this.#isGone) return false;
    this.#savedMs = this.#services.clock.nowMs();
    if (isSame(this.#progress, progressIn(this.#item))) return true;
    const { catalog } = this.#services.engine;
    const { key, version, value } = this.#item;
    const put = { ...(value as object), deletion: { ...this.#progress } };
    if (await transactIf(catalog, [{ key, put, if: version }])) {
      this.#item = { key, version: version + 1, value: put };
      return true;
    }
    // What another one has written down is as true.
    const found = await catalog.get(key);
    if (found === undefined) return false;
    this.#item = found;
    this.#progress = progressIn(found);
    return true;
  }

  /** Of a topic whose maker has ended before it was made. */
  async #giveUp(): Promise<boolean> {
    const { engine, clock, tuning } = this.#services;
    if (!isLongInMaking(this.#item, clock.nowMs(), tuning.garbageGraceMs)) return false;
    const found = await giveUpMaking(engine.catalog, this.#item);
    if (found !== undefined) this.#item = found;
    return found !== undefined;
  }

  get #topic(): DeletedTopic {
    const { id: topicId, partitionCounts, partitionsPerShard, growingTo } = readTopic(this.#item).row;
    return { topicId, partitions: Math.max(growingTo, partitionCounts.at(-1) ?? 0), partitionsPerShard };
  }

  async #freeShard(topic: DeletedTopic): Promise<boolean> {
    const { shard } = this.#progress;
    let isFreed: boolean | "cut" = false;
    try {
      isFreed = await freeShard(this.#services, topic, shard, this.#isOverdue());
    } finally {
      // One that fails holds up no other.
      if (isFreed !== "cut") {
        const left = isFreed ? this.#progress.left : (this.#progress.left ?? shard);
        this.#progress = { ...this.#progress, shard: shard + 1, left };
      }
    }
    return true;
  }

  /** Ends a step that takes long, so that others come to theirs. */
  #isOverdue(): () => boolean {
    const { clock } = this.#services;
    const endMs = clock.nowMs() + limits.janitorStepMs;
    return () => clock.nowMs() >= endMs || this.#isLate();
  }
}

function progressIn({ value }: CatalogItem): Progress {
  return (value as { readonly deletion?: Progress }).deletion ?? notBegun;
}

function isSame(a: Progress, b: Progress): boolean {
  return a.isClosed === b.isClosed && a.shard === b.shard && a.left === b.left;
}
