import { limits } from "../../core/limits.ts";

/** Sizes and times that decide when the strata are worked on, and not whether that is right. Tests make them small. */
export interface StrataTuning {
  /** A shard is sealed when so many entries, or so many bytes, wait, or when some have waited for so long. */
  readonly sealEntries: number;
  readonly sealBytes: number;
  readonly sealAgeMs: number;
  /** How much one seal takes at most, in bytes of batches; one entry is taken whole. */
  readonly sealBytesMax: number;
  /** How long the journal keeps what is sealed: late retries of a producer's older requests are still recognised. */
  readonly trimLagMs: number;
  /** How long objects stay that nothing refers to any more, or not yet. */
  readonly garbageGraceMs: number;
  /** A merge takes at least so many segments, and at most so many. */
  readonly mergeSegmentsMin: number;
  readonly mergeSegmentsMax: number;
  /** What a merge, or compaction of neighbours, takes at most of bytes: a round has to have time for it. One segment alone may have more. */
  readonly rewriteBytesMax: number;
  /** Keys that one pass of compaction can remember. */
  readonly compactionKeysMax: number;
  /** A writer says at most this often that a shard is in use; and so long after that it is taken for quiet. */
  readonly markMs: number;
  readonly quietMs: number;
}

export const defaultStrataTuning: StrataTuning = {
  sealEntries: limits.sealEntries,
  sealBytes: limits.sealBytes,
  sealAgeMs: limits.sealAgeMs,
  sealBytesMax: limits.sealBytesMax,
  trimLagMs: limits.trimLagMs,
  garbageGraceMs: limits.garbageGraceMs,
  mergeSegmentsMin: limits.mergeSegmentsMin,
  mergeSegmentsMax: limits.mergeSegmentsMax,
  rewriteBytesMax: limits.rewriteBytesMax,
  compactionKeysMax: limits.compactionKeysMax,
  markMs: limits.activeMarkMs,
  quietMs: limits.activeQuietMs,
};
