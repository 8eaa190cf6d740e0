/** A segment as far as compaction depends on it. */
export interface CompactionCandidate {
  readonly baseOffset: number;
  readonly next: number;
  readonly bytes: number;
  readonly maxTimestampMs: number;
  /** What a record before this offset supersedes is gone from it. */
  readonly cleanedTo: number;
  /** Since when compaction has kept its tombstones; 0: it has none that it knows of. */
  readonly tombstonesMs: number;
}

export interface CompactionRules {
  /** `min.cleanable.dirty.ratio`. */
  readonly dirtyRatioMin: number;
  /** `min.compaction.lag.ms`; 0: records may go at once. */
  readonly lagMs: number;
  /** `delete.retention.ms`. */
  readonly tombstoneMs: number;
}

/** What one pass has to do: an offset that is superseded by one of `from` to before `to` goes, wherever before `to` it is. */
export interface CompactionPlan {
  readonly from: number;
  /** As far as the pass may go; how far it comes depends on how many keys there are. Equal to `from` when only tombstones are due. */
  readonly to: number;
}

/**
 * What to compact now; undefined: nothing. A pass that did not come to its end is taken up first, however little it was about.
 * @param segments a partition's, oldest first, without a hole
 */
export function planCompaction(
  segments: readonly CompactionCandidate[],
  rules: CompactionRules,
  nowMs: number,
): CompactionPlan | undefined {
  const { from, dirtyAt } = dirtyFrom(segments);
  const dirtyEnd = cleanableEnd(segments, dirtyAt, rules, nowMs);
  const end = dirtyEnd === dirtyAt ? from : (segments[dirtyEnd - 1]?.next ?? from);
  const begunTo = segments.reduce((most, { cleanedTo }) => Math.max(most, cleanedTo), 0);
  if (begunTo > from && end > from) return { from, to: Math.min(begunTo, end) };
  const isDue = segments.slice(0, dirtyAt).some((segment) => areTombstonesDue(segment, rules, nowMs));
  return isDue || isDirty(segments, dirtyAt, dirtyEnd, rules) ? { from, to: end } : undefined;
}

/**
 * When there is something to compact, if nothing is added; undefined: never.
 * @returns a time after `nowMs`
 */
export function compactsMs(segments: readonly CompactionCandidate[], rules: CompactionRules, nowMs: number): number | undefined {
  if (planCompaction(segments, rules, nowMs) !== undefined) return nowMs + 1;
  const { dirtyAt } = dirtyFrom(segments);
  const times = segments
    .slice(0, dirtyAt)
    .filter(({ tombstonesMs }) => tombstonesMs > 0)
    .map(({ tombstonesMs }) => tombstonesMs + rules.tombstoneMs);
  let readyMs = 0;
  for (let end = dirtyAt + 1; rules.lagMs > 0 && end <= segments.length; end++) {
    readyMs = Math.max(readyMs, (segments[end - 1]?.maxTimestampMs ?? 0) + rules.lagMs);
    if (isDirty(segments, dirtyAt, end, rules)) {
      times.push(readyMs);
      break;
    }
  }
  const first = Math.min(...times);
  return Number.isFinite(first) ? Math.max(first, nowMs + 1) : undefined;
}

/** Whether a clean segment's tombstones may go: nothing that they are about is left before them. */
export function areTombstonesDue({ tombstonesMs }: CompactionCandidate, { tombstoneMs }: CompactionRules, nowMs: number): boolean {
  return tombstonesMs > 0 && tombstonesMs + tombstoneMs <= nowMs;
}

/** Where what was not gone over begins, and the number of the segment that this is in. */
function dirtyFrom(segments: readonly CompactionCandidate[]): { readonly from: number; readonly dirtyAt: number } {
  const dirtyAt = segments.findIndex(({ cleanedTo, next }) => cleanedTo < next);
  const dirty = segments[dirtyAt];
  if (dirty === undefined) return { from: segments.at(-1)?.next ?? 0, dirtyAt: segments.length };
  return { from: Math.max(dirty.baseOffset, dirty.cleanedTo), dirtyAt };
}

/** The first segment that is too young. */
function cleanableEnd(segments: readonly CompactionCandidate[], dirtyAt: number, { lagMs }: CompactionRules, nowMs: number): number {
  let end = dirtyAt;
  while (end < segments.length && (lagMs === 0 || (segments[end]?.maxTimestampMs ?? 0) + lagMs <= nowMs)) end++;
  return end;
}

function isDirty(segments: readonly CompactionCandidate[], dirtyAt: number, end: number, { dirtyRatioMin }: CompactionRules): boolean {
  if (end <= dirtyAt) return false;
  const bytesOf = (from: number): number => segments.slice(from, end).reduce((sum, { bytes }) => sum + bytes, 0);
  return bytesOf(dirtyAt) >= dirtyRatioMin * bytesOf(0);
}

/**
 * What says since when tombstones are kept that are kept first now: up to an eighth of their time later, and the same for all of that eighth. Segments
 * with the same can be merged without making any of their tombstones wait for longer.
 */
export function tombstonesSince(nowMs: number, { tombstoneMs }: CompactionRules): number {
  const stepMs = Math.max(1, Math.floor(tombstoneMs / 8));
  return Math.max(1, Math.ceil(nowMs / stepMs) * stepMs);
}
