const hourMs = 3_600_000;

export function hourOf(nowMs: number): number {
  return Math.floor(nowMs / hourMs);
}

/** The last fence epoch whose payloads were all stored before the grace, as far as this clock and their writers' agree. Without a grace, that of now. */
export function lastEpoch(nowMs: number, graceMs: number): number {
  return graceMs > 0 ? hourOf(nowMs - graceMs) - 1 : hourOf(nowMs);
}

export interface EpochSpan {
  /** Up to which all was looked at; -1 when none was. */
  readonly doneEpoch: number;
  /** Where a shard that was never looked at begins. */
  readonly oldest: number;
  readonly last: number;
  /** At most so many at each end, however long nobody looked. */
  readonly countMax: number;
}

/**
 * The epochs to look at: those next to what was looked at last, and the newest ones. A shard in use is looked at all the time: of one that was idle for long,
 * the first are those in which it still was in use.
 */
export function epochsToLookAt({ doneEpoch, oldest, last, countMax }: EpochSpan): readonly number[] {
  const first = Math.max(doneEpoch < 0 ? oldest : doneEpoch + 1, 0);
  const next = Math.min(last + 1, first + countMax);
  const newest = Math.max(next, last - countMax + 1);
  return [...epochsFrom(first, next), ...epochsFrom(newest, last + 1)];
}

/** @param end the first that is none of them */
function epochsFrom(first: number, end: number): readonly number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, nth) => first + nth);
}
