import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem, CatalogWrite } from "../ports/catalog.ts";
import { ChangeHub } from "./change-hub.ts";
import { Deletion } from "./deletion.ts";
import { eachItem } from "./each-item.ts";
import { CatalogGroups } from "./groups/catalog-groups.ts";
import { expireGroup } from "./groups/expire.ts";
import { groupMarksPk, readGroupMark } from "./groups/group-marks.ts";
import { inTurns, type Work } from "./in-turns.ts";
import type { JanitorFailure, JanitorReport } from "./janitor.ts";
import { marksSearchKey, restoreMarks } from "./strata/lost-marks.ts";
import { activePk, activeWrite, type ActiveMark, duePk, dueRemoval, readActive, readDue } from "./strata/marks.ts";
import { type RoundCounts, ShardVisits } from "./shard-visits.ts";
import type { Freed, StrataServices } from "./strata/services.ts";
import { ensureTopicIds } from "./strata/topic-ids.ts";
import { noWork } from "./strata/work.ts";
import { TopicCache } from "./topic-cache.ts";
import { readSweeps, type Sweeps, sweepsAfterUse, sweepsWrite, sweptSk } from "./sweeps.ts";
import { deletedTopicsPk } from "./topic-row.ts";
import { CatalogTopics } from "./topics.ts";
import { Underway } from "./underway.ts";

type FailurePlace = Omit<JanitorFailure, "topic" | "error">;

export interface RoundServices extends StrataServices {
  readonly offsetsRetentionMs: number;
  /** Hears of what could not be tended, the first ones of a round. */
  readonly onFailure?: ((failure: JanitorFailure) => void) | undefined;
}

