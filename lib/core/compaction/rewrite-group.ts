import type { MergeCandidate, MergeRules } from "../merge-plan.ts";

/** A segment that loses records. */
export interface RewriteCandidate extends MergeCandidate {
  /** Since when its tombstones are kept, those that stay; 0: it has none. */
  readonly tombstonesSinceMs: number;
  /** Whether compaction comes to its end. */
  readonly isWhole: boolean;
}

/** Whether a segment that follows a group of neighbours may become one segment with them. */
export function fitsGroup(group: readonly RewriteCandidate[], next: RewriteCandidate, rules: Omit<MergeRules, "segmentsMin">): boolean {
  if (group.length === 0) return true;
  const all = [...group, next];
  if (all.length > rules.segmentsMax || all.some(({ isWhole }) => !isWhole)) return false;
  if (all.reduce((sum, { bytes }) => sum + bytes, 0) > rules.bytesMax) return false;
  if (!areAlike(all.map(({ tombstonesSinceMs }) => tombstonesSinceMs))) return false;
  const timed = all.filter(({ minTimestampMs }) => minTimestampMs >= 0);
  const spanMs = Math.max(...timed.map((each) => each.maxTimestampMs)) - Math.min(...timed.map((each) => each.minTimestampMs));
  // What one segment alone spans is not made worse by its neighbours.
  return spanMs <= Math.max(rules.spanMsMax, ...timed.map((each) => each.maxTimestampMs - each.minTimestampMs));
}

/** Whether segments whose tombstones are kept since then can be one without making any wait for longer. */
export function areAlike(tombstonesMs: readonly number[]): boolean {
  return new Set(tombstonesMs.filter((time) => time > 0)).size <= 1;
}
