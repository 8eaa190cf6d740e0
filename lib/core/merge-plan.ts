/** A segment as far as merging depends on it. */
export interface MergeCandidate {
  /** Of its batches: what a merge does not change. */
  readonly bytes: number;
  /** -1: none. */
  readonly minTimestampMs: number;
  readonly maxTimestampMs: number;
}

export interface MergeRules {
  readonly segmentsMin: number;
  readonly segmentsMax: number;
  /** What the result has at most: `segment.bytes`, and no more than a round can write. */
  readonly bytesMax: number;
  /** `segment.ms`: what lies between its timestamps at most, so that retention can let it go in time. */
  readonly spanMsMax: number;
}

export interface MergeRange {
  readonly from: number;
  /** The first that is not taken. */
  readonly to: number;
}

/**
 * Which neighbours to merge; undefined when none are worth it. The result is at least twice as large as the largest of them: so a byte is written again at most
 * log2(`bytesMax` / its first segment's bytes) times. Where segments come alike it is about half of that.
 */
export function planMerge(segments: readonly MergeCandidate[], rules: MergeRules): MergeRange | undefined {
  for (let from = 0; from + rules.segmentsMin <= segments.length; from++) {
    const to = longestFrom(segments, from, rules);
    if (to !== undefined) return { from, to };
  }
  return undefined;
}

/** Whether segments may be merged where a merge is cut short: they may be fewer than one takes. */
export function isWorthMerging(segments: readonly MergeCandidate[], rules: MergeRules): boolean {
  const range = planMerge(segments, { ...rules, segmentsMin: 2 });
  return range?.from === 0 && range.to === segments.length;
}

function longestFrom(segments: readonly MergeCandidate[], from: number, rules: MergeRules): number | undefined {
  const end = Math.min(segments.length, from + rules.segmentsMax);
  let found: number | undefined;
  let [total, largest, widestMs] = [0, 0, 0];
  let [minTimestampMs, maxTimestampMs] = [Number.POSITIVE_INFINITY, -1];
  for (let at = from; at < end; at++) {
    const segment = segments[at] as MergeCandidate;
    total += segment.bytes;
    largest = Math.max(largest, segment.bytes);
    if (segment.minTimestampMs >= 0) {
      minTimestampMs = Math.min(minTimestampMs, segment.minTimestampMs);
      widestMs = Math.max(widestMs, segment.maxTimestampMs - segment.minTimestampMs);
    }
    maxTimestampMs = Math.max(maxTimestampMs, segment.maxTimestampMs);
    // What one segment alone spans is not made worse by its neighbours.
    if (total > rules.bytesMax || maxTimestampMs - minTimestampMs > Math.max(rules.spanMsMax, widestMs)) break;
    if (at + 1 - from >= rules.segmentsMin && total >= 2 * largest) found = at + 1;
  }
  return found;
}
