import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { EntryPosition, EntryRef, EntrySlice, ShardKey } from "../../ports/journal.ts";
import type { Heads } from "./heads.ts";
import { type Head, type PlacedEntry, tailBases } from "./items/head.ts";
import type { Page } from "./items/page.ts";
import type { StoredEntry } from "./items/stored-entry.ts";
import { corrupt } from "./items/values.ts";
import { PageMissing, type PageRule, type Pages } from "./pages.ts";
import { PayloadGone, type Payloads } from "./payloads.ts";

/** Reads a shard (P7): the tail from its head, what is before from pages, bytes from payloads. Nothing is ever skipped. */
export class Reader {
  readonly #heads: Heads;
  readonly #pages: Pages;
  readonly #payloads: Payloads;

  constructor(heads: Heads, pages: Pages, payloads: Payloads) {
    this.#heads = heads;
    this.#pages = pages;
    this.#payloads = payloads;
  }

  /** What this process saw a moment ago serves as long as it has anything from that place on. */
  async entries(shard: ShardKey, from: EntryPosition, limit: number): Promise<readonly EntryRef[]> {
    const seen = this.#heads.seenLately(shard);
    if (seen !== undefined && isBefore(from, seen)) {
      const found = await this.#from(shard, seen, from, limit);
      if (found.length > 0) return found;
    }
    return await this.#from(shard, await this.#heads.read(shard), from, limit);
  }

  /** One entry. @throws offset_out_of_range when it was trimmed or is not there yet */
  async entry(shard: ShardKey, head: Head, seq: number): Promise<PlacedEntry> {
    const [found] = await this.#run(shard, head, seq, 1);
    if (found === undefined) throw outOfRange(`Entry ${seq} is not in the journal, which ends at ${head.seq}.`);
    return found;
  }

  async read(slices: readonly EntrySlice[]): Promise<readonly Uint8Array[]> {
    const wanted = slices.map(({ entry, index }) => ({ shard: entry.shard, stored: (entry.place as Place).stored, index }));
    try {
      return await this.#payloads.readParts(wanted);
    } catch (reason) {
      if (!(reason instanceof PayloadGone)) throw reason;
      await this.#explain(slices);
      throw corrupt(`${reason.message}, and the journal still refers to it`, reason);
    }
  }

  /** Bases of each partition before an entry, which has to be in the journal or at its end. */
  async basesBefore(shard: ShardKey, head: Head, seq: number): Promise<readonly number[]> {
    const bases = [...head.highWatermarks];
    for (const { stored, seq: own } of head.tail().toReversed()) {
      if (own < seq) return bases;
      for (const { index, records } of stored.parts) bases[index] = (bases[index] ?? 0) - records;
    }
    if (seq === head.tailSeq) return bases;
    const page = await this.#pages.covering(shard, seq);
    if (page === undefined) throw outOfRange(`Entry ${seq} is not in the journal.`);
    const before = head.highWatermarks.map((_, index) => page.bases[index] ?? 0);
    for (const entry of page.entries) {
      if (entry.seq >= seq) break;
      for (const { index, records } of entry.stored.parts) before[index] = (before[index] ?? 0) + records;
    }
    return before;
  }

