import { compactsMs } from "../../core/compaction/compaction-plan.ts";
import { limits } from "../../core/limits.ts";
import type { ShardHead, ShardKey } from "../../ports/journal.ts";
import type { Topic } from "../log.ts";
import { dropExpired, expiresMs, raiseStarts, type Retention, startAfterRetention } from "./expire.ts";
import { Steps, type TendFailure } from "./failures.ts";
import { type Frontier, frontierMoved, waitingFrom } from "./frontier.ts";
import { coveringFrontier, frontierCovering, type ShardPartition } from "./frontier-covers.ts";
import { type CompactRules, compactOnce } from "./compact.ts";
import { mergeOnce } from "./merge.ts";
import { reclaim } from "./reclaim.ts";
import { seal, type ShardState, type Waiting, waitingEntries } from "./seal.ts";
import { allSegments, type SegmentRow } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { noWork, type StrataWork } from "./work.ts";

/** What a visit did, and what it left. */
export interface Tended extends Readonly<StrataWork> {
  readonly segments: number;
  /** Entries that are not sealed; their bytes, up to what one seal takes; and since when some are known to wait (0: none are). */
  readonly unsealedEntries: number;
  readonly unsealedBytes: number;
  readonly waitingSinceMs: number;
  /** Whether something waits that comes soon: a seal, a trim, what has failed, or what `hasMore` or `isCut` tells of. */
  readonly isBusy: boolean;
  /** Whether more was due than one visit does: others come first, then this one again. */
  readonly hasMore: boolean;
  /** Whether it was ended before it had looked at all: `nextMs` and `segments` tell of a part only. */
  readonly isCut: boolean;
  /** When retention has to look again; undefined: never, unless something is appended. */
  readonly nextMs: number | undefined;
  /** What could not be done, while all else was. */
  readonly failures: readonly TendFailure[];
}

/**
 * Visits a shard: seals what is due, merges, lets expire, trims the journal and gives its storage back. Any number of processes may visit the same shard at once,
 * and each may end at any moment.
 * @param isLate asked between two steps: true ends the visit
 * @throws unknown_topic_or_partition when the shard is gone · corrupt_log when its frontier was lost
 */
export async function tendShard(services: StrataServices, topic: Topic, shard: ShardKey, isLate: () => boolean): Promise<Tended> {
  const work = noWork();
  let isCut = false;
  const isOver = (): boolean => (isCut ||= isLate());
  const steps = new Steps();
  const sealing: Sealing = { state: await stateOf(services, topic, shard), unsealedBytes: 0, hasMore: false };
  await steps.run(undefined, () => sealDue(services, topic, sealing, work, isOver));
  const { state, unsealedBytes } = sealing;
  let { hasMore } = sealing;
  const startSeq = await trim(services, state);
  let nextMs: number | undefined;
  let segments = 0;
  for (const index of state.head.highWatermarks.keys()) {
    if (isOver()) break;
    if ((state.frontier.sealed[index] ?? 0) === 0) continue;
    const own = { ...state, ...partitionAt(topic, shard, index) };
    const left = await steps.run(own.partition, () => tendPartition(services, topic, own, work, isOver));
    if (left === undefined) continue;
    segments += left.length;
    nextMs = earliest([nextMs, looksAgainMs(services, topic, left)]);
  }
  const { head, frontier } = await noteWaiting(services, state);
  const isWaiting = head.seq > frontier.seq || startSeq < frontier.seq;
  const isFreed = startSeq > state.head.startSeq || !isWaiting;
  if (isFreed) work.reclaimedBytes += (await steps.run(undefined, () => reclaim(services, shard, isOver)))?.bytes ?? 0;
  const unsealedEntries = head.seq - frontier.seq;
  hasMore ||= work.merges === limits.visitMergesMax;
  const { waitingSinceMs } = frontier;
  const { failures } = steps;
  const isBusy = isWaiting || hasMore || isCut || failures.length > 0;
  return { ...work, segments, unsealedEntries, unsealedBytes, waitingSinceMs, isBusy, hasMore, isCut, nextMs, failures };
}

