import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Appended, Entry, Guards, Journal, ProducerState, ShardHead, ShardKey, ShardShape } from "../../ports/journal.ts";
import { Ambiguity } from "./ambiguity.ts";
import { Committer, type CommitParts } from "./commit.ts";
import { Heads } from "./heads.ts";
import { type Head, newHead } from "./items/head.ts";
import type { StoredState } from "./items/producer-state.ts";
import { encodeStart, onlyFurther, type Start } from "./items/start.ts";
import { n, s } from "./items/values.ts";
import { headKey, shardName } from "./keys.ts";
import { Pages } from "./pages.ts";
import { Payloads } from "./payloads.ts";
import { Producers } from "./producers.ts";
import { Reader } from "./reader.ts";
import { Roller } from "./roller.ts";
import { ShardQueue } from "./shard-queue.ts";
import { Attempts, faultOf, repeat, type Context } from "./context.ts";
import type { Change } from "./table.ts";
import { Transactions } from "./transaction.ts";

export interface JournalOptions {
  readonly context: Context;
  readonly lingerMs: number;
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** The port over one table and one bucket. */
export class AwsJournal implements Journal {
  readonly #context: Context;
  readonly #lingerMs: number;
  readonly #heads: Heads;
  readonly #pages: Pages;
  readonly #reader: Reader;
  readonly #producers: Producers;
  readonly #committer: Committer;
  readonly #transactions: Transactions;
  readonly #queues = new Map<string, ShardQueue>();
  #queuedBytes = 0;
  #queuedEntries = 0;

  constructor({ context, lingerMs, inBackground }: JournalOptions) {
    const heads = new Heads(context);
    const pages = new Pages(context);
    const payloads = new Payloads(context);
    const reader = new Reader(heads, pages, payloads);
    const producers = new Producers({ context, heads, reader, payloads });
    const roller = new Roller(context, heads, pages);
    const ambiguity = new Ambiguity(context, heads, pages);
    const parts: CommitParts = { context, heads, payloads, producers, roller, ambiguity, inBackground };
    this.#context = context;
    this.#lingerMs = lingerMs;
    this.#heads = heads;
    this.#pages = pages;
    this.#reader = reader;
    this.#producers = producers;
    this.#committer = new Committer(parts);
    this.#transactions = new Transactions(parts);
  }

