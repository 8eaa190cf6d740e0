import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import type { Topic } from "../log.ts";
import { dropExpired, expiresMs, raiseStarts, type Retention, startAfterRetention } from "./expire.ts";
import { type Frontier, frontierWrite } from "./frontier.ts";
import { mergeOnce } from "./merge.ts";
import { seal, type ShardState, waitingEntries } from "./seal.ts";
import { allSegments, type SegmentRow } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { topicLives } from "./topic-ids.ts";

/** What a visit did, and what it left. */
export interface Tended {
  readonly seals: number;
  /** Bytes of batches that were sealed. */
  readonly sealedBytes: number;
  readonly merges: number;
  /** Bytes that merges have written. */
  readonly mergedBytes: number;
  /** Of the journal and what writers left in the engine. */
  readonly reclaimedBytes: number;
  readonly segmentsExpired: number;
  readonly segments: number;
  readonly segmentBytes: number;
  /** Entries that are not sealed; their bytes, up to what one seal takes; and since when some are known to wait (0: none are). */
  readonly unsealedEntries: number;
  readonly unsealedBytes: number;
  readonly waitingSinceMs: number;
  /** Whether something waits that comes soon: a seal or a trim. */
  readonly isBusy: boolean;
  /** Whether more was due than one visit does: others come first, then this one again. */
  readonly hasMore: boolean;
  /** When retention has to look again; undefined: never, unless something is appended. */
  readonly nextMs: number | undefined;
}

/**
 * Visits a shard: seals what is due, merges, lets expire, trims the journal and gives its storage back. Any number of processes may visit the same shard at once,
 * and each may end at any moment.
 * @param isLate asked between two steps: true ends the visit
 * @throws unknown_topic_or_partition when the shard is gone
 */
export async function tendShard(services: StrataServices, topic: Topic, shard: ShardKey, isLate: () => boolean): Promise<Tended> {
  const counts = {
    seals: 0,
    sealedBytes: 0,
    merges: 0,
    mergedBytes: 0,
    reclaimedBytes: 0,
    segmentsExpired: 0,
    segments: 0,
    segmentBytes: 0,
  };
  let unsealedBytes = 0;
  let state = await stateOf(services, topic, shard);
  let hasMore = false;
  while (!isLate()) {
    const waiting = await waitingEntries(services, state);
    unsealedBytes = waiting.bytes;
    if (!isDue(services, state, waiting)) break;
    hasMore = counts.seals === limits.visitSealsMax;
    if (hasMore || !(await seal(services, state, waiting))) break;
    counts.seals++;
    counts.sealedBytes += waiting.bytes;
    state = await stateOf(services, topic, shard);
  }
  const startSeq = await trim(services, state);
  let nextMs: number | undefined;
  for (const index of state.head.highWatermarks.keys()) {
    if (isLate()) break;
    if ((state.frontier.sealed[index] ?? 0) === 0) continue;
    const partition = shard.shard * topic.partitionsPerShard + index;
    const left = await tendPartition(services, topic, { ...state, index, partition }, counts, isLate);
    const ownMs = expiresMs(left, retentionOf(topic));
    if (ownMs !== undefined) nextMs = Math.min(nextMs ?? ownMs, ownMs);
  }
  const { head, frontier } = await noteWaiting(services, state);
  const isBusy = head.seq > frontier.seq || startSeq < frontier.seq;
  const isFreed = startSeq > state.head.startSeq || !isBusy;
  if (isFreed) counts.reclaimedBytes += (await services.engine.upkeep.reclaim(shard, { graceMs: services.tuning.garbageGraceMs })).bytes;
  const unsealedEntries = head.seq - frontier.seq;
  return { ...counts, unsealedEntries, unsealedBytes, waitingSinceMs: frontier.waitingSinceMs, isBusy, hasMore, nextMs };
}