/** How far a visit's seals have come. */
interface Sealing {
  state: ShardState;
  unsealedBytes: number;
  hasMore: boolean;
}

async function sealDue(services: StrataServices, topic: Topic, sealing: Sealing, work: StrataWork, isLate: () => boolean): Promise<void> {
  while (!isLate()) {
    const waiting = await waitingEntries(services, sealing.state);
    sealing.unsealedBytes = waiting.bytes;
    if (!isDue(services, sealing.state, waiting)) return;
    sealing.hasMore = work.seals === limits.visitSealsMax;
    if (sealing.hasMore || !(await seal(services, sealing.state, waiting))) return;
    work.seals++;
    work.sealedBytes += waiting.bytes;
    sealing.state = await stateOf(services, topic, sealing.state.shard);
  }
}

/** When there is something to do with a partition's segments, if nothing is added; undefined: never. */
export function looksAgainMs(services: StrataServices, topic: Topic, segments: readonly SegmentRow[]): number | undefined {
  const cleanMs = isCompacted(topic) ? compactsMs(segments, rulesOf(services, topic), services.clock.nowMs()) : undefined;
  return earliest([expiresMs(segments, retentionOf(topic)), cleanMs]);
}

/** What `retention.ms` and `retention.bytes` ask for; a topic that is only compacted keeps all. */
export function retentionOf({ config }: Pick<Topic, "config">): Retention {
  if (!config["cleanup.policy"].split(",").includes("delete")) return { ms: -1, bytes: -1 };
  return { ms: Number(config["retention.ms"]), bytes: Number(config["retention.bytes"]) };
}

/** Undefined: never. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function isCompacted({ config }: Topic): boolean {
  return config["cleanup.policy"].split(",").includes("compact");
}

function rulesOf({ tuning }: StrataServices, { config }: Topic): CompactRules {
  return {
    segmentsMin: tuning.mergeSegmentsMin,
    segmentsMax: tuning.mergeSegmentsMax,
    bytesMax: Math.min(Number(config["segment.bytes"]), tuning.rewriteBytesMax),
    spanMsMax: Number(config["segment.ms"]),
    dirtyRatioMin: Number(config["min.cleanable.dirty.ratio"]),
    lagMs: Number(config["min.compaction.lag.ms"]),
    tombstoneMs: Number(config["delete.retention.ms"]),
  };
}

async function stateOf(services: StrataServices, topic: Topic, shard: ShardKey): Promise<ShardState> {
  const { engine, frontiers } = services;
  const frontier = await frontiers.fresh(shard);
  const head = await engine.journal.head(shard);
  const segmentBytes = Number(topic.config["segment.bytes"]);
  const sealAgeMs = sealAgeOf(services, topic);
  const facts = { shard, partitionsPerShard: topic.partitionsPerShard, segmentBytes, sealAgeMs, head };
  if (head.startSeq <= frontier.seq && frontier.version > 0) return { ...facts, frontier };
  // Others have sealed and trimmed in between; or an earlier build has let entries expire that were never sealed; or the frontier was lost.
  const partitions = [...head.highWatermarks.keys()].map((index) => partitionAt(topic, shard, index));
  const covering = await coveringFrontier(services, shard, frontier, partitions);
  const newer = head.startSeq <= covering.seq ? covering : await frontiers.fresh(shard);
  return { ...facts, frontier: newer.seq < head.startSeq ? await passTrimmed(services, shard, head, newer) : newer };
}

function sealAgeOf({ tuning }: StrataServices, topic: Topic): number {
  const { ms } = retentionOf(topic);
  return Math.min(tuning.sealAgeMs, Number(topic.config["segment.ms"]), ms < 0 ? Number.POSITIVE_INFINITY : ms);
}

/** Moves a frontier up to where the journal begins: what was before is gone. @throws conflict */
async function passTrimmed({ frontiers, clock }: StrataServices, shard: ShardKey, head: ShardHead, before: Frontier): Promise<Frontier> {
  const raised = (offsets: readonly number[]): number[] => head.startOffsets.map((offset, index) => Math.max(offset, offsets[index] ?? 0));
  const reachedMs = head.startOffsets.map((_, index) => before.reachedMs[index] ?? -1);
  const [seq, waiting] = [head.startSeq, waitingFrom(before, head.startSeq, head.seq, clock.nowMs())];
  const next = { ...before, seq, sealed: raised(before.sealed), start: raised(before.start), reachedMs, ...waiting };
  const moved = await frontiers.move(shard, before, next);
  if (moved === undefined) throw frontierMoved(shard);
  return moved;
}

