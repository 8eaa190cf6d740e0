import type { CatalogWrite } from "../ports/catalog.ts";
import type { ShardKey } from "../ports/journal.ts";
import type { JanitorFailure, JanitorReport } from "./janitor.ts";
import type { Topic } from "./log.ts";
import { shardCount } from "./placement.ts";
import { collectGarbage } from "./strata/garbage.ts";
import { type ActiveMark, activeRemoval, activeWrite, type DueMark, dueRemoval, dueWrite } from "./strata/marks.ts";
import type { StrataServices } from "./strata/services.ts";
import { earliest, type Tended, tendShard } from "./strata/tend.ts";
import { topicNameOf } from "./strata/topic-ids.ts";
import { addWork } from "./strata/work.ts";
import type { TopicCache } from "./topic-cache.ts";
import { topicGone } from "./topic-gone.ts";
import type { CatalogTopics } from "./topics.ts";

export type RoundCounts = { -readonly [K in Exclude<keyof JanitorReport, "isComplete">]: number };

interface VisitParts extends StrataServices {
  readonly topics: CatalogTopics;
  readonly cache: TopicCache;
  readonly counts: RoundCounts;
  readonly isLate: () => boolean;
  readonly fail: (failure: JanitorFailure) => void;
}

/** A round's visits to shards, and what becomes of the marks that led there. */
export class ShardVisits {
  /** How each shard was left, by topic id and number. */
  readonly left = new Map<string, Tended>();
  readonly #parts: VisitParts;
  readonly #names = new Map<string, string>();
  readonly #collected = new Map<string, number>();

  constructor(parts: VisitParts) {
    this.#parts = parts;
  }

  /** Of a topic that was come to in this round. */
  nameOf(topicId: string): string | undefined {
    return this.#names.get(topicId);
  }

  /** A shard in use. @returns how it was left; undefined when it is gone */
  async active(mark: ActiveMark): Promise<Tended | undefined> {
    return await this.#tend(mark.shard, (tended, nextMs) => this.#afterActive(mark, tended, nextMs));
  }

  /** A shard where something is due. @param uptoMs marks up to then are looked at in this round */
  async due(mark: DueMark, uptoMs: number): Promise<void> {
    await this.#tend(mark.shard, (tended, nextMs) => this.#afterDue(mark, tended, nextMs, uptoMs));
  }

  /** @param after what becomes of the mark that led here */
  async #tend(
    shard: ShardKey,
    after: (tended: Tended | undefined, nextMs: number | undefined) => readonly CatalogWrite[],
  ): Promise<Tended | undefined> {
    const { engine, clock, counts, isLate, fail } = this.#parts;
    const topic = await this.#topicOf(shard);
    const tended = topic && (await tendShard(this.#parts, topic, shard, isLate).catch(topicGone));
    if (tended !== undefined) {
      this.left.set(`${shard.topicId}/${shard.shard}`, tended);
      addWork(counts, tended);
      for (const { partition, error } of tended.failures) fail({ ...shard, ...(partition !== undefined && { partition }), error });
      const ageMs = tended.waitingSinceMs === 0 ? 0 : clock.nowMs() - tended.waitingSinceMs;
      counts.unsealedAgeMs = Math.max(counts.unsealedAgeMs, ageMs);
    }
    const garbageMs = topic && (await this.#collect(topic.id));
    const writes = after(tended, earliest([tended?.nextMs, garbageMs]));
    if (writes.length > 0) await engine.catalog.transact(writes);
    return tended;
  }

  /** A shard that writers use stays marked until nothing of it waits and nobody has said so for a while. */
  #afterActive(mark: ActiveMark, tended: Tended | undefined, nextMs: number | undefined): readonly CatalogWrite[] {
    if (tended === undefined) return [activeRemoval(mark)];
    const isQuiet = this.#parts.clock.nowMs() - mark.markedMs >= this.#parts.tuning.quietMs;
    if (tended.isBusy || !isQuiet) return [];
    return [activeRemoval(mark), ...(nextMs === undefined ? [] : [dueWrite(mark.shard, nextMs)])];
  }

  /**
   * The mark goes; what comes later gets another one, and what waits, though no writer has marked it, is in use.
   * @param uptoMs marks up to then are looked at in this round: what fell due meanwhile is for the next one
   */
  #afterDue(mark: DueMark, tended: Tended | undefined, nextMs: number | undefined, uptoMs: number): readonly CatalogWrite[] {
    if (tended?.isBusy === true) return [dueRemoval(mark), activeWrite(mark.shard, this.#parts.clock.nowMs())];
    if (nextMs === undefined) return [dueRemoval(mark)];
    return [dueRemoval(mark), dueWrite(mark.shard, Math.max(nextMs, uptoMs + 1))];
  }

  /** Collects a topic's garbage. What is known to be left for later is not looked at again in this round. @returns when more of it is due */
  async #collect(topicId: string): Promise<number | undefined> {
    const known = this.#collected.get(topicId);
    if (known !== undefined) return known;
    const { engine, clock, counts, isLate } = this.#parts;
    const { objects, bytes, nextDueMs } = await collectGarbage(engine, topicId, clock.nowMs(), isLate);
    counts.objectsDeleted += objects;
    counts.reclaimedBytes += bytes;
    if (nextDueMs !== undefined) this.#collected.set(topicId, nextDueMs);
    return nextDueMs;
  }

  async #topicOf({ topicId, shard }: ShardKey): Promise<Topic | undefined> {
    const name = this.#names.get(topicId) ?? (await topicNameOf(this.#parts.engine.catalog, topicId));
    if (name === undefined) return undefined;
    // Read anew with each round: its retention may have been raised.
    const { cache, topics } = this.#parts;
    const found = this.#names.has(topicId) ? await cache.get(name) : await cache.refresh(name);
    this.#names.set(topicId, name);
    const { topic } = await topics.finishGrowth(found);
    return topic.id === topicId && shard < shardCount(topic.partitions, topic.partitionsPerShard) ? topic : undefined;
  }
}
