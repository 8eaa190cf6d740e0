import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem, CatalogWrite } from "../ports/catalog.ts";
import type { ShardKey } from "../ports/journal.ts";
import { ChangeHub } from "./change-hub.ts";
import { Deletion } from "./deletion.ts";
import { eachItem } from "./each-item.ts";
import { CatalogGroups } from "./groups/catalog-groups.ts";
import { expireGroup } from "./groups/expire.ts";
import { groupMarksPk, readGroupMark } from "./groups/group-marks.ts";
import { inTurns, type Work } from "./in-turns.ts";
import type { JanitorFailure, JanitorReport } from "./janitor.ts";
import type { Topic } from "./log.ts";
import { shardCount } from "./placement.ts";
import { collectGarbage } from "./strata/garbage.ts";
import {
  activePk,
  activeRemoval,
  activeWrite,
  type ActiveMark,
  type DueMark,
  duePk,
  dueRemoval,
  dueWrite,
  readActive,
  readDue,
} from "./strata/marks.ts";
import type { StrataServices } from "./strata/services.ts";
import { earliest, type Tended, tendShard } from "./strata/tend.ts";
import { ensureTopicIds, topicNameOf } from "./strata/topic-ids.ts";
import { addWork, noWork } from "./strata/work.ts";
import { TopicCache } from "./topic-cache.ts";
import { topicGone } from "./topic-gone.ts";
import { deletedTopicsPk } from "./topic-row.ts";
import { CatalogTopics } from "./topics.ts";

type FailurePlace = Omit<JanitorFailure, "topic" | "error">;
type Counts = { -readonly [K in Exclude<keyof JanitorReport, "isComplete">]: number };

export interface RoundServices extends StrataServices {
  readonly offsetsRetentionMs: number;
  /** Hears of what could not be tended, the first ones of a round. */
  readonly onFailure?: ((failure: JanitorFailure) => void) | undefined;
}

const cursorKey = { pk: "janitor", sk: "cursor" };
const sweptKey = { pk: "janitor", sk: "swept" };

/**
 * One round of what nobody waits for: seals, merges, compacts, lets expire, collects, ends deletions that were begun. It looks at what writers have marked and at what
 * is due, and at nothing else. Any number of rounds may run at once, and each may end at any moment.
 */