  async open(shard: ShardKey, shape: ShardShape): Promise<void> {
    checkShape(shape);
    const { table } = this.#context;
    try {
      await repeat(this.#context, () => table.put(newHead(headKey(shard), shape), { condition: "attribute_not_exists(pk)" }));
      this.#heads.forget(shard);
      return;
    } catch (reason) {
      this.#heads.learn(shard, faultOf(reason).item);
    }
    await this.#grow(shard, shape);
  }

  async append(shard: ShardKey, entry: Entry, guards?: Guards): Promise<Appended> {
    const bytes = entryBytes(entry);
    checkSteps(guards);
    if (this.#queuedEntries >= limits.awsQueuedEntriesMax || this.#queuedBytes + bytes > limits.awsQueuedBytesMax) {
      throw new LogError("throttled", "Too many appends wait for their commit: send it again.", { retryAfterMs: limits.awsRetryAfterMs });
    }
    this.#queuedEntries++;
    this.#queuedBytes += bytes;
    try {
      return await new Promise<Appended>((resolve, reject) => {
        const traceId = this.#context.telemetry?.traceId();
        this.#queue(shard).add({ entry: ownEntry(entry), guards, bytes, traceId, resolve, reject });
      });
    } finally {
      this.#queuedEntries--;
      this.#queuedBytes -= bytes;
    }
  }

  async transact(...[appends, writes]: Parameters<Journal["transact"]>): Promise<readonly Appended[]> {
    for (const { entry, guards } of appends) {
      entryBytes(entry);
      checkSteps(guards);
    }
    return await this.#transactions.run(appends, writes);
  }

  async head(shard: ShardKey, producerId?: bigint): Promise<ShardHead> {
    const [head, start] = await Promise.all([this.#heads.read(shard), this.#heads.start(shard)]);
    const producers = producerId === undefined ? [] : await this.#producers.all(shard, head, producerId);
    return {
      partitions: head.highWatermarks.length,
      layout: head.layout,
      seq: head.seq,
      startSeq: start.seq,
      highWatermarks: head.highWatermarks,
      startOffsets: head.highWatermarks.map((_, index) => start.bases[index] ?? 0),
      producers: producers.map(publicState),
    };
  }

  async entries(...[shard, from, limit]: Parameters<Journal["entries"]>): ReturnType<Journal["entries"]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > limits.journalEntriesMax) {
      throw new LogError("invalid_request", `The limit is 1 to ${limits.journalEntriesMax} entries, not ${limit}.`);
    }
    return await this.#reader.entries(shard, from, limit);
  }

  async read(...[slices]: Parameters<Journal["read"]>): ReturnType<Journal["read"]> {
    return await this.#reader.read(slices);
  }

  async trim(shard: ShardKey, toSeq: number): Promise<void> {
    const head = await this.#heads.read(shard);
    const known = await this.#heads.freshStart(shard);
    const seq = Math.min(toSeq, head.seq);
    if (seq <= known.seq) return;
    const bases = await this.#reader.basesBefore(shard, head, seq).catch(async (reason: unknown) => {
      // Someone else has trimmed further, and the page is gone since.
      if ((await this.#heads.freshStart(shard)).seq < seq) throw reason;
    });
    if (bases === undefined) return;
    const start: Start = { seq, bases };
    try {
      await repeat(this.#context, () => this.#context.table.put(encodeStart(shard, start), onlyFurther(start)));
      this.#heads.learnStart(shard, start);
    } catch (reason) {
      // Someone else has trimmed further, or this did.
      if (faultOf(reason).kind === "condition") await this.#heads.freshStart(shard);
    }
  }

  async close(shard: ShardKey): Promise<void> {
    const change: Change = {
      // The tail stays: nothing else tells of its payloads, which are to be freed.
      update: "SET st = :closed REMOVE n, p, mx",
      condition: "attribute_exists(pk)",
      values: { ":closed": s("closed") },
    };
    try {
      await repeat(this.#context, () => this.#context.table.update(headKey(shard), change));
    } catch (reason) {
      if (faultOf(reason).kind !== "condition") throw reason;
    }
    this.#heads.forget(shard);
    this.#pages.forget(shard);
  }

  /** More partitions and a higher layout, when both are at least what they were. */
  async #grow(shard: ShardKey, { partitions, layout }: ShardShape): Promise<void> {
    const attempts = new Attempts(this.#context);
    for (;;) {
      const head = await this.#heads.read(shard);
      const now = head.highWatermarks.length;
      const isNews = partitions >= now && layout >= head.layout && (partitions > now || layout > head.layout);
      if (!isNews) return;
      try {
        this.#heads.learn(shard, await this.#context.table.update(headKey(shard), growth(head, { partitions, layout })));
        return;
      } catch (reason) {
        const fault = faultOf(reason);
        if (fault.kind !== "condition") await attempts.again(fault);
      }
    }
  }

  #queue(shard: ShardKey): ShardQueue {
    const name = shardName(shard);
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    if (this.#queues.size >= limits.awsHeadsCachedMax)
      for (const [other, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(other);
    const own = { topicId: shard.topicId, shard: shard.shard };
    const queue = new ShardQueue({
      lingerMs: this.#lingerMs,
      entriesMax: Math.min(limits.awsGroupEntriesMax, this.#context.tuning.tailEntriesMax),
      clock: this.#context.clock,
      commit: (appends) => this.#committer.commit(own, appends),
    });
    this.#queues.set(name, queue);
    return queue;
  }
}

function growth(head: Head, { partitions, layout }: ShardShape): Change {
  const zeros = Array.from({ length: partitions - head.highWatermarks.length }, () => n(0));
  return {
    update: "SET ly = :layout, n = list_append(n, :zeros)",
    condition: "st = :open AND ly = :was AND size(n) = :size",
    values: {
      ":layout": n(layout),
      ":zeros": { L: zeros },
      ":open": s("open"),
      ":was": n(head.layout),
      ":size": n(head.highWatermarks.length + 1),
    },
  };
}

function publicState({ producerId, epoch, index, sequence, count, crc, layout }: StoredState): ProducerState {
  return { producerId, epoch, index, sequence, count, crc, layout };
}

/** @throws request_too_large */
function entryBytes(entry: Entry): number {
  const bytes = entry.parts.reduce((sum, part) => sum + part.batches.length, 0);
  if (bytes > limits.entryBytesMax) {
    throw new LogError("request_too_large", `One entry has at most ${limits.entryBytesMax} bytes, not ${bytes}: send several.`);
  }
  return bytes;
}

/** @throws request_too_large */
function checkSteps(guards: Guards | undefined): void {
  const steps = guards?.producers?.length ?? 0;
  if (steps > limits.awsEntryStatesMax) {
    throw new LogError("request_too_large", `An entry has at most ${limits.awsEntryStatesMax} producer steps, not ${steps}: send several.`);
  }
}

/** The caller may change its buffers while the append waits. */
function ownEntry(entry: Entry): Entry {
  return { ...entry, parts: entry.parts.map((part) => ({ ...part, batches: part.batches.slice() })) };
}

function checkShape({ partitions, layout }: ShardShape): void {
  const whole = Number.isInteger(partitions) && Number.isInteger(layout);
  if (!whole || partitions < 1 || partitions > limits.partitionsPerShardMax || layout < 0) {
    throw new LogError("invalid_partitions", `A shard has 1 to ${limits.partitionsPerShardMax} partitions and a layout from 0.`);
  }
}
