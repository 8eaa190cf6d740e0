import { addToBaseOffsets, iterateRecords, readBatchHeader } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { EntryRef, Journal, PartRef } from "../ports/journal.ts";
import type { ChangeHub } from "./change-hub.ts";
import type { FetchFrom, FetchRequest, FetchResult, TimeOffset, Topic } from "./log.ts";
import { placeOf, type Place } from "./placement.ts";
import { PollPauses, waitForChange } from "./wait.ts";

export interface FetchServices {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly compression: Compression;
  readonly hub: ChangeHub;
  /** Whether others may write to the same store. */
  readonly isShared: boolean;
  /** Aborts when the log closes. */
  readonly closing: AbortSignal;
}

interface Bounds {
  readonly bytesMax: number;
  readonly recordsMax: number;
}

/** Reads a partition of a topic as it is known now. */
export async function fetchBatches(services: FetchServices, topic: Topic, partition: number, request: FetchRequest): Promise<FetchResult> {
  const { clock, journal } = services;
  const place = placeOf(topic, partition);
  const bounds = { bytesMax: request.bytesMax ?? limits.fetchBytesDefault, recordsMax: request.recordsMax ?? Number.MAX_SAFE_INTEGER };
  const deadlineMs = clock.nowMs() + (request.waitMs ?? 0);
  const pauses = new PollPauses(services.isShared);
  let from = request.from;
  for (;;) {
    const wait = request.waitMs === undefined || request.waitMs === 0 ? undefined : waitForChange(services, place.shard, request.signal);
    try {
      const head = await journal.head(place.shard);
      const highWatermark = at(head.highWatermarks, place.index);
      const logStartOffset = at(head.startOffsets, place.index);
      const offset = await resolve(services, place, from, logStartOffset, highWatermark);
      if (offset < logStartOffset || offset > highWatermark) throw outOfRange(topic, partition, offset, logStartOffset, highWatermark);
      if (offset < highWatermark) {
        const read = await readFrom(services, place, offset, bounds);
        return { ...read, highWatermark: Math.max(highWatermark, read.nextOffset), logStartOffset };
      }
      const leftMs = deadlineMs - clock.nowMs();
      const stopped = services.closing.aborted || request.signal?.aborted === true;
      if (wait === undefined || leftMs <= 0 || stopped)
        return { offset, batches: new Uint8Array(0), nextOffset: offset, highWatermark, logStartOffset };
      if (typeof from === "string") from = offset;
      await wait.until(pauses.next(leftMs));
    } finally {
      wait?.end();
    }
  }
}

/** The first record at or after a time. */
export async function offsetForTime(services: FetchServices, topic: Topic, partition: number, timestampMs: number): Promise<TimeOffset> {
  const found = await firstAtTime(services, placeOf(topic, partition), timestampMs);
  return { partition, offset: found?.offset, timestampMs: found?.timestampMs };
}

async function resolve(services: FetchServices, place: Place, from: FetchFrom, start: number, end: number): Promise<number> {
  if (typeof from === "number") return from;
  if (from === "earliest") return start;
  if (from === "latest") return end;
  return (await firstAtTime(services, place, from.timestampMs))?.offset ?? end;
}

async function firstAtTime({ journal, compression }: FetchServices, { shard, index }: Place, timestampMs: number) {
  const [entry] = await journal.entries(shard, { index, timestampMs }, 1);
  if (entry === undefined) return undefined;
  const [batches] = await journal.read([{ entry, index }]);
  const { baseOffset } = partOf(entry, index);
  for (const record of iterateRecords(batches ?? new Uint8Array(0), compression)) {
    if (record.timestampMs >= timestampMs) return { offset: baseOffset + record.offset, timestampMs: record.timestampMs };
  }
  return undefined;
}

/** Whole batches from the one that holds `offset`, within the bounds but at least one. */
async function readFrom({ journal }: FetchServices, { shard, index }: Place, offset: number, bounds: Bounds) {
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
  return { offset, ...cut(batches, offset, bounds) };
}

/** The entries that a fetch needs: read page by page until the bounds are reached. */
async function enough(journal: Journal, { shard, index }: Place, offset: number, { bytesMax, recordsMax }: Bounds): Promise<EntryRef[]> {
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

/** Drops batches before the offset and those past the bounds. */
function cut(batches: Uint8Array, offset: number, { bytesMax, recordsMax }: Bounds): { batches: Uint8Array; nextOffset: number } {
  let start = 0;
  let end = 0;
  let nextOffset = offset;
  while (end < batches.byteLength) {
    const header = readBatchHeader(batches, end);
    const next = header.baseOffset + header.lastOffsetDelta + 1;
    const isFirst = start === end;
    if (next <= offset) start = end + header.byteLength;
    else if (!isFirst && (end + header.byteLength - start > bytesMax || nextOffset - offset >= recordsMax)) break;
    else nextOffset = next;
    end += header.byteLength;
  }
  return { batches: batches.subarray(start, end), nextOffset };
}

function partOf(entry: EntryRef, index: number): PartRef {
  const part = entry.parts.find((candidate) => candidate.index === index);
  if (part === undefined) throw new LogError("internal", `entry ${entry.seq} has no part at index ${index}`);
  return part;
}

function outOfRange(topic: Topic, partition: number, offset: number, logStartOffset: number, highWatermark: number): LogError {
  const message = `Offset ${offset} of ${topic.name}-${partition} is out of range: it has ${logStartOffset} to ${highWatermark}. Start at one of them, or at "earliest" or "latest".`;
  return new LogError("offset_out_of_range", message, { details: { logStartOffset, highWatermark } });
}

function at(numbers: readonly number[], index: number): number {
  const value = numbers[index];
  if (value === undefined) throw new LogError("unknown_topic_or_partition", `The shard has no partition at index ${index}.`);
  return value;
}
