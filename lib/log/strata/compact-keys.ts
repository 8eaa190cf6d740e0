import type { CompactionPlan } from "../../core/compaction/compaction-plan.ts";
import { batchField } from "../../core/codec/batch-header.ts";
import { readInt64 } from "../../core/codec/bytes.ts";
import { KeyOffsets } from "../../core/compaction/key-offsets.ts";
import { noteKeys } from "../../core/compaction/sieve.ts";
import { limits } from "../../core/limits.ts";
import { batchesOf } from "./merge.ts";
import type { SegmentRow } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { pastPart } from "./time-left.ts";

export interface MappedKeys {
  readonly keys: KeyOffsets;
  /** The offset that it knows all keys up to: after the plan's beginning, unless that is its end. */
  readonly to: number;
}

/**
 * Maps keys to their last offsets, from the plan's beginning on: as many as memory is set aside for, and in a third of the time that is left at most, but for a first
 * read. The rest is for what follows.
 * @returns undefined when there was no time
 * @throws SegmentGone, corrupt_log, corrupt_message
 */
export async function mapKeys(
  services: StrataServices,
  rows: readonly SegmentRow[],
  { from, to }: CompactionPlan,
  isLate: () => boolean,
): Promise<MappedKeys | undefined> {
  const { engine, random, compression, tuning } = services;
  const isPastThird = pastPart(services, 3);
  const wanted: SegmentRow[] = [];
  let [bytes, records] = [0, 0];
  for (const row of rows) {
    if (row.next <= from || row.baseOffset >= to) continue;
    if (wanted.length > 0 && bytes + row.bytes > limits.compactionMapBytes) break;
    wanted.push(row);
    bytes += row.bytes;
    records += row.records;
  }
  const end = Math.min(to, wanted.at(-1)?.next ?? from);
  const keys = new KeyOffsets(Math.max(1, Math.min(tuning.compactionKeysMax, records)), random.bytes(16));
  for await (const batches of batchesOf(engine.objects, wanted, from)) {
    if (isLate()) return undefined;
    const reached = readInt64(batches, batchField.baseOffset);
    if (reached > from && isPastThird()) return { keys, to: Math.min(reached, end) };
    const full = noteKeys(keys, batches, { from, to: end }, compression);
    if (full !== undefined) return { keys, to: full };
  }
  return { keys, to: end };
}
