import { mapBounded } from "../../core/bounded.ts";
import { addToBaseOffsets } from "../../core/codec/record-batch.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { EntryRef, PartRef, ShardHead, ShardKey } from "../../ports/journal.ts";
import { PartitionError } from "./failures.ts";
import { type Frontier, frontierWrite, waitingFrom } from "./frontier.ts";
import { coveringFrontier } from "./frontier-covers.ts";
import { segmentKey, type SegmentValue, segmentValue } from "./segment-row.ts";
import { segmentObjectKey } from "./segment-object-key.ts";
import { segmentValueOf, writeSegment } from "./segment-writer.ts";
import type { StrataServices } from "./services.ts";
import { swap } from "./swap.ts";

/** A shard as a worker sees it. */
export interface ShardState {
  readonly shard: ShardKey;
  readonly partitionsPerShard: number;
  /** `segment.bytes`: what a segment has at most, but for a single entry. */
  readonly segmentBytes: number;
  /** How long an entry waits to be sealed at most, should it be alone: what a topic keeps for less than a seal's age has to be in a segment by then, to go with it. */
  readonly sealAgeMs: number;
  readonly head: ShardHead;
  readonly frontier: Frontier;
}

/** What waits to be sealed, as far as one seal takes it. */
export interface Waiting {
  readonly entries: readonly EntryRef[];
  readonly bytes: number;
  /** Whether more waits than one seal takes. */
  readonly isFull: boolean;
}

/** One partition's part of a seal. */
interface Run {
  readonly index: number;
  readonly partition: number;
  readonly baseOffset: number;
  readonly next: number;
  /** Of all its parts; -1: none has a timestamp. */
  readonly maxTimestampMs: number;
  readonly key: string;
  /** Those that go into its segment: what is below the log start offset need not even be readable. */
  readonly parts: readonly Part[];
}

interface Part {
  readonly entry: EntryRef;
  readonly part: PartRef;
}

/** The entries after the frontier, up to what one seal takes. */
export async function waitingEntries(
  { engine, tuning }: StrataServices,
  { shard, head, frontier, segmentBytes }: ShardState,
): Promise<Waiting> {
  const entries: EntryRef[] = [];
  const bytesMax = Math.min(tuning.sealBytesMax, segmentBytes);
  let bytes = 0;
  for (let seq = frontier.seq; seq < head.seq && entries.length < limits.sealEntriesMax; ) {
    const page = await engine.journal.entries(shard, { seq }, Math.min(limits.journalEntriesMax, head.seq - seq));
    if (page.length === 0) break;
    for (const entry of page) {
      const own = entry.parts.reduce((sum, part) => sum + part.bytes, 0);
      if (entries.length > 0 && bytes + own > bytesMax) return { entries, bytes, isFull: true };
      entries.push(entry);
      bytes += own;
      seq = entry.seq + 1;
    }
  }
  return { entries, bytes, isFull: entries.length >= limits.sealEntriesMax };
}

/**
 * Moves entries from the journal into one segment a partition (P8). The journal keeps them until it is trimmed.
 * @returns false when another sealer was faster, or the topic is gone
 * @throws corrupt_log when rows say that some of it is in segments; what reading and writing throw, as PartitionError
 */
export async function seal(services: StrataServices, state: ShardState, { entries }: Waiting): Promise<boolean> {
  const { shard, frontier } = state;
  const last = entries.at(-1);
  if (last === undefined) return false;
  const runs = runsOf(services, state, entries);
  const kept = runs.filter(({ parts }) => parts.length > 0);
  if ((await coveringFrontier(services, shard, frontier, kept)).version !== frontier.version) return false;
  try {
    return await swap(services, {
      topicId: shard.topicId,
      keys: kept.map(({ key }) => key),
      write: async () => {
        const rows = await mapBounded(kept, limits.sealPartitionsAtOnce, (run) => writeRun(services, run, reachedBefore(frontier, run)));
        return { writes: writesOf(services, state, last.seq + 1, runs, kept, rows), replaced: [] };
      },
    });
  } finally {
    services.frontiers.forget(shard);
  }
}