const ownPk = "janitor";
const cursorKey = { pk: ownPk, sk: "cursor" };
const cursorWrite = (sk: string): CatalogWrite => ({ key: cursorKey, put: sk, if: "any" });

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
  readonly #visits: ShardVisits;
  readonly #underway: Underway;
  /** Whether something was left undone that there was time for only later. */
  #isCut = false;
  #ownRows: Promise<readonly CatalogItem[]> | undefined;
  /** Whether there are shards in use, or where something is due, or deletions. */
  #isUsed = false;
  readonly #counts: RoundCounts = {
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
    const onFreed = ({ objects, bytes }: Freed): void => {
      this.#counts.objectsDeleted += objects;
      this.#counts.reclaimedBytes += bytes;
    };
    this.#services = { ...services, endMs, onFreed };
    this.#endMs = endMs;
    this.#signal = signal;
    this.#cache = new TopicCache(engine.catalog, clock, true);
    this.#topics = new CatalogTopics({ engine, clock, random, cache: this.#cache, hub: new ChangeHub() });
    this.#underway = new Underway(engine.catalog, clock);
    const { isLate, counts, fail } = { isLate: this.#isLate, counts: this.#counts, fail: this.#fail };
    this.#visits = new ShardVisits({ ...this.#services, topics: this.#topics, cache: this.#cache, counts, isLate, fail });
  }

  async run(): Promise<JanitorReport> {
    const { engine, clock } = this.#services;
    await ensureTopicIds(engine.catalog);
    const works = [this.#dues(), this.#groups(), this.#deletions(), this.#actives(), this.#sweep(), this.#lostMarks()];
    const isDone = await inTurns(works, clock, this.#isLate);
    for (const { segments, unsealedEntries, unsealedBytes } of this.#visits.left.values()) {
      this.#counts.segments += segments;
      this.#counts.unsealedEntries += unsealedEntries;
      this.#counts.unsealedBytes += unsealedBytes;
    }
    this.#counts.shardsSeen = this.#visits.left.size;
    return { ...this.#counts, isComplete: isDone && !this.#isCut };
  }

  /** Asked before each step: whoever hears that time is up leaves something undone. */
  readonly #isLate = (): boolean => {
    const nowMs = this.#services.clock.nowMs();
    this.#underway.tick(nowMs);
    return (this.#isCut ||= this.#signal?.aborted === true || nowMs >= this.#endMs);
  };

  async *#deletions(): Work {
    for await (const item of eachItem(this.#services.engine.catalog, deletedTopicsPk)) {
      this.#isUsed = true;
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

  /** One of the janitor's own rows: a round reads them together, once. */
  async #own(sk: string): Promise<CatalogItem | undefined> {
    this.#ownRows ??= this.#services.engine.catalog.query(ownPk, { limit: limits.catalogQueryLimitMax });
    return (await this.#ownRows).find(({ key }) => key.sk === sk);
  }

  /** Shards in use, from where the last round stopped on; then, again and again, those with much to do. */
  async *#actives(): Work {
    const { engine, clock } = this.#services;
    const value = (await this.#own(cursorKey.sk))?.value;
    const start = typeof value === "string" ? value : "";
    // Where the last round did not come to the end it may have been killed in the next shard: that one is written down at once.
    let [last, stored, storedMs] = [start, start, start === "" ? clock.nowMs() : Number.NEGATIVE_INFINITY];
    const unfinished: ActiveMark[] = [];
    try {
      for await (const item of eachItem(engine.catalog, activePk, { after: start === "" ? undefined : start })) {
        this.#isUsed = true;
        yield;
        last = item.key.sk;
        const mark = readActive(item);
        this.#underway.begin([cursorWrite(last)], storedMs);
        if (await this.#visit(mark)) unfinished.push(mark);
        if (await this.#underway.end()) [stored, storedMs] = [last, clock.nowMs()];
      }
      // A round that began in the middle has seen the end only.
      last = "";
    } finally {
      if (last !== stored) await engine.catalog.transact([cursorWrite(last)]);
    }
    for (let mark = unfinished.shift(); mark !== undefined; mark = unfinished.shift()) {
      yield;
      if (await this.#visit(mark)) unfinished.push(mark);
    }
  }

  /** @returns whether there is more to do there at once */
  async #visit(mark: ActiveMark): Promise<boolean> {
    let hasMore = false;
    await this.#attempt(mark.shard, async () => {
      hasMore = (await this.#visits.active(mark))?.hasMore ?? false;
    });
    return hasMore;
  }

  async *#dues(): Work {
    const { engine, clock } = this.#services;
    const uptoMs = clock.nowMs();
    for await (const item of eachItem(engine.catalog, duePk)) {
      const mark = readDue(item);
      if (mark.dueMs > uptoMs) return;
      this.#isUsed = true;
      yield;
      const nowMs = clock.nowMs();
      // A long visit is gone on with as to a shard in use.
      this.#underway.begin([dueRemoval(mark), activeWrite(mark.shard, nowMs)], nowMs);
      await this.#attempt(mark.shard, () => this.#visits.due(mark, uptoMs));
      await this.#underway.end();
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

  /** What writers left behind and no shard's visit finds: once a day in which the log was used, and after that until all that was stored then is old enough. */
  async *#sweep(): Work {
    // All others have begun then: they have seen whether there is anything.
    yield;
    const { engine, clock, tuning } = this.#services;
    const before = readSweeps(await this.#own(sweptSk), tuning.garbageGraceMs);
    const owed = this.#isUsed ? sweepsAfterUse(tuning.garbageGraceMs) : before.owed;
    if (owed === 0) return;
    const write = async (sweeps: Sweeps): Promise<void> => await engine.catalog.transact([sweepsWrite(ownPk, sweeps)]);
    const sinceMs = clock.nowMs() - before.lastMs;
    if (sinceMs >= 0 && sinceMs < limits.sweepEveryMs) {
      if (owed > before.owed) await write({ ...before, owed });
      return;
    }
    await this.#attempt({}, async () => {
      const done = await this.#inShare((signal) => engine.upkeep.sweep({ graceMs: tuning.garbageGraceMs, signal }));
      this.#counts.reclaimedBytes += done.bytes;
      if (done.isComplete) await write({ lastMs: clock.nowMs(), owed: this.#isUsed ? owed : owed - 1 });
      else this.#isCut = true;
    });
  }

  async *#lostMarks(): Work {
    try {
      yield* restoreMarks(this.#services, (await this.#own(marksSearchKey.sk))?.value);
    } catch (reason) {
      this.#fail({ error: LogError.from(reason) });
    }
  }

  /** Has a long step end when half of the time is over that is left. */
  async #inShare<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#services;
    const over = new AbortController();
    const ended = new AbortController();
    const leftMs = this.#endMs - clock.nowMs();
    // A round whose end is that far away has none.
    const waited = leftMs > limits.sweepEveryMs ? undefined : clock.sleep(leftMs / 2, ended.signal).then(() => over.abort());
    try {
      return await step(this.#signal === undefined ? over.signal : AbortSignal.any([over.signal, this.#signal]));
    } finally {
      ended.abort();
      await waited;
    }
  }

  async #attempt(place: FailurePlace, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      const error = LogError.from(reason);
      if (!expectedCodes.has(error.code)) this.#fail({ ...place, error });
    }
  }

  readonly #fail = (failure: JanitorFailure): void => {
    if (++this.#counts.failures > limits.janitorFailuresTold) return;
    const topic = failure.topicId === undefined ? undefined : this.#visits.nameOf(failure.topicId);
    this.#services.onFailure?.({ ...failure, ...(topic !== undefined && { topic }) });
  };
}

/** Deleted, changed, or tended by another meanwhile: nothing is left to do, or the next round does it. */
const expectedCodes = new Set<LogError["code"]>([
  "unknown_topic_or_partition",
  "conflict",
  "offset_out_of_range",
  "group_id_not_found",
  "non_empty_group",
]);
