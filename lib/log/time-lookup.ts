import { iterateRecords } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Compression } from "../ports/compression.ts";
import type { EntryRef, Journal } from "../ports/journal.ts";
import { partOf, type PartitionPlace } from "./read-batches.ts";
import { SegmentGone } from "./strata/segment-objects.ts";
import type { SegmentReader } from "./strata/segment-reader.ts";
import type { PartitionView } from "./strata/shard-view.ts";

interface LookupServices {
  readonly journal: Journal;
  readonly segments: SegmentReader;
  readonly compression: Compression;
}

/** Undefined offset: no record is that late. */
export interface FoundTime {
  readonly offset: number | undefined;
  readonly timestampMs: number | undefined;
}

const nothing: FoundTime = { offset: undefined, timestampMs: undefined };

/**
 * The first record at or after a time. Timestamps need not rise.
 *
 * In segments it takes about log2 of the sealed offsets in reads of single rows; where what is gone was later than what is left, one for each 1,000
 * segments, once a process (`SegmentTimes`). And at most five reads of objects: the index and two blocks of the segment that the log begins inside of,
 * the index and one block of the one that has the record. Of all else it is known that it is earlier.
 * @returns undefined when something moved meanwhile: look again
 */
export async function firstAtTime(
  services: LookupServices,
  place: PartitionPlace,
  view: PartitionView,
  timestampMs: number,
): Promise<FoundTime | undefined> {
  try {
    const { logStartOffset, sealed } = view;
    if (logStartOffset < sealed) {
      const found = await inSegments(services, place, view, timestampMs);
      if (found !== nothing) return found;
    }
    return await inJournal(services, place, view, timestampMs);
  } catch (reason) {
    const isMoved = reason instanceof SegmentGone || (reason instanceof LogError && reason.code === "offset_out_of_range");
    if (isMoved) return undefined;
    throw reason;
  }
}

async function inSegments(
  { segments, compression }: LookupServices,
  { shard: { topicId }, partition }: PartitionPlace,
  { logStartOffset, sealed }: PartitionView,
  timestampMs: number,
): Promise<FoundTime | undefined> {
  for (let from = logStartOffset; ; ) {
    const row = await segments.times.firstReaching(topicId, partition, { from, to: sealed, timestampMs });
    if (row === "moved") return undefined;
    if (row === undefined) return nothing;
    for await (const batches of segments.reaching(row, logStartOffset, timestampMs)) {
      for (const { offset, timestampMs: ownMs } of iterateRecords(batches, compression, logStartOffset)) {
        if (ownMs >= timestampMs) return { offset, timestampMs: ownMs };
      }
    }
    // What reached the time there is before the log's start.
    from = row.next;
  }
}

async function inJournal(
  { journal, compression }: LookupServices,
  { shard, index }: PartitionPlace,
  { logStartOffset, sealed }: PartitionView,
  timestampMs: number,
): Promise<FoundTime | undefined> {
  const from = Math.max(logStartOffset, sealed);
  const [first] = await journal.entries(shard, { index, timestampMs }, 1);
  // Trimmed up to beyond what was looked for in segments: those have grown.
  const { startOffsets } = await journal.head(shard);
  if ((startOffsets[index] ?? 0) > from) return undefined;
  if (first === undefined) return nothing;
  const begins = partOf(first, index).baseOffset;
  for (let entries: readonly EntryRef[] = [first]; ; ) {
    for (const entry of entries) {
      const part = partOf(entry, index);
      if (part.maxTimestampMs < timestampMs || part.baseOffset + part.records <= from) continue;
      const [batches] = await journal.read([{ entry, index }]);
      for (const record of iterateRecords(batches ?? new Uint8Array(0), compression)) {
        const offset = part.baseOffset + record.offset;
        if (offset >= from && record.timestampMs >= timestampMs) return { offset, timestampMs: record.timestampMs };
      }
    }
    const last = entries.at(-1);
    if (last === undefined) return nothing;
    const { baseOffset, records } = partOf(last, index);
    entries = await journal.entries(shard, { index, offset: Math.max(baseOffset + records, begins, from) }, limits.journalEntriesMax);
  }
}
