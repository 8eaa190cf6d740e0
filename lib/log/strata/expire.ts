import { limits } from "../../core/limits.ts";
import type { ShardKey } from "../../ports/journal.ts";
import { type Frontier, frontierMoved } from "./frontier.ts";
import { garbageWrite, newGarbage } from "./garbage.ts";
import { segmentKey, type SegmentRow } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { isUndated } from "./untimed.ts";

/** `retention.ms` and `retention.bytes`; -1: no bound. */
export interface Retention {
  readonly ms: number;
  readonly bytes: number;
}

/**
 * The offset that a partition begins at once retention has gone over it: whole segments only, the oldest first.
 * @param rows its segments, oldest first
 */
export function startAfterRetention(rows: readonly SegmentRow[], { ms, bytes }: Retention, nowMs: number): number {
  let left = rows.reduce((sum, row) => sum + row.bytes, 0);
  let start = rows[0]?.baseOffset ?? 0;
  for (const row of rows) {
    const isOld = ms >= 0 && newestMs(row) < nowMs - ms;
    const isTooMuch = bytes >= 0 && left - row.bytes >= bytes;
    if (!isOld && !isTooMuch) return start;
    left -= row.bytes;
    start = row.next;
  }
  return start;
}

/** When the oldest segment is old enough, as far as time decides; undefined when it never is. */
export function expiresMs(rows: readonly SegmentRow[], { ms }: Retention): number | undefined {
  const [oldest] = rows;
  return oldest === undefined || ms < 0 || isUndated(oldest) ? undefined : newestMs(oldest) + ms + 1;
}

/**
 * As in Kafka the time of storing counts for records without a timestamp. Of a segment that compaction has emptied, at most this old: a consumer who is there goes on,
 * as long as records of that time would be kept.
 */
function newestMs(row: SegmentRow): number {
  if (isUndated(row)) return Number.POSITIVE_INFINITY;
  const { records, maxTimestampMs, reachedMs, untimedMs = -1 } = row;
  return Math.max(records === 0 ? reachedMs : maxTimestampMs, untimedMs);
}

/**
 * Raises log start offsets, by index; what is not above the old one changes nothing.
 * @returns the frontier as it is then
 * @throws conflict when others move the frontier all the time
 */
export async function raiseStarts(services: StrataServices, shard: ShardKey, starts: ReadonlyMap<number, number>): Promise<Frontier> {
  const { frontiers } = services;
  for (let attempt = 1; ; attempt++) {
    const before = await frontiers.fresh(shard);
    const length = Math.max(before.start.length, ...[...starts.keys()].map((index) => index + 1));
    const start = Array.from({ length }, (_, index) => Math.max(before.start[index] ?? 0, starts.get(index) ?? 0));
    if (start.every((offset, index) => offset === (before.start[index] ?? 0))) return before;
    const moved = await frontiers.move(shard, before, { ...before, start });
    if (moved !== undefined) return moved;
    if (attempt === limits.redecisionsMax) throw frontierMoved(shard);
  }
}

/** Takes the rows of segments out that end at or below the log start offset, and leaves their objects to the collector. @returns the rows that are left, oldest first */
export async function dropExpired(
  services: StrataServices,
  topicId: string,
  partition: number,
  rows: readonly SegmentRow[],
  start: number,
): Promise<readonly SegmentRow[]> {
  const { engine, clock, random, tuning } = services;
  const isGone = (row: SegmentRow): boolean => row.next <= start;
  const gone = rows.filter(isGone);
  const step = limits.transactWritesMax - 1;
  for (let at = 0; at < gone.length; at += step) {
    const own = gone.slice(at, at + step);
    const keys = own.map(({ key }) => key);
    const bytes = own.reduce((sum, row) => sum + row.bytes, 0);
    const garbage = newGarbage(random, topicId, clock.nowMs() + tuning.garbageGraceMs, keys, "expired", bytes);
    await engine.catalog.transact([
      ...own.map((row) => ({ key: segmentKey(topicId, partition, row.baseOffset), delete: true, if: row.version }) as const),
      garbageWrite(garbage),
    ]);
  }
  return rows.filter((row) => !isGone(row));
}
