import { checkBlocks, checkSegmentHead, readSegmentIndex, segmentFormat, type SegmentIndex } from "../../core/codec/segment.ts";
import { LogError } from "../../core/errors.ts";
import type { ByteRange, ObjectStore } from "../../ports/object-store.ts";
import type { SegmentRow } from "./segment-row.ts";

/** A segment's object is not there: its row was replaced, or has expired, or it is lost. */
export class SegmentGone extends LogError {
  constructor(key: string) {
    super("unavailable", `The segment object ${key} is not there now: it was replaced or has expired. Look again.`, { retryAfterMs: 0 });
  }
}

export type SegmentPlace = Pick<SegmentRow, "key" | "bytes" | "endBytes">;

/** Where the batches end and the footer begins. */
export function batchesEnd({ bytes, endBytes }: SegmentPlace): number {
  return bytes - endBytes;
}

/** The index alone. @throws SegmentGone, corrupt_log */
export async function readIndex(objects: ObjectStore, place: SegmentPlace): Promise<SegmentIndex> {
  return await readRange(objects, place.key, { start: batchesEnd(place), length: place.endBytes }, (end) =>
    readSegmentIndex(end, place.bytes),
  );
}

export interface WholeSegment {
  readonly index: SegmentIndex;
  /** All its batches, checked. */
  readonly batches: Uint8Array;
}

/** All of a segment by one request. @throws SegmentGone, corrupt_log */
export async function readWhole(objects: ObjectStore, place: SegmentPlace): Promise<WholeSegment> {
  return await readRange(objects, place.key, { start: 0, length: place.bytes }, (all) => {
    checkSegmentHead(all);
    const index = readSegmentIndex(all, place.bytes);
    const batches = all.subarray(segmentFormat.headBytes, batchesEnd(place));
    checkBlocks(batches, index, 0, index.blocks);
    return { index, batches };
  });
}

/** Blocks `from` to before `to`, checked. @throws SegmentGone, corrupt_log */
export async function readBlocks(
  objects: ObjectStore,
  place: SegmentPlace,
  index: SegmentIndex,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Uint8Array> {
  if (from >= to) return new Uint8Array(0);
  const start = index.positions[from] ?? 0;
  return await readRange(objects, place.key, { start, length: (index.positions[to] ?? start) - start }, (bytes) => {
    checkBlocks(bytes, index, from, to);
    return bytes;
  });
}

/** The first block that does not belong into one read of so many bytes, which takes at least one. */
export function blocksUpTo({ positions, blocks }: SegmentIndex, from: number, bytesMax: number): number {
  let to = from + 1;
  while (to < blocks && (positions[to + 1] ?? 0) - (positions[from] ?? 0) <= bytesMax) to++;
  return Math.min(to, blocks);
}

/** Bytes may be damaged on their way: what cannot be right is read once more. */
async function readRange<T>(objects: ObjectStore, key: string, range: ByteRange, read: (bytes: Uint8Array) => T): Promise<T> {
  for (let isLast = false; ; isLast = true) {
    const found = await objects.get(key, range);
    if (found === undefined) throw new SegmentGone(key);
    try {
      if (found.length < range.length) throw tooShort(key, range, found.length);
      return read(found);
    } catch (reason) {
      const { code } = LogError.from(reason);
      if (isLast || (code !== "corrupt_log" && code !== "unsupported_version")) throw reason;
    }
  }
}

function tooShort(key: string, { start, length }: ByteRange, bytes: number): LogError {
  return new LogError(
    "corrupt_log",
    `Segment object ${key} ends after ${start + bytes} bytes, not ${start + length}: restore it from a copy.`,
  );
}