export class JanitorRound {
  readonly #services: RoundServices;
  readonly #endMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #cache: TopicCache;
  readonly #topics: CatalogTopics;
  readonly #names = new Map<string, string>();
  /** How each shard was left, by topic id and number. */
  readonly #left = new Map<string, Tended>();
  readonly #collected = new Map<string, number>();
  /** Whether something was left undone that there was time for only later. */
  #isCut = false;
  readonly #counts: Counts = {
    ...noWork(),
    deletionsFinished: 0,
    groupsExpired: 0,
    shardsSeen: 0,
    objectsDeleted: 0,
    segments: 0,
    unsealedEntries: 0,
    unsealedBytes: 0,
    unsealedAgeMs: 0,
    failures: 0,
  };

  /** @param endMs by the clock, when to stop at the latest @param signal ends it early */
  constructor(services: RoundServices, endMs: number, signal: AbortSignal | undefined) {
    const { engine, clock, random } = services;
    this.#services = { ...services, endMs };
    this.#endMs = endMs;
    this.#signal = signal;
    this.#cache = new TopicCache(engine.catalog, clock, true);
    this.#topics = new CatalogTopics({ engine, clock, random, cache: this.#cache, hub: new ChangeHub() });
  }

  async run(): Promise<JanitorReport> {
    await ensureTopicIds(this.#services.engine.catalog);
    const { clock } = this.#services;
    const works = [this.#dues(), this.#groups(), this.#deletions(), this.#actives(), this.#sweep()];
    const isDone = await inTurns(works, clock, this.#isLate);
    for (const { segments, unsealedEntries, unsealedBytes } of this.#left.values()) {
      this.#counts.segments += segments;
      this.#counts.unsealedEntries += unsealedEntries;
      this.#counts.unsealedBytes += unsealedBytes;
    }
    this.#counts.shardsSeen = this.#left.size;
    return { ...this.#counts, isComplete: isDone && !this.#isCut };
  }

  /** Asked before each step: whoever hears that time is up leaves something undone. */
  readonly #isLate = (): boolean => (this.#isCut ||= this.#signal?.aborted === true || this.#services.clock.nowMs() >= this.#endMs);

  async *#deletions(): Work {
    for await (const item of eachItem(this.#services.engine.catalog, deletedTopicsPk)) {
      yield;
      yield* this.#deletion(item);
    }
  }

  async *#deletion(item: CatalogItem): Work {
    const deletion = new Deletion(this.#services, this.#topics, item, this.#isLate);
    let hasMore = true;
    try {
      while (hasMore) {
        hasMore = false;
        await this.#attempt({ topicId: item.key.sk }, async () => {
          hasMore = await deletion.step();
        });
        yield;
      }
    } finally {
      await this.#attempt({ topicId: item.key.sk }, async () => {
        await deletion.save();
      });
      if (deletion.isOver) this.#counts.deletionsFinished++;
    }
  }

  /** Shards in use, from where the last round stopped on; then, again and again, those with much to do. */
  async *#actives(): Work {
    const { catalog } = this.#services.engine;
    const value = (await catalog.get(cursorKey))?.value;
    const start = typeof value === "string" ? value : "";
    const moveTo = async (sk: string): Promise<void> => catalog.transact([{ key: cursorKey, put: sk, if: "any" }]);
    let last = start;
    const unfinished: ActiveMark[] = [];
    try {
      for await (const item of eachItem(catalog, activePk, { after: start === "" ? undefined : start })) {
        yield;
        const mark = readActive(item);
        if (await this.#visit(mark)) unfinished.push(mark);
        last = item.key.sk;
      }
      // A round that began in the middle has seen the end only.
      if (start !== "") await moveTo("");
      last = start;
    } finally {
      if (last !== start) await moveTo(last);
    }
    for (let mark = unfinished.shift(); mark !== undefined; mark = unfinished.shift()) {
      yield;
      if (await this.#visit(mark)) unfinished.push(mark);
    }
  }

  /** @returns whether there is more to do there at once */
  async #visit(mark: ActiveMark): Promise<boolean> {
    let hasMore = false;
    await this.#attempt(mark.shard, () =>
      this.#tend(mark.shard, (tended, nextMs) => {
        hasMore = tended?.hasMore ?? false;
        return this.#afterActive(mark, tended, nextMs);
      }),
    );
    return hasMore;
  }

  async *#dues(): Work {
    const { engine, clock } = this.#services;
    const uptoMs = clock.nowMs();
    for await (const item of eachItem(engine.catalog, duePk)) {
      const mark = readDue(item);
      if (mark.dueMs > uptoMs) return;
      yield;
      await this.#attempt(mark.shard, () => this.#tend(mark.shard, (tended, nextMs) => this.#afterDue(mark, tended, nextMs, uptoMs)));
    }
  }

  async *#groups(): Work {
    const { engine, clock, frontiers, offsetsRetentionMs: retentionMs } = this.#services;
    const { catalog, journal } = engine;
    const groups = new CatalogGroups({ catalog, clock, cache: this.#cache, topics: this.#topics });
    const services = { catalog, journal, frontiers, topics: this.#topics, groups };
    for await (const mark of eachItem(engine.catalog, groupMarksPk)) {
      if (readGroupMark(mark).fromMs + retentionMs > clock.nowMs()) return;
      yield;
      await this.#attempt({}, async () => {
        const isGone = await expireGroup(services, mark, { nowMs: clock.nowMs(), retentionMs });
        if (isGone) this.#counts.groupsExpired++;
      });
    }
  }

  /** What writers left behind and no shard's visit finds, once a day in which the log was used. */
  async *#sweep(): Work {
    yield;
    const { engine, clock, tuning } = this.#services;
    if (this.#left.size === 0) return;
    const swept = await engine.catalog.get(sweptKey);
    const sinceMs = clock.nowMs() - (typeof swept?.value === "number" ? swept.value : Number.NEGATIVE_INFINITY);
    if (sinceMs >= 0 && sinceMs < limits.sweepEveryMs) return;
    await this.#attempt({}, async () => {
      const done = await this.#inShare((signal) => engine.upkeep.sweep({ graceMs: tuning.garbageGraceMs, signal }));
      this.#counts.reclaimedBytes += done.bytes;
      if (done.isComplete) await engine.catalog.transact([{ key: sweptKey, put: clock.nowMs(), if: "any" }]);
      else this.#isCut = true;
    });
  }

  /** Has a long step end when half of the time is over that is left. */
  async #inShare<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#services;
    const over = new AbortController();
    const ended = new AbortController();
    const shareMs = Math.min((this.#endMs - clock.nowMs()) / 2, limits.janitorRoundMsMax);
    const waited = clock.sleep(shareMs, ended.signal).then(() => over.abort());
    try {
      return await step(this.#signal === undefined ? over.signal : AbortSignal.any([over.signal, this.#signal]));
    } finally {
      ended.abort();
      await waited;
    }
  }

  /** @param after what becomes of the mark that led here */
  async #tend(shard: ShardKey, after: (tended: Tended | undefined, nextMs: number | undefined) => readonly CatalogWrite[]): Promise<void> {
    const { engine, clock } = this.#services;
    const topic = await this.#topicOf(shard);
    const tended = topic && (await tendShard(this.#services, topic, shard, this.#isLate).catch(topicGone));
    if (tended !== undefined) {
      this.#left.set(`${shard.topicId}/${shard.shard}`, tended);
      addWork(this.#counts, tended);
      for (const { partition, error } of tended.failures) this.#fail({ ...shard, ...(partition !== undefined && { partition }), error });
      const ageMs = tended.waitingSinceMs === 0 ? 0 : clock.nowMs() - tended.waitingSinceMs;
      this.#counts.unsealedAgeMs = Math.max(this.#counts.unsealedAgeMs, ageMs);
    }
    const garbageMs = topic && (await this.#collect(topic.id));
    const writes = after(tended, earliest([tended?.nextMs, garbageMs]));
    if (writes.length > 0) await engine.catalog.transact(writes);
  }

  /** A shard that writers use stays marked until nothing of it waits and nobody has said so for a while. */
  #afterActive(mark: ActiveMark, tended: Tended | undefined, nextMs: number | undefined): readonly CatalogWrite[] {
    if (tended === undefined) return [activeRemoval(mark)];
    const isQuiet = this.#services.clock.nowMs() - mark.markedMs >= this.#services.tuning.quietMs;
    if (tended.isBusy || !isQuiet) return [];
    return [activeRemoval(mark), ...(nextMs === undefined ? [] : [dueWrite(mark.shard, nextMs)])];
  }

  /**
   * The mark goes; what comes later gets another one, and what waits, though no writer has marked it, is in use.
   * @param uptoMs marks up to then are looked at in this round: what fell due meanwhile is for the next one
   */
  #afterDue(mark: DueMark, tended: Tended | undefined, nextMs: number | undefined, uptoMs: number): readonly CatalogWrite[] {
    if (tended?.isBusy === true) return [dueRemoval(mark), activeWrite(mark.shard, this.#services.clock.nowMs())];
    if (nextMs === undefined) return [dueRemoval(mark)];
    return [dueRemoval(mark), dueWrite(mark.shard, Math.max(nextMs, uptoMs + 1))];
  }

  /** Collects a topic's garbage. What is known to be left for later is not looked at again in this round. @returns when more of it is due */
  async #collect(topicId: string): Promise<number | undefined> {
    const known = this.#collected.get(topicId);
    if (known !== undefined) return known;
    const { engine, clock } = this.#services;
    const { objects, nextDueMs } = await collectGarbage(engine, topicId, clock.nowMs(), this.#isLate);
    this.#counts.objectsDeleted += objects;
    if (nextDueMs !== undefined) this.#collected.set(topicId, nextDueMs);
    return nextDueMs;
  }

  async #topicOf({ topicId, shard }: ShardKey): Promise<Topic | undefined> {
    const name = this.#names.get(topicId) ?? (await topicNameOf(this.#services.engine.catalog, topicId));
    if (name === undefined) return undefined;
    // Read anew with each round: its retention may have been raised.
    const found = this.#names.has(topicId) ? await this.#cache.get(name) : await this.#cache.refresh(name);
    this.#names.set(topicId, name);
    const { topic } = await this.#topics.finishGrowth(found);
    return topic.id === topicId && shard < shardCount(topic.partitions, topic.partitionsPerShard) ? topic : undefined;
  }

  async #attempt(place: FailurePlace, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      const error = LogError.from(reason);
      if (!expectedCodes.has(error.code)) this.#fail({ ...place, error });
    }
  }

  #fail(failure: JanitorFailure): void {
    if (++this.#counts.failures > limits.janitorFailuresTold) return;
    const topic = failure.topicId === undefined ? undefined : this.#names.get(failure.topicId);
    this.#services.onFailure?.({ ...failure, ...(topic !== undefined && { topic }) });
  }
}

/** Deleted, changed, or tended by another meanwhile: nothing is left to do, or the next round does it. */
const expectedCodes = new Set<LogError["code"]>([
  "unknown_topic_or_partition",
  "conflict",
  "offset_out_of_range",
  "group_id_not_found",
  "non_empty_group",
]);
