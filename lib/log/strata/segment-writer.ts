import { type SegmentFacts, SegmentIndexer, segmentHead } from "../../core/codec/segment.ts";
import { LogError } from "../../core/errors.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { SegmentValue } from "./segment-row.ts";

export interface WrittenSegment {
  readonly facts: SegmentFacts;
  readonly bytes: number;
  readonly endBytes: number;
}

/**
 * Stores a segment, of whose batches no more is held than the source gives at once.
 * @param batches whole batches with their real base offsets, in order
 * @param nextOffset what it is when all was taken
 */
export async function writeSegment(
  objects: ObjectStore,
  key: string,
  baseOffset: number,
  batches: AsyncIterable<Uint8Array>,
  nextOffset: () => number,
): Promise<WrittenSegment> {
  const indexer = new SegmentIndexer(baseOffset);
  const head = segmentHead();
  let end: Uint8Array = new Uint8Array(0);
  const pieces = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield head;
    for await (const piece of batches) {
      indexer.add(piece);
      yield piece;
    }
    end = indexer.end(nextOffset());
    yield end;
  };
  if (!(await objects.put(key, pieces()))) {
    throw new LogError("internal", `An object with the new key ${key} is there already.`);
  }
  return { facts: indexer.facts(nextOffset()), bytes: head.length + indexer.batchBytes + end.length, endBytes: end.length };
}

/** @param reachedMs the partition's largest timestamp before the segment */
export function segmentValueOf(key: string, { facts, bytes, endBytes }: WrittenSegment, reachedMs: number): SegmentValue {
  return {
    next: facts.nextOffset,
    key,
    bytes,
    endBytes,
    records: facts.records,
    minTimestampMs: facts.minTimestampMs,
    maxTimestampMs: facts.maxTimestampMs,
    reachedMs: Math.max(reachedMs, facts.maxTimestampMs),
    cleanedTo: 0,
    tombstonesMs: 0,
  };
}
