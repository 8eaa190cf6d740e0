import fc from "fast-check";
import { limits } from "../../lib/core/limits.ts";
import type { StateFact } from "../../lib/engines/aws/items/producer-state.ts";
import type { StoredStep } from "../../lib/engines/aws/items/steps.ts";
import type { StoredEntry } from "../../lib/engines/aws/items/stored-entry.ts";
import type { EntryPart } from "../../lib/ports/journal.ts";

/** Everything that the AWS engine's items can hold, each number over its whole range, ends more often than chance has them. */

export const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true });
export const safe = fc.oneof(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(0, 2 ** 31, Number.MAX_SAFE_INTEGER));
const u32 = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff));
const int31 = fc.oneof(fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom(0, 1, 0x7fffffff));
const count = fc.oneof(fc.integer({ min: 1, max: 0x7fffffff }), fc.integer({ min: 1, max: 200 }));
/** What a record's timestamp can be. */
export const timeMs = fc.oneof(
  fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.constantFrom(-1, 0, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER),
);
export const anyId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((id) => id.toString(16).padStart(16, "0"));
const index = fc.integer({ min: 0, max: limits.partitionsPerShardMax - 1 });
/** One or more indexes, ascending; all of them at times. */
export const oneOfIndexes = fc.oneof(
  { weight: 9, arbitrary: fc.uniqueArray(index, { minLength: 1 }).map((some) => some.sort((a, b) => a - b)) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: limits.partitionsPerShardMax }, (_, each) => each)) },
);

export const anyEntry: fc.Arbitrary<StoredEntry> = record({
  payload: record({ id: anyId, isObject: fc.boolean(), fenceEpoch: int31 }),
  position: int31,
  parts: oneOfIndexes.chain((indexes) =>
    fc.tuple(...indexes.map((own) => record({ index: fc.constant(own), records: count, bytes: count, maxTimestampMs: timeMs }))),
  ),
  stepsBytes: int31,
});

export function anyPart(own: number): fc.Arbitrary<EntryPart> {
  return record({ index: fc.constant(own), records: count, maxTimestampMs: timeMs, batches: fc.uint8Array({ maxLength: 200 }) });
}

const producerId = fc.oneof(fc.bigInt({ min: 0n, max: limits.producerIdMax }), fc.constantFrom(0n, 63n, 64n, limits.producerIdMax));
export const anyProducer = record({ producerId, index: fc.option(index) });
const step = {
  producerId,
  index: fc.option(index),
  epoch: fc.integer({ min: 0, max: limits.producerEpochMax }),
  sequence: int31,
  count,
  crc: u32,
};
export const anyStep: fc.Arbitrary<StoredStep> = record({ ...step, previousSeq: fc.option(safe, { nil: undefined }) });
export const anyFact: fc.Arbitrary<StateFact> = record({ ...step, layout: int31, indexes: oneOfIndexes, isLong: fc.boolean() });
