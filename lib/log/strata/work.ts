/** What was done to the strata. */
export interface StrataWork {
  seals: number;
  /** Bytes of batches that were sealed. */
  sealedBytes: number;
  merges: number;
  /** Bytes that merges and compaction have written. */
  mergedBytes: number;
  /** Of the journal, what writers left in the engine, and segments' objects. */
  reclaimedBytes: number;
  segmentsExpired: number;
}

export function noWork(): StrataWork {
  return { seals: 0, sealedBytes: 0, merges: 0, mergedBytes: 0, reclaimedBytes: 0, segmentsExpired: 0 };
}

export function addWork(sum: StrataWork, more: Readonly<StrataWork>): void {
  for (const name of Object.keys(noWork()) as (keyof StrataWork)[]) sum[name] += more[name];
}