  async #from(shard: ShardKey, head: Head, from: EntryPosition, limit: number): Promise<readonly EntryRef[]> {
    if (!("seq" in from) && from.index >= head.highWatermarks.length) {
      throw new LogError("unknown_topic_or_partition", `The shard has ${head.highWatermarks.length} partitions, not index ${from.index}.`);
    }
    let start = await this.#heads.start(shard);
    for (let isFresh = false; ; isFresh = true) {
      checkRange(from, head, start.seq, "seq" in from ? 0 : (start.bases[from.index] ?? 0));
      const found = await this.#collect(shard, head, start.seq, from, limit).catch(holeIn);
      if (found !== undefined) return found;
      // A hole: it was trimmed since the start was read, and given back, or the shard was closed, or something is lost.
      const before = start.seq;
      start = await this.#heads.freshStart(shard);
      if (!isFresh || start.seq > before) continue;
      await this.#heads.read(shard);
      throw corrupt(`entries of shard ${shard.shard} of topic ${shard.topicId} that no page has`);
    }
  }

  /** The entries; undefined when there is a hole where they should be. */
  async #collect(
    shard: ShardKey,
    head: Head,
    startSeq: number,
    from: EntryPosition,
    limit: number,
  ): Promise<readonly EntryRef[] | undefined> {
    const first = await this.#firstSeq(shard, head, startSeq, from);
    const wants = wantsOf(from);
    const found: PlacedEntry[] = [];
    for (let seq = Math.max(first, startSeq); seq < head.seq && found.length < limit; ) {
      const run = await this.#run(shard, head, seq, limit - found.length);
      const last = run.at(-1);
      if (last === undefined) return undefined;
      for (const entry of run) if (found.length < limit && (found.length > 0 ? touches(entry, from) : wants(entry))) found.push(entry);
      seq = last.seq + 1;
      if (found.length > 0 && seq - first >= limits.awsScanEntriesMax) break;
    }
    return found.map((entry) => refOf(shard, entry));
  }

  /** An entry number at or before the first wanted entry, from which on there are few others. */
  async #firstSeq(shard: ShardKey, head: Head, startSeq: number, from: EntryPosition): Promise<number> {
    if ("seq" in from) return from.seq;
    if (head.tailSeq <= startSeq) return startSeq;
    const { index } = from;
    if ("offset" in from && from.offset >= (tailBases(head)[index] ?? 0)) return head.tailSeq;
    const page = await this.#pages.first(
      shard,
      startSeq,
      head.tailSeq,
      "offset" in from ? byOffset(index, from.offset) : byTime(index, from.timestampMs),
    );
    return page?.firstSeq ?? head.tailSeq;
  }

  /** Entries from one on, without a hole: all of the tail, or some pages' worth of them. Empty: a hole. */
  async #run(shard: ShardKey, head: Head, seq: number, limit: number): Promise<readonly PlacedEntry[]> {
    if (seq >= head.tailSeq) return head.tail().slice(seq - head.tailSeq, seq - head.tailSeq + limit);
    const pages = await this.#pages.from(shard, seq, { high: head.tailSeq, count: Math.ceil(limit / limits.awsRollEntries) });
    const run: PlacedEntry[] = [];
    for (const { entries } of pages) {
      for (const entry of entries) if (entry.seq === seq + run.length && entry.seq < head.tailSeq) run.push(entry);
    }
    return run;
  }

  /** Why a payload is not there: entries below the start may be gone. @throws offset_out_of_range */
  async #explain(slices: readonly EntrySlice[]): Promise<void> {
    for (const { entry } of slices) {
      const start = await this.#heads.freshStart(entry.shard);
      await this.#heads.read(entry.shard);
      if (entry.seq < start.seq) throw outOfRange(`Entry ${entry.seq} was trimmed: the journal starts at ${start.seq}.`);
    }
  }
}

/** Undefined for a hole. */
function holeIn(reason: unknown): undefined {
  if (!(reason instanceof PageMissing)) throw reason;
}

interface Place {
  readonly stored: StoredEntry;
}

export function refOf(shard: ShardKey, { seq, stored, bases }: PlacedEntry): EntryRef {
  const parts = stored.parts.map((part, nth) => ({ ...part, baseOffset: bases[nth] ?? 0 }));
  return { shard, seq, parts, place: { stored } satisfies Place };
}

/** Whether a head may have something at that place. */
function isBefore(from: EntryPosition, head: Head): boolean {
  if ("seq" in from) return from.seq < head.seq;
  return "timestampMs" in from || from.offset < (head.highWatermarks[from.index] ?? 0);
}

function checkRange(from: EntryPosition, head: Head, startSeq: number, startOffset: number): void {
  if ("seq" in from) {
    if (from.seq < startSeq || from.seq > head.seq) throw outOfRange(`Entry ${from.seq} is not in ${startSeq} to ${head.seq}.`);
  } else if ("offset" in from) {
    const end = head.highWatermarks[from.index] ?? 0;
    if (from.offset < startOffset || from.offset > end) throw outOfRange(`Offset ${from.offset} is not in ${startOffset} to ${end}.`);
  }
}

/** Whether an entry is the first that is wanted. */
function wantsOf(from: EntryPosition): (entry: PlacedEntry) => boolean {
  if ("seq" in from) return () => true;
  return ({ stored, bases }) => {
    const nth = stored.parts.findIndex((part) => part.index === from.index);
    const part = stored.parts[nth];
    if (part === undefined) return false;
    return "offset" in from ? (bases[nth] ?? 0) + part.records > from.offset : part.maxTimestampMs >= from.timestampMs;
  };
}

function touches({ stored }: PlacedEntry, from: EntryPosition): boolean {
  return "seq" in from || stored.parts.some((part) => part.index === from.index);
}

function byOffset(index: number, offset: number): PageRule {
  return {
    reaches: (page) => offset < endOffset(page, index),
    isFirst: (page) => (page.bases[index] ?? 0) <= offset,
  };
}

/** Whether an earlier page reaches the time too cannot be seen from a page. */
function byTime(index: number, timestampMs: number): PageRule {
  return { reaches: (page) => (page.maxTimestampsMs[index] ?? -1) >= timestampMs, isFirst: () => false };
}

/** The partition's offset after a page. */
function endOffset({ bases, entries }: Page, index: number): number {
  let end = bases[index] ?? 0;
  for (const { stored } of entries) for (const part of stored.parts) if (part.index === index) end += part.records;
  return end;
}

function outOfRange(message: string): LogError {
  return new LogError("offset_out_of_range", message);
}
