import { joinBytes } from "../core/codec/bytes.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Journal } from "../ports/journal.ts";
import type { ChangeHub } from "./change-hub.ts";
import type { FetchFrom, FetchRequest, FetchResult, TimeOffset, Topic } from "./log.ts";
import { placeOf } from "./placement.ts";
import { type BatchRun, type PartitionPlace, type ReadBounds, readJournal, readSealed } from "./read-batches.ts";
import type { Frontiers } from "./strata/frontiers.ts";
import type { SegmentReader } from "./strata/segment-reader.ts";
import { type PartitionView, viewShard } from "./strata/shard-view.ts";
import { firstAtTime } from "./time-lookup.ts";
import { PollPauses, waitForChange } from "./wait.ts";

export interface FetchServices {
  readonly journal: Journal;
  readonly catalog: Catalog;
  readonly frontiers: Frontiers;
  readonly segments: SegmentReader;
  readonly clock: Clock;
  readonly compression: Compression;
  readonly hub: ChangeHub;
  /** Whether others may write to the same store. */
  readonly isShared: boolean;
  /** Aborts when the log closes. */
  readonly closing: AbortSignal;
}

/** Reads a partition of a topic as it is known now. */
export async function fetchBatches(services: FetchServices, topic: Topic, partition: number, request: FetchRequest): Promise<FetchResult> {
  const { clock } = services;
  const place = { ...placeOf(topic, partition), partition };
  const bounds = { bytesMax: request.bytesMax ?? limits.fetchBytesDefault, recordsMax: request.recordsMax ?? Number.MAX_SAFE_INTEGER };
  const deadlineMs = clock.nowMs() + (request.waitMs ?? 0);
  const pauses = new PollPauses(services.isShared);
  let from = request.from;
  for (;;) {
    const wait = request.waitMs === undefined || request.waitMs === 0 ? undefined : waitForChange(services, place.shard, request.signal);
    try {
      const { read, view } = await look(services, topic, place, from, bounds);
      const { highWatermark, logStartOffset } = view;
      if (read.nextOffset > read.offset) return { ...read, highWatermark: Math.max(highWatermark, read.nextOffset), logStartOffset };
      const leftMs = deadlineMs - clock.nowMs();
      const stopped = services.closing.aborted || request.signal?.aborted === true;
      if (wait === undefined || leftMs <= 0 || stopped) return { ...read, highWatermark, logStartOffset };
      if (typeof from === "string") from = read.offset;
      await wait.until(pauses.next(leftMs));
    } finally {
      wait?.end();
    }
  }
}

/** The first record at or after a time. */
export async function offsetForTime(services: FetchServices, topic: Topic, partition: number, timestampMs: number): Promise<TimeOffset> {
  const place = { ...placeOf(topic, partition), partition };
  const found = await consistently(services, place, (view) => firstAtTime(services, place, view, timestampMs));
  return { partition, offset: found.offset, timestampMs: found.timestampMs };
}

interface Looked {
  readonly view: PartitionView;
  readonly read: Pick<FetchResult, "offset" | "batches" | "nextOffset">;
}

/** One look: what is there from the place on, which may be nothing. @throws offset_out_of_range */
async function look(services: FetchServices, topic: Topic, place: PartitionPlace, from: FetchFrom, bounds: ReadBounds): Promise<Looked> {
  return await consistently(services, place, async (view, isFresh): Promise<Looked | undefined> => {
    const { logStartOffset, highWatermark } = view;
    const offset = await resolve(services, place, from, view);
    if (offset === undefined) return undefined;
    if (offset < logStartOffset || offset > highWatermark) throw outOfRange(topic, place.partition, offset, view);
    if (offset === highWatermark) return { view, read: { offset, batches: new Uint8Array(0), nextOffset: offset } };
    const first = await readRun(services, place, view, offset, bounds, isFresh);
    if (first === undefined) return undefined;
    const { batches, nextOffset } = await filledUp(services, place, view, { offset, bounds }, first);
    return { view, read: { offset, batches, nextOffset } };
  });
}

/** What one place has: the journal, or one segment. Undefined: it moved meanwhile. */
async function readRun(
  services: FetchServices,
  place: PartitionPlace,
  { journalStart }: PartitionView,
  offset: number,
  bounds: ReadBounds,
  isFresh: boolean,
): Promise<BatchRun | undefined> {
  return offset >= journalStart
    ? await readJournal(services.journal, place, offset, bounds)
    : await readSealed(services, place, offset, bounds, isFresh);
}

/** Goes on from a small segment to the next, as long as the bounds are not reached. What has moved meanwhile is left for the next fetch. */
async function filledUp(
  services: FetchServices,
  place: PartitionPlace,
  view: PartitionView,
  { offset, bounds }: { readonly offset: number; readonly bounds: ReadBounds },
  first: BatchRun,
): Promise<BatchRun> {
  const runs: Uint8Array[] = [first.batches];
  let { nextOffset, isEnd } = first;
  let bytes = first.batches.length;
  while (isEnd && runs.length < limits.fetchRunsMax && nextOffset < view.highWatermark) {
    const left = { bytesMax: bounds.bytesMax - bytes, recordsMax: bounds.recordsMax - (nextOffset - offset) };
    if (left.bytesMax <= 0 || left.recordsMax <= 0) break;
    const next = await readRun(services, place, view, nextOffset, left, false);
    // One batch is always given, also one that is over the bound: it is for the next fetch then.
    if (next === undefined || next.nextOffset <= nextOffset || next.batches.length > left.bytesMax) break;
    runs.push(next.batches);
    bytes += next.batches.length;
    ({ nextOffset, isEnd } = next);
  }
  return { batches: joinBytes(runs), nextOffset, isEnd };
}

async function resolve(services: FetchServices, place: PartitionPlace, from: FetchFrom, view: PartitionView): Promise<number | undefined> {
  if (typeof from === "number") return from;
  if (from === "earliest") return view.logStartOffset;
  if (from === "latest") return view.highWatermark;
  const found = await firstAtTime(services, place, view, from.timestampMs);
  return found === undefined ? undefined : (found.offset ?? view.highWatermark);
}

/**
 * Runs a read on the partition as it is seen now, and again, on what strong reads show, as long as it finds that something has moved meanwhile.
 * @param read undefined: what should have been there was not
 */
async function consistently<T>(
  services: FetchServices,
  { shard, index }: PartitionPlace,
  read: (view: PartitionView, isFresh: boolean) => Promise<T | undefined>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const isFresh = attempt > 1;
    const view = (await viewShard(services, shard, isFresh))(index);
    const found = await read(view, isFresh);
    if (found !== undefined) return found;
    if (attempt < limits.segmentReadAttemptsMax) continue;
    throw new LogError(
      "corrupt_log",
      `Records of shard ${shard.shard}, index ${index}, of topic ${shard.topicId} are neither in the journal nor in segments.`,
    );
  }
}

function outOfRange(topic: Topic, partition: number, offset: number, { logStartOffset, highWatermark }: PartitionView): LogError {
  const message = `Offset ${offset} of ${topic.name}-${partition} is out of range: it has ${logStartOffset} to ${highWatermark}. Start at one of them, or at "earliest" or "latest".`;
  return new LogError("offset_out_of_range", message, { details: { logStartOffset, highWatermark } });
}
