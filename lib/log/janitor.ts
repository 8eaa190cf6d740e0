import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem, CatalogWrite } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Engine } from "../ports/engine.ts";
import type { ShardKey } from "../ports/journal.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { ChangeHub } from "./change-hub.ts";
import type { Topic } from "./log.ts";
import { shardCount } from "./placement.ts";
import { deleteStrata } from "./strata/delete-strata.ts";
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
import { Frontiers } from "./strata/frontiers.ts";
import type { StrataServices } from "./strata/services.ts";
import { defaultStrataTuning, type StrataTuning } from "./strata/tuning.ts";
import { type Tended, tendShard } from "./strata/tend.ts";
import { ensureTopicIds, topicNameOf } from "./strata/topic-ids.ts";
import { TopicCache } from "./topic-cache.ts";
import { deletedTopicsPk, readTopic } from "./topic-row.ts";
import { CatalogTopics } from "./topics.ts";

/** What a round did. */
export interface JanitorReport {
  /** Topics of which nothing is left now. */
  readonly deletionsFinished: number;
  /** Shards that were looked at: those in use, and those where something was due. */
  readonly shardsSeen: number;
  readonly seals: number;
  readonly sealedBytes: number;
  readonly merges: number;
  readonly mergedBytes: number;
  /** Of the journal, and what writers left behind. */
  readonly reclaimedBytes: number;
  readonly segmentsExpired: number;
  readonly objectsDeleted: number;
  /** Entries that no segment has yet, of the shards that were looked at, and for how long the oldest of them are known to wait. */
  readonly unsealedEntries: number;
  readonly unsealedBytes: number;
  readonly unsealedAgeMs: number;
  /** Shards and deletions that could not be tended; the next round tries again. */
  readonly failures: number;
  /** Whether it came to the last one in time. The next round goes on where this one stopped. */
  readonly isComplete: boolean;
}

type Counts = { -readonly [K in Exclude<keyof JanitorReport, "isComplete">]: number };

const cursorKey = { pk: "janitor", sk: "cursor" };

export interface JanitorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly compression: Compression;
  /** Hears of each round. Default: nobody does. */
  readonly telemetry?: Telemetry | undefined;
  /** When the strata are worked on. Default: what is cheap at list prices. */
  readonly strata?: Partial<StrataTuning> | undefined;
}

/** Runs one round. @param endMs by the clock, when to stop at the latest @param signal ends it early */
export type Janitor = (endMs: number, signal?: AbortSignal) => Promise<JanitorReport>;

/** The background work over an engine. Somebody has to ask for it now and then: nothing else seals, lets expire or frees. */
export function createJanitor(engine: Engine, { clock, random, compression, telemetry, strata }: JanitorParts): Janitor {
  const tuning = { ...defaultStrataTuning, ...strata };
  const services = { engine, clock, random, compression, frontiers: Frontiers.of(engine, clock), tuning };
  return async (endMs, signal) => {
    const report = await runJanitor(services, endMs, signal);
    if (telemetry !== undefined) tellRound(telemetry, report);
    return report;
  };
}

/**
 * One round of what nobody waits for: seals, merges, compacts, lets expire, collects, ends deletions that were begun. It looks at what writers have marked and at what
 * is due, and at nothing else. Any number of rounds may run at once, and each may end at any moment.
 * @param endMs by the clock, when to stop at the latest
 * @param signal ends it early
 */
async function runJanitor(services: StrataServices, endMs: number, signal?: AbortSignal): Promise<JanitorReport> {
  return await new Round(services, endMs, signal).run();
}

