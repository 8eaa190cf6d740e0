import { iterateRecords } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Compression } from "../ports/compression.ts";
import type { EntryRef, Journal } from "../ports/journal.ts";
import { partOf, type PartitionPlace } from "./read-batches.ts";
import { SegmentGone } from "./strata/segment-objects.ts";
import type { SegmentReader } from "./strata/segment-reader.ts";
import { segmentAt, type SegmentRow, segmentsFrom } from "./strata/segment-row.ts";
import type { PartitionView } from "./strata/shard-view.ts";

interface LookupServices {
  readonly journal: Journal;
  readonly catalog: Catalog;
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
 * The first record at or after a time. Timestamps need not rise: a segment's row knows the largest of all before it too, so that halving finds the first segment
 * that reaches the time, and in it the first block.
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
  { catalog, segments, compression }: LookupServices,
  { shard: { topicId }, partition }: PartitionPlace,
  { logStartOffset, sealed }: PartitionView,
  timestampMs: number,
): Promise<FoundTime | undefined> {
  const first = await firstReaching(catalog, topicId, partition, { low: logStartOffset, high: sealed, timestampMs });
  if (first === "moved") return undefined;
  if (first === undefined) return nothing;
  // What has expired may have had later times: then the first that says it reaches the time need not hold such a record itself.
  for await (const row of segmentsFrom(catalog, topicId, partition, first.baseOffset)) {
    if (row.maxTimestampMs < timestampMs || row.baseOffset >= sealed) continue;
    for await (const batches of segments.reaching(row, timestampMs)) {
      for (const { offset, timestampMs: ownMs } of iterateRecords(batches, compression, logStartOffset)) {
        if (ownMs >= timestampMs) return { offset, timestampMs: ownMs };
      }
    }
  }
  return nothing;
}

/** By halving over offsets. @returns "moved" when a segment is not where it should be */
async function firstReaching(
  catalog: Catalog,
  topicId: string,
  partition: number,
  range: { readonly low: number; readonly high: number; readonly timestampMs: number },
): Promise<SegmentRow | "moved" | undefined> {
  let found: SegmentRow | undefined;
  let { low, high } = range;
  // Asked for the newest most often.
  for (let at = high - 1; low < high; at = Math.floor((low + high) / 2)) {
    const row = await segmentAt(catalog, topicId, partition, at);
    if (row === undefined) return "moved";
    if (row.reachedMs >= range.timestampMs) {
      found = row;
      high = Math.min(high, row.baseOffset);
    } else low = row.next;
  }
  return found;
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
