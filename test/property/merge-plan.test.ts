import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../lib/core/limits.ts";
import { isWorthMerging, type MergeCandidate, type MergeRules, planMerge } from "../../lib/core/merge-plan.ts";

/** A segment that knows what was sealed into it. */
interface Grown extends MergeCandidate {
  readonly sealed: readonly { readonly bytes: number; rewrites: number }[];
}

const mib = 1024 * 1024;
const defaults: MergeRules = {
  segmentsMin: limits.mergeSegmentsMin,
  segmentsMax: limits.mergeSegmentsMax,
  bytesMax: limits.rewriteBytesMax,
  spanMsMax: Number.MAX_SAFE_INTEGER,
};

function sealedOf(bytes: number, atMs: number): Grown {
  return { bytes, minTimestampMs: atMs, maxTimestampMs: atMs, sealed: [{ bytes, rewrites: 0 }] };
}

function mergedOf(parts: readonly Grown[]): Grown {
  const sealed = parts.flatMap((part) => part.sealed);
  for (const each of sealed) each.rewrites++;
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    minTimestampMs: Math.min(...parts.map(({ minTimestampMs }) => minTimestampMs)),
    maxTimestampMs: Math.max(...parts.map(({ maxTimestampMs }) => maxTimestampMs)),
    sealed,
  };
}

/** Seals one segment after the other, and merges after each what is worth it. @param cut how many segments a merge comes to that is cut short, if those are worth it */
function grow(sizes: readonly number[], rules: MergeRules, cut: () => number = () => rules.segmentsMax): readonly Grown[] {
  const segments: Grown[] = [];
  for (const [nth, bytes] of sizes.entries()) {
    segments.push(sealedOf(bytes, nth));
    for (let range = planMerge(segments, rules); range !== undefined; range = planMerge(segments, rules)) {
      const all = segments.slice(range.from, range.to);
      const some = all.slice(0, cut());
      const taken = isWorthMerging(some, rules) ? some : all;
      segments.splice(range.from, taken.length, mergedOf(taken));
    }
  }
  return segments;
}

/** Bytes written by sealing and merging, by bytes that were sealed. */
function amplification(segments: readonly Grown[]): number {
  const all = segments.flatMap(({ sealed }) => sealed);
  const written = all.reduce((sum, { bytes, rewrites }) => sum + bytes * (1 + rewrites), 0);
  return written / all.reduce((sum, { bytes }) => sum + bytes, 0);
}

const rules = fc.record({
  segmentsMin: fc.integer({ min: 2, max: 8 }),
  segmentsMax: fc.integer({ min: 8, max: 64 }),
  bytesMax: fc.integer({ min: 100, max: 1_000_000 }),
  spanMsMax: fc.oneof(fc.constant(Number.MAX_SAFE_INTEGER), fc.integer({ min: 1, max: 100 })),
});
const sizes = fc.array(fc.oneof(fc.constant(100), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100_000 })), {
  minLength: 1,
  maxLength: 300,
});

describe("merging", () => {
  it("writes a byte again at most log2(largest segment / the segment that sealing made) times, cut short or not", () => {
    fc.assert(
      fc.property(rules, sizes, fc.infiniteStream(fc.integer({ min: 2, max: 64 })), (own, all, cuts) => {
        const segments = grow(all, own, () => cuts.next().value as number);
        for (const { bytes, sealed } of segments) {
          assert.ok(sealed.length === 1 || bytes <= own.bytesMax);
          for (const each of sealed) {
            const most = Math.floor(Math.log2(Math.max(each.bytes, own.bytesMax) / each.bytes));
            assert.ok(each.rewrites <= most, `${each.bytes} of ${bytes} bytes were written again ${each.rewrites} times`);
          }
        }
        const order = segments.flatMap(({ sealed }) => sealed).map(({ bytes }) => bytes);
        assert.deepEqual(order, all);
      }),
      { numRuns: 500 },
    );
  });

  it("comes to what the documents say", () => {
    const alike = (bytes: number, count: number): number => amplification(grow(new Array<number>(count).fill(bytes), defaults));
    // A busy partition: 16 MiB wait. At most 1 + log2(256 / 16) = 5.
    assert.ok(alike(16 * mib, 96) <= 3);
    // A quiet one: 1 KiB an hour, for five years. At most 1 + log2(256 Mi / 1 Ki) = 19.
    assert.ok(alike(1_024, 43_800) <= 8);
  });
});
