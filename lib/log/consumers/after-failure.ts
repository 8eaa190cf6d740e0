import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { DeliveryState } from "../groups/offset-row.ts";
import type { Batch } from "./services.ts";
import type { ConsumerSettings } from "./settings.ts";

/** What comes after a call that failed. */
export type AfterFailure =
  | { readonly kind: "retry"; readonly state: Pick<DeliveryState, "attempts" | "ends" | "retryAtMs"> }
  | { readonly kind: "give-up"; readonly attempts: number };

/**
 * Splits the batch, tries it again, or gives it up. Splitting is no attempt; each half has attempts of its own.
 * @param batch offsets of its records, and where it ends
 */
export function afterFailure(
  { bisectBatchOnError, retryAttempts }: Pick<ConsumerSettings, "bisectBatchOnError" | "retryAttempts">,
  state: Pick<DeliveryState, "attempts" | "ends">,
  batch: { readonly offsets: readonly number[]; readonly toOffset: number },
  nowMs: number,
): AfterFailure {
  const { offsets, toOffset } = batch;
  const ends = withEnd(state.ends, toOffset);
  const middle = offsets[Math.floor(offsets.length / 2)];
  if (bisectBatchOnError && offsets.length > 1 && middle !== undefined) {
    return { kind: "retry", state: { attempts: 0, ends: [...ends, middle], retryAtMs: 0 } };
  }
  const attempts = state.attempts + 1;
  if (retryAttempts >= 0 && attempts > retryAttempts) return { kind: "give-up", attempts };
  return { kind: "retry", state: { attempts, ends, retryAtMs: nowMs + backoffMs(attempts) } };
}

/** The ends and one more, which is not there twice. */
export function withEnd(ends: readonly number[], end: number): readonly number[] {
  return ends.includes(end) ? ends : [...ends, end];
}

/** Where records of a batch end: at the next one of it, or with it. */
export function endOf(batch: Batch, records: readonly StoredRecord[]): number {
  const last = records.at(-1)?.offset ?? batch.toOffset;
  return batch.records.find(({ offset }) => offset > last)?.offset ?? batch.toOffset;
}

/** The ends with that of the batch, and that of some of its records. */
export function endsFor(ends: readonly number[], batch: Batch, records: readonly StoredRecord[]): readonly number[] {
  return withEnd(withEnd(ends, batch.toOffset), endOf(batch, records));
}

/** What is left to be tried once all before an offset is done with. */
export function endsAfter(ends: readonly number[], offset: number): readonly number[] {
  return ends.filter((end) => end > offset);
}

/** @param attempts failed ones in a row, from 1 */
export function backoffMs(attempts: number): number {
  return Math.min(limits.deliverBackoffMsMax, limits.deliverBackoffMs * 2 ** Math.min(attempts - 1, 10));
}
