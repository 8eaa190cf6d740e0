import { addToBaseOffsets, readBatchHeader } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { EntryRef, Journal, PartRef } from "../ports/journal.ts";
import type { Place } from "./placement.ts";
import { SegmentGone } from "./strata/segment-objects.ts";
import type { SegmentReader } from "./strata/segment-reader.ts";

export interface PartitionPlace extends Place {
  readonly partition: number;
}

export interface ReadBounds {
  readonly bytesMax: number;
  readonly recordsMax: number;
}

/** Whole batches with their real base offsets. */
export interface BatchRun {
  readonly batches: Uint8Array;
  /** Where to go on. */
  readonly nextOffset: number;
  /** Whether that is where a segment ends: what follows is in another place. */
  readonly isEnd: boolean;
}

/** Whole batches from the one that holds `offset`, within the bounds but at least one; undefined when they were trimmed meanwhile. */
export async function readJournal(
  journal: Journal,
  { shard, index }: Place,
  offset: number,
  bounds: ReadBounds,
): Promise<BatchRun | undefined> {
  try {
    const entries = await enough(journal, { shard, index }, offset, bounds);
    const parts = await journal.read(entries.map((entry) => ({ entry, index })));
    const batches = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
    let used = 0;
    for (const [nth, part] of parts.entries()) {
      const { baseOffset } = partOf(entries[nth] as EntryRef, index);
      batches.set(part, used);
      addToBaseOffsets(batches.subarray(used, used + part.byteLength), baseOffset);
      used += part.byteLength;
    }
    return { ...cut(batches, offset, bounds), isEnd: false };
  } catch (reason) {
    if (reason instanceof LogError && reason.code === "offset_out_of_range") return undefined;
    throw reason;
  }
}

/**
 * As `readJournal`, from segments. Where compaction has left nothing it goes on, to the end of a segment.
 * @returns undefined when they were replaced, or have expired, meanwhile
 */
export async function readSealed(
  { segments }: { readonly segments: SegmentReader },
  { shard: { topicId }, partition }: PartitionPlace,
  offset: number,
  bounds: ReadBounds,
  isFresh: boolean,
): Promise<BatchRun | undefined> {
  const row = await segments.row(topicId, partition, offset, isFresh);
  if (row === undefined) return undefined;
  try {
    for (let from = offset; ; ) {
      const { batches, end } = await segments.read(topicId, partition, row, from, bounds.bytesMax);
      const found = cut(batches, from, bounds, end);
      const nextOffset = found.batches.length === 0 ? end : found.nextOffset;
      if (found.batches.length > 0 || nextOffset >= row.next) {
        segments.ended(topicId, partition, offset, nextOffset);
        return { batches: found.batches, nextOffset, isEnd: nextOffset >= row.next };
      }
      from = nextOffset;
    }
  } catch (reason) {
    if (reason instanceof SegmentGone) return undefined;
    throw reason;
  }
}

/** The entries that a read needs: looked up page by page until the bounds are reached. */
async function enough(
  journal: Journal,
  { shard, index }: Place,
  offset: number,
  { bytesMax, recordsMax }: ReadBounds,
): Promise<EntryRef[]> {
  const taken: EntryRef[] = [];
  let bytes = 0;
  let next = offset;
  for (let page = Math.min(limits.fetchPageEntries, recordsMax); ; page = limits.journalEntriesMax) {
    const entries = await journal.entries(shard, { index, offset: next }, page);
    for (const entry of entries) {
      const part = partOf(entry, index);
      if (taken.length > 0 && (bytes + part.bytes > bytesMax || next - offset >= recordsMax)) return taken;
      taken.push(entry);
      bytes += part.bytes;
      next = part.baseOffset + part.records;
    }
    if (entries.length < page || bytes >= bytesMax || next - offset >= recordsMax) return taken;
  }
}

/**
 * Drops batches before the offset and those past the bounds.
 * @param end the offset after the last batch, where it is known: then what fits the bounds is not looked at batch by batch
 */
function cut(batches: Uint8Array, offset: number, { bytesMax, recordsMax }: ReadBounds, end?: number): Omit<BatchRun, "isEnd"> {
  let start = 0;
  let at = 0;
  let nextOffset = offset;
  while (at < batches.byteLength) {
    const header = readBatchHeader(batches, at);
    const next = header.baseOffset + header.lastOffsetDelta + 1;
    const isFirst = start === at;
    if (next <= offset) start = at + header.byteLength;
    else if (!isFirst && (at + header.byteLength - start > bytesMax || nextOffset - offset >= recordsMax)) break;
    else if (isFirst && end !== undefined && batches.byteLength - start <= bytesMax && end - offset <= recordsMax) {
      return { batches: batches.subarray(start), nextOffset: end };
    } else nextOffset = next;
    at += header.byteLength;
  }
  return { batches: batches.subarray(start, at), nextOffset };
}

export function partOf(entry: EntryRef, index: number): PartRef {
  const part = entry.parts.find((candidate) => candidate.index === index);
  if (part === undefined) throw new LogError("internal", `entry ${entry.seq} has no part at index ${index}`);
  return part;
}
