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
  /** At most so many, however long nobody looked. */
  readonly countMax: number;
}

/** The epochs to look at. */
export function epochsToLookAt({ doneEpoch, oldest, last, countMax }: EpochSpan): readonly number[] {
  const first = Math.max(doneEpoch < 0 ? oldest : doneEpoch + 1, last - countMax + 1, 0);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, nth) => first + nth);
}
