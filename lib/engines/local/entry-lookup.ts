import { LogError } from "../../core/errors.ts";
import type { EntryPosition } from "../../ports/journal.ts";
import type { IndexReader } from "./index-reader.ts";
import type { LocalShard } from "./local-shard.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** Durable entries from a place on: first what the index has, then what waits for it. @throws offset_out_of_range, unknown_topic_or_partition */
export function findEntries(index: IndexReader, shard: LocalShard, from: EntryPosition, limit: number): readonly StoredEntry[] {
  if ("seq" in from) return fromSeq(index, shard, from.seq, limit);
  const { highWatermarks, startOffsets, partitions } = shard.head;
  const end = highWatermarks[from.index];
  const start = startOffsets[from.index];
  if (end === undefined || start === undefined) {
    throw new LogError("unknown_topic_or_partition", `The shard has ${partitions} partitions, not index ${from.index}.`);
  }
  if ("timestampMs" in from) return fromTime(index, shard, from.index, from.timestampMs, limit);
  if (from.offset < start || from.offset > end || !Number.isInteger(from.offset)) throw outOfRange(`Offset ${from.offset}`, start, end);
  return from.offset === end ? [] : fromOffset(index, shard, from.index, from.offset, limit);
}

function fromSeq(index: IndexReader, shard: LocalShard, seq: number, limit: number): readonly StoredEntry[] {
  const { head, waiting } = shard;
  if (seq < head.startSeq || seq > head.seq || !Number.isInteger(seq)) throw outOfRange(`Entry ${seq}`, head.startSeq, head.seq);
  const firstWaiting = waiting[0]?.seq ?? head.seq;
  const indexed = seq < firstWaiting ? index.chunks.fromSeq(shard.id, seq, limit) : [];
  const rest = limit - indexed.length;
  if (rest <= 0) return indexed;
  const skip = Math.max(0, seq - firstWaiting);
  return [...indexed, ...waiting.slice(skip, skip + rest)];
}

function fromOffset(index: IndexReader, shard: LocalShard, part: number, offset: number, limit: number): readonly StoredEntry[] {
  const { waiting } = shard;
  if (offset >= (shard.indexedOffsets[part] ?? 0)) return withWaiting([], waiting, firstWaitingAt(waiting, part, offset), part, limit);
  return withWaiting(index.chunks.fromOffset(shard.id, startOf(shard, part), part, offset, limit), waiting, 0, part, limit);
}

function fromTime(index: IndexReader, shard: LocalShard, part: number, timestampMs: number, limit: number): readonly StoredEntry[] {
  const { waiting, head } = shard;
  const base = index.chunks.reaching(shard.id, head.startSeq, part, timestampMs)?.part(part)?.baseOffset;
  if (base !== undefined)
    return withWaiting(index.chunks.fromOffset(shard.id, startOf(shard, part), part, base, limit), waiting, 0, part, limit);
  const first = waiting.findIndex((entry) => (entry.part(part)?.maxTimestampMs ?? Number.NEGATIVE_INFINITY) >= timestampMs);
  return first < 0 ? [] : withWaiting([], waiting, first, part, limit);
}

/** The place of the first waiting entry whose part ends after the offset: by halving, past entries that do not touch the partition. */
function firstWaitingAt(waiting: readonly StoredEntry[], index: number, offset: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    let touching = middle;
    while (touching < high && waiting[touching]?.part(index) === undefined) touching++;
    const part = touching < high ? waiting[touching]?.part(index) : undefined;
    if (part === undefined || part.baseOffset + part.records > offset) high = middle;
    else low = touching + 1;
  }
  return low;
}

function withWaiting(
  indexed: readonly StoredEntry[],
  waiting: readonly StoredEntry[],
  from: number,
  index: number,
  limit: number,
): readonly StoredEntry[] {
  const entries = [...indexed];
  for (let nth = from; nth < waiting.length && entries.length < limit; nth++) {
    const entry = waiting[nth];
    if (entry?.part(index) !== undefined) entries.push(entry);
  }
  return entries;
}

function outOfRange(what: string, start: number, end: number): LogError {
  return new LogError("offset_out_of_range", `${what} is not in the journal, which holds ${start} to ${end}.`);
}

/** The next offset that a partition had before the durable entry of a number. */
export function offsetBefore(index: IndexReader, shard: LocalShard, part: number, seq: number): number {
  const { waiting, head } = shard;
  if (seq < (waiting[0]?.seq ?? head.seq)) return index.chunks.offsetBefore(shard.id, part, seq);
  const later = waiting.find((entry) => entry.seq >= seq && entry.part(part) !== undefined);
  return later?.part(part)?.baseOffset ?? head.highWatermarks[part] ?? 0;
}

function startOf({ head }: LocalShard, index: number): { readonly seq: number; readonly value: number } {
  return { seq: head.startSeq, value: head.startOffsets[index] ?? 0 };
}