function partitionAt({ partitionsPerShard }: Topic, { shard }: ShardKey, index: number): ShardPartition {
  return { index, partition: shard * partitionsPerShard + index };
}

function isDue({ tuning, clock }: StrataServices, { frontier, sealAgeMs }: ShardState, { entries, bytes, isFull }: Waiting): boolean {
  if (entries.length === 0) return false;
  const isOld = frontier.waitingSinceMs > 0 && clock.nowMs() - frontier.waitingSinceMs >= sealAgeMs;
  return entries.length >= tuning.sealEntries || bytes >= tuning.sealBytes || isFull || isOld || sealAgeMs === 0;
}

/** The journal forgets what was sealed a while ago: by a frontier that a strong read has shown. @returns where it begins then */
async function trim({ engine, clock, tuning }: StrataServices, { shard, head, frontier }: ShardState): Promise<number> {
  const sinceMs = clock.nowMs() - tuning.trimLagMs;
  const toSeq = frontier.trims.findLast(({ sealedMs }) => sealedMs <= sinceMs)?.seq ?? 0;
  if (toSeq <= head.startSeq) return head.startSeq;
  await engine.journal.trim(shard, toSeq);
  return toSeq;
}

type PartitionState = ShardState & ShardPartition;

/** @returns the segments that are left */
async function tendPartition(
  services: StrataServices,
  topic: Topic,
  { shard, index, partition, frontier: before }: PartitionState,
  work: StrataWork,
  isLate: () => boolean,
): Promise<readonly SegmentRow[]> {
  const { engine, clock } = services;
  let rows = await allSegments(engine.catalog, topic.id, partition);
  const known = await frontierCovering(services, shard, before, [{ index, partition, row: rows.at(-1) }]);
  const start = startAfterRetention(rows, retentionOf(topic), clock.nowMs());
  const isRaised = start > (known.start[index] ?? 0);
  const { start: starts } = isRaised ? await raiseStarts(services, shard, new Map([[index, start]])) : known;
  const left = await dropExpired(services, topic.id, partition, rows, starts[index] ?? 0);
  work.segmentsExpired += rows.length - left.length;
  rows = left;
  const rules = rulesOf(services, topic);
  while (work.merges < limits.visitMergesMax && !isLate()) {
    const segments = { topicId: topic.id, partition, rows };
    const bytes = await (isCompacted(topic) ? compactOnce : mergeOnce)(services, segments, rules, isLate);
    if (bytes === undefined) break;
    work.merges++;
    work.mergedBytes += bytes;
    rows = await allSegments(engine.catalog, topic.id, partition);
  }
  return rows;
}

/** Writes down when entries were first seen waiting, so that they are sealed by age. */
async function noteWaiting(
  services: StrataServices,
  was: ShardState,
): Promise<{ readonly head: ShardState["head"]; readonly frontier: Frontier }> {
  const { engine, clock, frontiers } = services;
  const { shard } = was;
  const frontier = await frontiers.fresh(shard);
  const head = await engine.journal.head(shard);
  if (head.seq <= frontier.seq || frontier.waitingSinceMs > 0) return { head, frontier };
  const next = { ...frontier, ...waitingFrom(frontier, frontier.seq, head.seq, clock.nowMs()) };
  return { head, frontier: (await frontiers.move(shard, frontier, next)) ?? frontier };
}
