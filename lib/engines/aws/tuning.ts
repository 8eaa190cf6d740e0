import { limits } from "../../core/limits.ts";

/** Sizes that decide how the engine works and not whether it is right. Tests make them small, so that a few entries roll, spill and go to S3. */
export interface Tuning {
  /** A commit that brings the tail over one of these rolls it, and at 4 and 6 times as much, should that roll not have come through. */
  readonly rollEntries: number;
  readonly rollBytes: number;
  /** A tail this full takes no commit before it was rolled. */
  readonly tailEntriesMax: number;
  readonly tailBytesMax: number;
  readonly headStatesMax: number;
  /** A state whose newest step is this many entries before the tail is idle; so many idle ones stay. */
  readonly idleEntries: number;
  readonly idleStatesKept: number;
  /** Payloads up to this size are items, unless the entry wishes otherwise. */
  readonly inlineBytes: number;
  /** Payloads up to this size are read whole. */
  readonly payloadWholeBytes: number;
  readonly payloadCacheBytes: number;
  readonly pagesCached: number;
  /** Hours that upkeep looks at for small payloads that were not committed, from where it came to and up to now: 16 queries each. */
  readonly epochsBack: number;
}

export const defaultTuning: Tuning = {
  rollEntries: limits.awsRollEntries,
  rollBytes: limits.awsRollBytes,
  tailEntriesMax: limits.awsTailEntriesMax,
  tailBytesMax: limits.awsTailBytesMax,
  headStatesMax: limits.awsHeadStatesMax,
  idleEntries: limits.awsIdleEntries,
  idleStatesKept: limits.awsIdleStatesKept,
  inlineBytes: limits.awsInlineBytes,
  payloadWholeBytes: limits.awsPayloadWholeBytes,
  payloadCacheBytes: limits.awsPayloadBytesCachedMax,
  pagesCached: limits.awsPagesCachedMax,
  epochsBack: limits.awsEpochsBackMax,
};
