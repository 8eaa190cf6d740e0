import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { type MergeRules, planMerge } from "../../core/merge-plan.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { blocksUpTo, readBlocks, readIndex, SegmentGone } from "./segment-objects.ts";
import { segmentKey, type SegmentRow, type SegmentValue, segmentValue } from "./segment-row.ts";
import { segmentObjectKey } from "./segment-object-key.ts";
import { segmentValueOf, writeSegment } from "./segment-writer.ts";
import type { StrataServices } from "./services.ts";
import { swap } from "./swap.ts";

/** A partition's segments, oldest first. */
export interface PartitionSegments {
  readonly topicId: string;
  readonly partition: number;
  readonly rows: readonly SegmentRow[];
}

/**
 * Makes one segment of neighbours that are worth it.
 * @returns how many bytes it has; undefined when none are worth it, or others were faster
 */
export async function mergeOnce(services: StrataServices, segments: PartitionSegments, rules: MergeRules): Promise<number | undefined> {
  const range = planMerge(segments.rows, rules);
  if (range === undefined) return undefined;
  return await replaceSegments(services, segments, segments.rows.slice(range.from, range.to), async (key, rows) => {
    const last = rows.at(-1) as SegmentRow;
    const batches = batchesOf(services.engine.objects, rows);
    const written = await writeSegment(services.engine.objects, key, rows[0]?.baseOffset ?? 0, batches, () => last.next);
    return {
      ...segmentValueOf(key, written, last.reachedMs),
      cleanedTo: Math.min(...rows.map(({ cleanedTo }) => cleanedTo)),
      tombstonesMs: Math.max(...rows.map(({ tombstonesMs }) => tombstonesMs)),
    };
  });
}

/**
 * Puts one segment into the place of neighbours.
 * @param write stores it under the key; undefined to give up
 * @returns its bytes; undefined when others were faster
 */
export async function replaceSegments(
  services: StrataServices,
  { topicId, partition }: PartitionSegments,
  rows: readonly SegmentRow[],
  write: (key: string, rows: readonly SegmentRow[]) => Promise<SegmentValue | undefined>,
): Promise<number | undefined> {
  const first = rows[0];
  if (first === undefined) return undefined;
  const key = segmentObjectKey(services.random, topicId, partition, first.baseOffset);
  let bytes = 0;
  try {
    const isDone = await swap(services, {
      topicId,
      keys: [key],
      write: async () => {
        const value = await write(key, rows);
        if (value === undefined) return undefined;
        bytes = value.bytes;
        const writes = rows.map((row): CatalogWrite => {
          const own = segmentKey(topicId, partition, row.baseOffset);
          return row === first ? { key: own, put: segmentValue(value), if: row.version } : { key: own, delete: true, if: row.version };
        });
        return { writes, replaced: rows.map((row) => row.key) };
      },
    });
    return isDone ? bytes : undefined;
  } catch (reason) {
    // Replaced or expired while it was read.
    if (reason instanceof SegmentGone) return undefined;
    throw LogError.from(reason);
  }
}

/** All batches of segments, in order, some MiB at a time, checked. @throws SegmentGone, corrupt_log */
export async function* batchesOf(objects: ObjectStore, rows: readonly SegmentRow[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const row of rows) {
    const index = await readIndex(objects, row);
    for (let from = 0; from < index.blocks; ) {
      const to = blocksUpTo(index, from, limits.strataReadBytes);
      yield await readBlocks(objects, row, index, { from, to });
      from = to;
    }
  }
}
