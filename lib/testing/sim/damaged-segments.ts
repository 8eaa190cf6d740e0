import { batchBytes, batchField } from "../../core/codec/batch-header.ts";
import { writeInt32 } from "../../core/codec/bytes.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import { readSegmentIndex, segmentFormat, SegmentIndexer } from "../../core/codec/segment.ts";
import type { ObjectStore } from "../../ports/object-store.ts";

/** About one object in eight. */
const isDamaged = (key: string): boolean => /-[01][^/]*$/.test(key);

/** Some segments are read with another last record than was written, and with checksums that are right for it, as if they were not compared. */
export function damagedSegments(objects: ObjectStore): ObjectStore {
  return {
    ...objects,
    async get(key, range) {
      if (!isDamaged(key)) return await objects.get(key, range);
      const whole = await objects.get(key);
      if (whole === undefined) return undefined;
      const bytes = damaged(whole);
      return range === undefined ? bytes : bytes.slice(range.start, range.start + range.length);
    },
  };
}

function damaged(whole: Uint8Array): Uint8Array {
  const { baseOffset, nextOffset, positions, blocks } = readSegmentIndex(whole, whole.length);
  const batches = whole.slice(segmentFormat.headBytes, positions[blocks]);
  let last = 0;
  for (let at = 0; at < batches.length; at += batchBytes(batches, at)) last = at;
  // Before the number of headers, which is the last byte of a record without any.
  const at = batches.length - 2;
  batches[at] = (batches[at] ?? 0) ^ 1;
  writeInt32(batches, last + batchField.crc, crc32c(batches.subarray(last + batchField.attributes)));
  const indexer = new SegmentIndexer(baseOffset);
  indexer.add(batches);
  const bytes = whole.slice();
  bytes.set(batches, segmentFormat.headBytes);
  bytes.set(indexer.end(nextOffset), positions[blocks]);
  return bytes;
}