class Round {
  readonly #services: StrataServices;
  readonly #endMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #cache: TopicCache;
  readonly #topics: CatalogTopics;
  readonly #names = new Map<string, string>();
  /** How each shard was left, by topic id and number. */
  readonly #left = new Map<string, Tended>();
  readonly #collected = new Map<string, number | undefined>();
  readonly #counts: Counts = {
    deletionsFinished: 0,
    shardsSeen: 0,
    seals: 0,
    sealedBytes: 0,
    merges: 0,
    mergedBytes: 0,
    reclaimedBytes: 0,
    segmentsExpired: 0,
    objectsDeleted: 0,
    unsealedEntries: 0,
    unsealedBytes: 0,
    unsealedAgeMs: 0,
    failures: 0,
  };

  constructor(services: StrataServices, endMs: number, signal: AbortSignal | undefined) {
    const { engine, clock, random } = services;
    this.#services = services;
    this.#endMs = endMs;
    this.#signal = signal;
    this.#cache = new TopicCache(engine.catalog, clock, true);
    this.#topics = new CatalogTopics({ engine, clock, random, cache: this.#cache, hub: new ChangeHub() });
  }

  async run(): Promise<JanitorReport> {
    await ensureTopicIds(this.#services.engine.catalog);
    const isComplete = (await this.#deletions()) && (await this.#actives()) && (await this.#dues());
    for (const { unsealedEntries, unsealedBytes } of this.#left.values()) {
      this.#counts.unsealedEntries += unsealedEntries;
      this.#counts.unsealedBytes += unsealedBytes;
    }
    this.#counts.shardsSeen = this.#left.size;
    return { ...this.#counts, isComplete };
  }

  readonly #isLate = (): boolean => this.#signal?.aborted === true || this.#services.clock.nowMs() >= this.#endMs;

  async #deletions(): Promise<boolean> {
    for await (const item of this.#items(deletedTopicsPk, "")) {
      if (this.#isLate()) return false;
      await this.#attempt(async () => {
        await this.#topics.closeDeleted(item);
        const { row } = readTopic(item);
        const partitions = Math.max(row.growingTo, row.partitionCounts.at(-1) ?? 0);
        const topic = { topicId: row.id, partitions, partitionsPerShard: row.partitionsPerShard };
        if (!(await deleteStrata(this.#services, topic, this.#isLate))) return;
        await this.#topics.forgetDeleted(item);
        this.#counts.deletionsFinished++;
      });
    }
    return true;
  }

  /** Shards in use, from where the last round stopped on. */
  async #actives(): Promise<boolean> {
    const { catalog } = this.#services.engine;
    const value = (await catalog.get(cursorKey))?.value;
    const start = typeof value === "string" ? value : "";
    let last = start;
    const unfinished: ActiveMark[] = [];
    for await (const item of this.#items(activePk, start)) {
      if (this.#isLate()) {
        await catalog.transact([{ key: cursorKey, put: last, if: "any" }]);
        return false;
      }
      const mark = readActive(item);
      if (await this.#visit(mark)) unfinished.push(mark);
      last = item.key.sk;
    }
    // Those with much to do, in turns.
    for (let mark = unfinished.shift(); mark !== undefined; mark = unfinished.shift()) {
      if (this.#isLate()) return false;
      if (await this.#visit(mark)) unfinished.push(mark);
    }
    // A round that began in the middle has seen the end only.
    if (start !== "") await catalog.transact([{ key: cursorKey, put: "", if: "any" }]);
    return true;
  }

  /** @returns whether there is more to do there at once */
  async #visit(mark: ActiveMark): Promise<boolean> {
    let hasMore = false;
    await this.#attempt(() =>
      this.#tend(mark.shard, (tended, nextMs) => {
        hasMore = tended?.hasMore ?? false;
        return this.#afterActive(mark, tended, nextMs);
      }),
    );
    return hasMore;
  }

  async #dues(): Promise<boolean> {
    for await (const item of this.#items(duePk, "")) {
      const mark = readDue(item);
      if (mark.dueMs > this.#services.clock.nowMs()) return true;
      if (this.#isLate()) return false;
      await this.#attempt(() => this.#tend(mark.shard, (tended, nextMs) => this.#afterDue(mark, tended, nextMs)));
    }
    return true;
  }

  /** @param after what becomes of the mark that led here */
  async #tend(shard: ShardKey, after: (tended: Tended | undefined, nextMs: number | undefined) => readonly CatalogWrite[]): Promise<void> {
    const { engine, clock } = this.#services;
    const topic = await this.#topicOf(shard);
    const tended = topic && (await tendShard(this.#services, topic, shard, this.#isLate).catch(goneIn));
    if (tended !== undefined) {
      this.#left.set(`${shard.topicId}/${shard.shard}`, tended);
      for (const name of summed) this.#counts[name] += tended[name];
      const ageMs = tended.waitingSinceMs === 0 ? 0 : clock.nowMs() - tended.waitingSinceMs;
      this.#counts.unsealedAgeMs = Math.max(this.#counts.unsealedAgeMs, ageMs);
    }
    const garbageMs = topic && (await this.#collect(topic.id));
    const times = [tended?.nextMs, garbageMs].filter((time) => time !== undefined);
    const writes = after(tended, times.length === 0 ? undefined : Math.min(...times));
    if (writes.length > 0) await engine.catalog.transact(writes);
  }

  /** A shard that writers use stays marked until nothing of it waits and nobody has said so for a while. */
  #afterActive(mark: ActiveMark, tended: Tended | undefined, nextMs: number | undefined): readonly CatalogWrite[] {
    if (tended === undefined) return [activeRemoval(mark)];
    const isQuiet = this.#services.clock.nowMs() - mark.markedMs >= this.#services.tuning.quietMs;
    if (tended.isBusy || !isQuiet) return [];
    return [activeRemoval(mark), ...(nextMs === undefined ? [] : [dueWrite(mark.shard, nextMs)])];
  }

  /** The mark goes; what comes later gets another one, and what waits, though no writer has marked it, is in use. */
  #afterDue(mark: DueMark, tended: Tended | undefined, nextMs: number | undefined): readonly CatalogWrite[] {
    if (tended?.isBusy === true) return [dueRemoval(mark), activeWrite(mark.shard, this.#services.clock.nowMs())];
    if (nextMs === undefined || nextMs <= mark.dueMs) return [dueRemoval(mark)];
    return [dueRemoval(mark), dueWrite(mark.shard, nextMs)];
  }

  /** Collects a topic's garbage, once a round. @returns when more of it is due */
  async #collect(topicId: string): Promise<number | undefined> {
    if (this.#collected.has(topicId)) return this.#collected.get(topicId);
    const { engine, clock } = this.#services;
    const { objects, nextDueMs } = await collectGarbage(engine, topicId, clock.nowMs(), this.#isLate);
    this.#counts.objectsDeleted += objects;
    this.#collected.set(topicId, nextDueMs);
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

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      if (!expectedCodes.has(LogError.from(reason).code)) this.#counts.failures++;
    }
  }

  async *#items(pk: string, start: string): AsyncGenerator<CatalogItem, void, undefined> {
    const limit = limits.listLimitDefault;
    for (let after = start; ; ) {
      const page = await this.#services.engine.catalog.query(pk, { limit, ...(after === "" ? {} : { after }) });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < limit) return;
      after = last.key.sk;
    }
  }
}

const summed = [
  "seals",
  "sealedBytes",
  "merges",
  "mergedBytes",
  "reclaimedBytes",
  "segmentsExpired",
] as const satisfies (keyof Counts & keyof Tended)[];

/** Deleted, changed, or tended by another meanwhile: nothing is left to do, or the next round does it. */
const expectedCodes = new Set<LogError["code"]>(["unknown_topic_or_partition", "conflict", "offset_out_of_range"]);

function goneIn(reason: unknown): undefined {
  if (LogError.from(reason).code !== "unknown_topic_or_partition") throw reason;
}

/** A round as metrics and as a line of the log. */
function tellRound(telemetry: Telemetry, report: JanitorReport): void {
  const { shardsSeen: shards, seals, merges, segmentsExpired: expired, objectsDeleted: deleted, failures, isComplete } = report;
  // A round in which nothing was there to do measures nothing: where a metric costs, an idle log has none.
  if (seals > 0) telemetry.count("Seals", seals);
  if (merges > 0) telemetry.count("Merges", merges);
  if (report.sealedBytes > 0) telemetry.count("SealedBytes", report.sealedBytes);
  if (report.mergedBytes > 0) telemetry.count("RewrittenBytes", report.mergedBytes);
  if (report.reclaimedBytes > 0) telemetry.count("ReclaimedBytes", report.reclaimedBytes);
  if (shards > 0) {
    telemetry.gauge("UnsealedBytes", report.unsealedBytes);
    telemetry.gauge("UnsealedAgeSeconds", report.unsealedAgeMs / 1000);
  }
  const isNews = seals + merges + expired + deleted + report.deletionsFinished > 0 || !isComplete;
  telemetry.log(failures > 0 ? "warn" : isNews ? "info" : "debug", "janitor", {
    shards,
    seals,
    merges,
    expired,
    deleted,
    failures,
    isComplete,
  });
}
