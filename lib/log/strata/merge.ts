import { blockOf, segmentFormat } from "../../core/codec/segment.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { isWorthMerging, type MergeCandidate, type MergeRules, planMerge } from "../../core/merge-plan.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { batchesEnd, blocksUpTo, readBlocks, readIndex, SegmentGone } from "./segment-objects.ts";
import { segmentKey, type SegmentRow, type SegmentValue, segmentValue } from "./segment-row.ts";
import { segmentObjectKey } from "./segment-object-key.ts";
import { segmentValueOf, writeSegment } from "./segment-writer.ts";
import type { StrataServices } from "./services.ts";
import { swap } from "./swap.ts";
import { inTime, OutOfTime, pastPart } from "./time-left.ts";
import { keptUntimed } from "./untimed.ts";

/** A partition's segments, oldest first. */
export interface PartitionSegments {
  readonly topicId: string;
  readonly partition: number;
  readonly rows: readonly SegmentRow[];
}

/**
 * Makes one segment of neighbours that are worth it: of all of them, or of the first ones where time gets short.
 * @returns how many bytes it has; undefined when none are worth it, there was no time, or others were faster
 */
export async function mergeOnce(
  services: StrataServices,
  segments: PartitionSegments,
  rules: MergeRules,
  isLate: () => boolean,
): Promise<number | undefined> {
  const range = planMerge(segments.rows.map(candidate), rules);
  if (range === undefined) return undefined;
  const { objects } = services.engine;
  const isPastHalf = pastPart(services, 2);
  const taken: SegmentRow[] = [];
  const batches = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (const row of segments.rows.slice(range.from, range.to)) {
      if (isPastHalf() && isWorthMerging(taken.map(candidate), rules)) return;
      taken.push(row);
      yield* inTime(batchesOf(objects, [row]), isLate);
    }
  };
  return await replaceSegments(services, segments, segments.rows[range.from]?.baseOffset ?? 0, async (key, baseOffset) => {
    const written = await writeSegment(objects, key, baseOffset, batches(), () => taken.at(-1)?.next ?? baseOffset);
    const value = {
      ...segmentValueOf(key, written, taken.at(-1)?.reachedMs ?? -1),
      cleanedTo: Math.min(...taken.map(({ cleanedTo }) => cleanedTo)),
      tombstonesMs: Math.max(...taken.map(({ tombstonesMs }) => tombstonesMs)),
    };
    return { value, rows: taken };
  });
}

function candidate(row: SegmentRow): MergeCandidate {
  return { ...row, bytes: batchesEnd(row) - segmentFormat.headBytes };
}

/** A segment, and the neighbours that it is in the place of. */
export interface Replacement {
  readonly value: SegmentValue;
  readonly rows: readonly SegmentRow[];
}

/**
 * Puts one segment into the place of neighbours.
 * @param write stores it under the key
 * @returns its bytes; undefined when there was no time, or others were faster
 */
export async function replaceSegments(
  services: StrataServices,
  { topicId, partition }: PartitionSegments,
  baseOffset: number,
  write: (key: string, baseOffset: number) => Promise<Replacement>,
): Promise<number | undefined> {
  const key = segmentObjectKey(services.random, topicId, partition, baseOffset);
  let bytes = 0;
  try {
    const isDone = await swap(services, {
      topicId,
      keys: [key],
      write: async () => {
        const { value, rows } = await write(key, baseOffset);
        const put = segmentValue({ ...value, ...keptUntimed(rows, services.clock) });
        bytes = value.bytes;
        const writes = rows.map((row): CatalogWrite => {
          const own = segmentKey(topicId, partition, row.baseOffset);
          return row.baseOffset === baseOffset ? { key: own, put, if: row.version } : { key: own, delete: true, if: row.version };
        });
        return { writes, replaced: rows };
      },
    });
    return isDone ? bytes : undefined;
  } catch (reason) {
    // Replaced or expired while it was read.
    if (reason instanceof SegmentGone || reason instanceof OutOfTime) return undefined;
    throw LogError.from(reason);
  }
}

/**
 * The batches of segments, in order, some MiB at a time, checked.
 * @param from batches that end before this offset may be left out
 * @throws SegmentGone, corrupt_log
 */
export async function* batchesOf(objects: ObjectStore, rows: readonly SegmentRow[], from = 0): AsyncGenerator<Uint8Array, void, undefined> {
  for (const row of rows) {
    const index = await readIndex(objects, row);
    for (let block = blockOf(index, from); block < index.blocks; ) {
      const to = blocksUpTo(index, block, limits.strataReadBytes);
      yield await readBlocks(objects, row, index, { from: block, to });
      block = to;
    }
  }
}
