import { type SegmentFacts, SegmentIndexer, segmentHead } from "../../core/codec/segment.ts";
import { LogError } from "../../core/errors.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Random } from "../../ports/random.ts";
import { hex } from "../hex.ts";
import type { SegmentValue } from "./segment-row.ts";

/** A segment's object, which is new: its key holds a random id. */
export function segmentObjectKey(random: Random, topicId: string, partition: number, baseOffset: number): string {
  const id = hex(random.bytes(8));
  return `s/${id.slice(0, 2)}/${topicId}/${partition}/${baseOffset}-${id}`;
}

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
