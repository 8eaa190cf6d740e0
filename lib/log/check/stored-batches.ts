import { batchField, type BatchHeader, readBatchHeader } from "../../core/codec/batch-header.ts";
import { crc32c } from "../../core/codec/crc32c.ts";
import { LogError } from "../../core/errors.ts";

/** Offsets that batches may have. */
export interface OffsetSpan {
  /** The lowest that the next batch may begin at. */
  readonly from: number;
  /** The first that is none of theirs. */
  readonly end: number;
  /** Each batch begins where the one before it ends, and counts all its offsets: what no compaction went over. */
  readonly isDense: boolean;
}

export interface BatchesSeen {
  readonly records: number;
  readonly maxTimestampMs: number;
  /** Where the first batch begins; undefined when there is none. */
  readonly first: number | undefined;
  /** Where the last batch ends. */
  readonly next: number;
  /** The first thing that is wrong; what follows it was not looked at. */
  readonly fault: { readonly offset: number; readonly message: string } | undefined;
}

/** Looks at stored batches that lie back to back: each one's CRC, counts and offsets. */
export function lookAtBatches(bytes: Uint8Array, span: OffsetSpan): BatchesSeen {
  let [records, maxTimestampMs, next] = [0, -1, span.from];
  let first: number | undefined;
  for (let position = 0; position < bytes.length; ) {
    const read = headerAt(bytes, position);
    const message = read instanceof LogError ? read.message : wrongIn(read, bytes, position, { ...span, from: next });
    if (message !== undefined || read instanceof LogError) {
      return { records, maxTimestampMs, first, next, fault: { offset: next, message: message ?? "" } };
    }
    first ??= read.baseOffset;
    records += read.recordsCount;
    maxTimestampMs = Math.max(maxTimestampMs, read.maxTimestampMs);
    next = read.baseOffset + read.lastOffsetDelta + 1;
    position += read.byteLength;
  }
  return { records, maxTimestampMs, first, next, fault: undefined };
}

function headerAt(bytes: Uint8Array, position: number): BatchHeader | LogError {
  try {
    return readBatchHeader(bytes, position);
  } catch (reason) {
    return LogError.from(reason);
  }
}

function wrongIn(header: BatchHeader, bytes: Uint8Array, position: number, { from, end, isDense }: OffsetSpan): string | undefined {
  const { baseOffset, byteLength, lastOffsetDelta, recordsCount } = header;
  const last = baseOffset + lastOffsetDelta;
  if (crc32c(bytes.subarray(position + batchField.attributes, position + byteLength)) !== header.crc) {
    return `the record batch at offset ${baseOffset} fails its CRC`;
  }
  if (isDense ? baseOffset !== from : baseOffset < from) return `a record batch begins at offset ${baseOffset}, where ${from} follows`;
  if (last >= end) return `a record batch reaches to offset ${last}, where it has to end before ${end}`;
  if (isDense ? recordsCount !== lastOffsetDelta + 1 : recordsCount > lastOffsetDelta + 1) {
    return `the record batch at offset ${baseOffset} counts ${recordsCount} records and takes ${lastOffsetDelta + 1} offsets`;
  }
  return undefined;
}