function runsOf(
  { random }: StrataServices,
  { shard, partitionsPerShard, frontier }: ShardState,
  entries: readonly EntryRef[],
): readonly Run[] {
  const byIndex = new Map<number, Part[]>();
  for (const entry of entries) {
    for (const part of entry.parts) {
      const known = byIndex.get(part.index);
      if (known === undefined) byIndex.set(part.index, [{ entry, part }]);
      else known.push({ entry, part });
    }
  }
  return [...byIndex].map(([index, all]) => {
    const partition = shard.shard * partitionsPerShard + index;
    const start = frontier.start[index] ?? 0;
    const parts = all.filter(({ part }) => nextOf(part) > start);
    const baseOffset = (parts[0] ?? all[0])?.part.baseOffset ?? 0;
    const next = Math.max(...all.map(({ part }) => nextOf(part)));
    const maxTimestampMs = Math.max(...all.map(({ part }) => part.maxTimestampMs));
    const key = segmentObjectKey(random, shard.topicId, partition, baseOffset);
    return { index, partition, baseOffset, next, maxTimestampMs, key, parts };
  });
}

function nextOf({ baseOffset, records }: PartRef): number {
  return baseOffset + records;
}

async function writeRun(services: StrataServices, run: Run, reachedMs: number): Promise<SegmentValue> {
  try {
    return await storeRun(services, run, reachedMs);
  } catch (reason) {
    throw new PartitionError(run.partition, reason);
  }
}

async function storeRun({ engine, clock }: StrataServices, run: Run, reachedMs: number): Promise<SegmentValue> {
  const batches = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (const group of groupsOf(run)) {
      const read = await engine.journal.read(group.map(({ entry }) => ({ entry, index: run.index })));
      for (const [nth, bytes] of read.entries()) {
        const own = bytes.slice();
        addToBaseOffsets(own, group[nth]?.part.baseOffset ?? 0);
        yield own;
      }
    }
  };
  const written = await writeSegment(engine.objects, run.key, run.baseOffset, batches(), () => run.next);
  const isUntimed = run.parts.some(({ part }) => part.maxTimestampMs < 0);
  return { ...segmentValueOf(run.key, written, reachedMs), ...(isUntimed && { untimedMs: clock.nowMs() }) };
}

/** Parts that are read at once. */
function* groupsOf({ parts }: Run): Generator<readonly Part[], void, undefined> {
  let bytes = 0;
  let group: Part[] = [];
  for (const each of parts) {
    if (group.length > 0 && bytes + each.part.bytes > limits.strataReadBytes) {
      yield group;
      bytes = 0;
      group = [];
    }
    group.push(each);
    bytes += each.part.bytes;
  }
  if (group.length > 0) yield group;
}

function writesOf(
  { clock }: StrataServices,
  { shard, head, frontier }: ShardState,
  seq: number,
  runs: readonly Run[],
  kept: readonly Run[],
  rows: readonly SegmentValue[],
): readonly CatalogWrite[] {
  const nowMs = clock.nowMs();
  const padded = (numbers: readonly number[], missing: number): number[] =>
    head.highWatermarks.map((_, index) => numbers[index] ?? missing);
  const [sealed, start, reachedMs] = [padded(frontier.sealed, 0), padded(frontier.start, 0), padded(frontier.reachedMs, -1)];
  for (const { index, next, maxTimestampMs } of runs) {
    sealed[index] = next;
    reachedMs[index] = Math.max(reachedMs[index] ?? -1, maxTimestampMs);
  }
  const open = frontier.trims.filter((trim) => trim.seq > head.startSeq);
  // When there are too many, the newest ones wait together.
  const trims = [...open.slice(0, limits.trimsMax - 1), { seq, sealedMs: nowMs }];
  const waiting = waitingFrom(frontier, seq, head.seq, nowMs);
  return [
    frontierWrite(shard, frontier, { seq, sealed, start, reachedMs, trims, ...waiting }),
    ...kept.map(({ partition, baseOffset }, nth): CatalogWrite => {
      const row = rows[nth] as SegmentValue;
      return { key: segmentKey(shard.topicId, partition, baseOffset), put: segmentValue(row), if: "absent" };
    }),
  ];
}

function reachedBefore({ reachedMs }: Frontier, { index }: Run): number {
  return reachedMs[index] ?? -1;
}
