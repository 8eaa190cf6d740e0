import { batchAttribute, batchBytes, batchField, inBatch } from "./batch-header.ts";
import { byteAt, readInt32, readInt64, writeInt32, writeInt64 } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";

/** Adds to the base offset of each batch, in place. It lies outside the CRC. @throws corrupt_message when the bytes are no whole batches */
export function addToBaseOffsets(batches: Uint8Array, base: number): void {
  eachBatch(batches, (position) => {
    writeInt64(batches, position, readInt64(batches, position) + base);
  });
}

/**
 * Numbers batches that passed `checkBatches` densely from an offset on, in place, whatever base offsets they had: what a producer wrote there means nothing.
 * @returns the offset after the last record
 * @throws corrupt_message when the bytes are no whole batches
 */
export function setBaseOffsets(batches: Uint8Array, base: number): number {
  let next = base;
  eachBatch(batches, (position) => {
    writeInt64(batches, position, next);
    next += readInt32(batches, position + batchField.lastOffsetDelta) + 1;
  });
  return next;
}

/** Gives all records of all batches the time of their append, in place, and mends the CRCs. @throws corrupt_message when the bytes are no whole batches */
export function setLogAppendTime(batches: Uint8Array, nowMs: number): void {
  eachBatch(batches, (position, length) => {
    const low = position + batchField.attributes + 1;
    batches[low] = byteAt(batches, low) | batchAttribute.logAppendTime;
    writeInt64(batches, position + batchField.maxTimestamp, nowMs);
    const covered = batches.subarray(position + batchField.attributes, position + length);
    writeInt32(batches, position + batchField.crc, crc32c(covered));
  });
}

function eachBatch(batches: Uint8Array, edit: (position: number, length: number) => void): void {
  for (let position = 0, index = 0; position < batches.length; index++) {
    const start = position;
    const length = inBatch(index, start, () => batchBytes(batches, start));
    edit(start, length);
    position += length;
  }
}
