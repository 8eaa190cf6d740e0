/** A segment as far as merging depends on it. */
export interface MergeCandidate {
  readonly bytes: number;
  /** -1: none. */
  readonly minTimestampMs: number;
  readonly maxTimestampMs: number;
}

export interface MergeRules {
  readonly segmentsMin: number;
  readonly segmentsMax: number;
  /** `segment.bytes`: what the result has at most. */
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
 * Which neighbours to merge; undefined when none are worth it. The result is at least twice as large as the largest of them: so a byte is
 * written again at most log2(segment.bytes / its first segment's bytes) times, and with eight alike about log8 of it.
 */
export function planMerge(segments: readonly MergeCandidate[], rules: MergeRules): MergeRange | undefined {
  for (let from = 0; from + rules.segmentsMin <= segments.length; from++) {
    const to = longestFrom(segments, from, rules);
    if (to !== undefined) return { from, to };
  }
  return undefined;
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
