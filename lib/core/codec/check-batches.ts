import type { Compression } from "../../ports/compression.ts";
import { LogError } from "../errors.ts";
import { limits } from "../limits.ts";
import { batchAttribute, batchField, type BatchHeader, corrupt, inBatch, readBatchHeader } from "./batch-header.ts";
import { byteAt } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";
import { recordsReader, skipField } from "./decode-batches.ts";
import { isUtf8 } from "./utf8.ts";
import type { VarintReader } from "./varint.ts";

export interface CheckOptions {
  /** The topic's `max.message.bytes`: the largest batch, as sent. */
  readonly messageBytesMax: number;
}

const knownAttributes = batchAttribute.compression | batchAttribute.logAppendTime | batchAttribute.transactional | batchAttribute.control;

/**
 * Checks all that a producer sent, back to back and filling the bytes; what passes can be stored and served as it is, once
 * `setBaseOffsets` has numbered it. Nothing is changed and nothing of an uncompressed batch is copied.
 * A batch may be marked transactional if it has a producer; whether to take it is the caller's rule.
 * @returns the headers, at least one
 * @throws corrupt_message (which batch and what is wrong), message_too_large, unsupported_version, request_too_large
 */
export function checkBatches(bytes: Uint8Array, compression: Compression, options: CheckOptions): readonly BatchHeader[] {
  if (bytes.length === 0) throw corrupt("No record batch was sent: send at least one.");
  const headers: BatchHeader[] = [];
  let openedBytesLeft: number = limits.requestDecompressedBytesMax;
  for (let position = 0; position < bytes.length; ) {
    const start = position;
    const index = headers.length;
    if (index === limits.requestBatchesMax) {
      throw new LogError("request_too_large", `More than ${limits.requestBatchesMax} record batches: send fewer at once.`);
    }
    const header = inBatch(index, start, () => {
      const read = readBatchHeader(bytes, start);
      checkHeader(read, bytes, start, index, options);
      const reader = recordsReader(bytes, start, read, compression);
      if (read.compressionType !== "none") openedBytesLeft -= reader.end;
      checkRecords(read, reader);
      return read;
    });
    if (openedBytesLeft < 0) {
      throw new LogError(
        "request_too_large",
        `The batches open to more than ${limits.requestDecompressedBytesMax} bytes: send fewer at once.`,
      );
    }
    headers.push(header);
    position += header.byteLength;
  }
  return headers;
}

function checkHeader(header: BatchHeader, bytes: Uint8Array, position: number, index: number, options: CheckOptions): void {
  const { byteLength, attributes, recordsCount } = header;
  if (byteLength > options.messageBytesMax) {
    throw new LogError(
      "message_too_large",
      `Record batch ${index} has ${byteLength} bytes, over max.message.bytes (${options.messageBytesMax}): send smaller batches, or raise it.`,
      { details: { batchIndex: index, bytesMax: options.messageBytesMax } },
    );
  }
  const crc = crc32c(bytes.subarray(position + batchField.attributes, position + byteLength));
  if (crc !== header.crc) throw corrupt(`its CRC32C is ${hex(crc)} and its header says ${hex(header.crc)}`);
  if ((attributes & ~knownAttributes) !== 0) throw corrupt(`its attributes ${attributes & 0xffff} have reserved bits`);
  if (header.isControl) throw corrupt("it is a control batch, which only the log itself writes");
  if (recordsCount < 1 || recordsCount > limits.requestRecordsMax) {
    throw corrupt(`it counts ${recordsCount} records: 1 to ${limits.requestRecordsMax} are allowed`);
  }
  if (header.lastOffsetDelta !== recordsCount - 1) {
    throw corrupt(`its last offset delta is ${header.lastOffsetDelta} and it counts ${recordsCount} records`);
  }
  checkProducer(header);
}

function checkProducer(header: BatchHeader): void {
  const { producerId, producerEpoch, baseSequence, isTransactional } = header;
  if (producerId >= 0n) {
    if (producerEpoch < 0) throw corrupt(`its producer ${producerId} has the epoch ${producerEpoch}`);
    if (baseSequence < 0) throw corrupt(`its producer ${producerId} has the sequence ${baseSequence}`);
    return;
  }
  if (producerId !== -1n) throw corrupt(`its producer id is ${producerId}`);
  if (isTransactional) throw corrupt("it is transactional without a producer id");
}

function checkRecords(header: BatchHeader, reader: VarintReader): void {
  const { recordsCount, baseTimestampMs } = header;
  let maxTimestampMs = -1;
  for (let delta = 0; delta < recordsCount; delta++) {
    const length = reader.readVarint();
    const end = reader.position + length;
    if (length < 0 || end > reader.end) throw corrupt(`record ${delta} runs past the end`);
    const attributes = byteAt(reader.bytes, reader.position++);
    if (attributes !== 0) throw corrupt(`record ${delta} has reserved attributes`);
    const timestampMs = baseTimestampMs + reader.readVarlong();
    if (timestampMs < -1 || timestampMs > Number.MAX_SAFE_INTEGER) throw corrupt(`record ${delta} has a timestamp out of range`);
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
    const offsetDelta = reader.readVarint();
    if (offsetDelta !== delta) throw corrupt(`record ${delta} has the offset delta ${offsetDelta}`);
    skipField(reader);
    skipField(reader);
    const headers = reader.readVarint();
    if (headers !== 0) checkHeaders(reader, headers, delta);
    if (reader.position !== end) throw corrupt(`record ${delta} is not as long as it says`);
  }
  if (reader.position !== reader.end) throw corrupt(`${reader.end - reader.position} bytes follow its last record`);
  if (header.timestampType === "CreateTime" && header.maxTimestampMs !== maxTimestampMs) {
    throw corrupt(`its newest record has the timestamp ${maxTimestampMs} and its header says ${header.maxTimestampMs}`);
  }
}

function checkHeaders(reader: VarintReader, count: number, delta: number): void {
  if (count < 0 || count > limits.recordHeadersMax) {
    throw corrupt(`record ${delta} has ${count} headers: 0 to ${limits.recordHeadersMax} are allowed`);
  }
  for (let i = 0; i < count; i++) {
    const start = skipField(reader);
    if (start < 0) throw corrupt(`record ${delta} has a header without a name`);
    if (!isUtf8(reader.bytes, start, reader.position)) throw corrupt(`record ${delta} has a header name that is not UTF-8`);
    skipField(reader);
  }
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, "0")}`;
}