/** What `retention.ms` and `retention.bytes` ask for; a topic that is only compacted keeps all. */
export function retentionOf({ config }: Pick<Topic, "config">): Retention {
  if (!config["cleanup.policy"].split(",").includes("delete")) return { ms: -1, bytes: -1 };
  return { ms: Number(config["retention.ms"]), bytes: Number(config["retention.bytes"]) };
}

async function stateOf({ engine, frontiers }: StrataServices, topic: Topic, shard: ShardKey): Promise<ShardState> {
  // In this order: what the frontier says is sealed may be trimmed, and the head knows of all that was committed before.
  const frontier = await frontiers.fresh(shard);
  const segmentBytes = Number(topic.config["segment.bytes"]);
  return { shard, partitionsPerShard: topic.partitionsPerShard, segmentBytes, frontier, head: await engine.journal.head(shard) };
}

function isDue(
  { tuning, clock }: StrataServices,
  { frontier }: ShardState,
  { entries, bytes }: Awaited<ReturnType<typeof waitingEntries>>,
): boolean {
  if (entries.length === 0) return false;
  const isOld = frontier.waitingSinceMs > 0 && clock.nowMs() - frontier.waitingSinceMs >= tuning.sealAgeMs;
  return entries.length >= tuning.sealEntries || bytes >= tuning.sealBytes || isOld || tuning.sealAgeMs === 0;
}

/** The journal forgets what was sealed a while ago: by a frontier that a strong read has shown. @returns where it begins then */
async function trim({ engine, clock, tuning }: StrataServices, { shard, head, frontier }: ShardState): Promise<number> {
  const sinceMs = clock.nowMs() - tuning.trimLagMs;
  const toSeq = frontier.trims.findLast(({ sealedMs }) => sealedMs <= sinceMs)?.seq ?? 0;
  if (toSeq <= head.startSeq) return head.startSeq;
  await engine.journal.trim(shard, toSeq);
  return toSeq;
}

interface PartitionState extends ShardState {
  readonly index: number;
  readonly partition: number;
}

interface Counts {
  merges: number;
  mergedBytes: number;
  segmentsExpired: number;
  segments: number;
  segmentBytes: number;
}

/** @returns the segments that are left */
async function tendPartition(
  services: StrataServices,
  topic: Topic,
  { shard, index, partition, frontier: known }: PartitionState,
  counts: Counts,
  isLate: () => boolean,
): Promise<readonly SegmentRow[]> {
  const { engine, clock, tuning } = services;
  let rows = await allSegments(engine.catalog, topic.id, partition);
  const start = startAfterRetention(rows, retentionOf(topic), clock.nowMs());
  const isRaised = start > (known.start[index] ?? 0);
  const { start: starts } = isRaised ? await raiseStarts(services, shard, new Map([[index, start]])) : known;
  const left = await dropExpired(services, topic.id, partition, rows, starts[index] ?? 0);
  counts.segmentsExpired += rows.length - left.length;
  rows = left;
  const rules = {
    segmentsMin: tuning.mergeSegmentsMin,
    segmentsMax: tuning.mergeSegmentsMax,
    bytesMax: Number(topic.config["segment.bytes"]),
    spanMsMax: Number(topic.config["segment.ms"]),
  };
  while (!isLate()) {
    const bytes = await mergeOnce(services, { topicId: topic.id, partition, rows }, rules);
    if (bytes === undefined) break;
    counts.merges++;
    counts.mergedBytes += bytes;
    rows = await allSegments(engine.catalog, topic.id, partition);
  }
  counts.segments += rows.length;
  counts.segmentBytes += rows.reduce((sum, row) => sum + row.bytes, 0);
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
  const next = { ...frontier, waitingSinceMs: Math.max(1, clock.nowMs()) };
  try {
    await engine.catalog.transact([topicLives(shard.topicId), frontierWrite(shard, frontier, next)]);
    return { head, frontier: { ...next, version: frontier.version + 1 } };
  } catch (reason) {
    const error = LogError.from(reason);
    if (error.code !== "conflict" || error.outcome !== "not-applied") throw error;
    return { head, frontier };
  } finally {
    frontiers.forget(shard);
  }
}
