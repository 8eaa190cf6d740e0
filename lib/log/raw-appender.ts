import {
  type BatchHeader,
  checkBatches,
  decodeBatches,
  setBaseOffsets,
  setLogAppendTime,
  splitIntoBatches,
} from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import type { CompressionType } from "../ports/compression.ts";
import type { EntryPart, ProducerStep } from "../ports/journal.ts";
import { type AppendServices, checkAppendOptions, guardsOf } from "./appender.ts";
import { batchSettings, entryOf } from "./batch-settings.ts";
import type { AppendedBatches, AppendOptions, Topic } from "./log.ts";
import { checkPartition, placeOf } from "./placement.ts";

type Settings = ReturnType<typeof batchSettings>;

/**
 * Appends a producer's own batches to one partition. They are checked and stored as they are, but for their base offsets
 * (outside the CRC); the caller gives the bytes away. Only a topic with another `compression.type` has them packed anew.
 */
export async function appendBatches(
  services: AppendServices,
  topic: Topic,
  partition: number,
  bytes: Uint8Array,
  options: AppendOptions = {},
): Promise<AppendedBatches> {
  checkPartition(topic, partition);
  checkAppendOptions(options);
  const settings = batchSettings(services, topic);
  const headers = checkBatches(bytes, services.compression, settings);
  const { shard, index } = placeOf(topic, partition);
  const guards = guardsOf({ index, expectedOffset: options.expectedOffset, step: stepOf(index, headers, options.producer) });
  const part = partOf(settings, topic, index, bytes, headers);
  const appended = await services.journal.append(shard, entryOf(topic, [part]), guards);
  services.hub.notify(shard);
  const answer = appended.parts[0];
  if (answer === undefined) throw new LogError("internal", "the journal gave no answer for the partition", { outcome: "unknown" });
  return { partition, baseOffset: answer.baseOffset, lastOffset: answer.baseOffset + part.records - 1, duplicate: answer.duplicate };
}

function partOf(settings: Settings, topic: Topic, index: number, bytes: Uint8Array, headers: readonly BatchHeader[]): EntryPart {
  const wanted = storedCompression(topic.config["compression.type"]);
  const records = headers.reduce((sum, header) => sum + header.recordsCount, 0);
  if (wanted !== undefined && headers.some((header) => header.compressionType !== wanted)) {
    return { index, records, ...repack(settings, bytes, headers, wanted) };
  }
  setBaseOffsets(bytes, 0);
  const { nowMs, timestampType } = settings;
  if (timestampType === "CreateTime")
    return { index, records, maxTimestampMs: Math.max(...headers.map((header) => header.maxTimestampMs)), batches: bytes };
  // A copy, as its CRC changes and the sent one is what tells a retry.
  const batches = bytes.slice();
  setLogAppendTime(batches, nowMs);
  return { index, records, maxTimestampMs: nowMs, batches };
}

function repack(settings: Settings, bytes: Uint8Array, headers: readonly BatchHeader[], compressionType: CompressionType) {
  const first = headers[0];
  const producer =
    first === undefined || first.producerId < 0n
      ? {}
      : { producer: { id: first.producerId, epoch: first.producerEpoch, sequence: first.baseSequence } };
  const records = decodeBatches(bytes, settings.compression);
  const { bytes: batches, maxTimestampMs } = splitIntoBatches(records, { ...settings, compressionType, ...producer });
  return { batches, maxTimestampMs };
}

/** The codec that a topic's batches must have; undefined: as they were sent. */
function storedCompression(configured: string): CompressionType | undefined {
  if (configured === "gzip" || configured === "zstd") return configured;
  return configured === "uncompressed" ? "none" : undefined;
}

function stepOf(index: number, headers: readonly BatchHeader[], producer: AppendOptions["producer"]): ProducerStep | undefined {
  const first = headers[0];
  const counted = headers.some((header) => header.producerId >= 0n);
  if (first === undefined || headers.some((header) => header.isTransactional)) {
    throw new LogError("invalid_request", "Transactional batches are not accepted here: send several shards' records with atomic=true.");
  }
  if (headers.some((header) => header.timestampType === "LogAppendTime")) {
    throw new LogError(
      "corrupt_message",
      "A producer's batch has to have the CreateTime timestamp type: the log sets LogAppendTime itself.",
    );
  }
  if (!counted) return producer === undefined ? undefined : requestStep(headers, producer);
  if (producer !== undefined || headers.length > 1) {
    throw new LogError("invalid_request", "A batch with a producer id has to be the only batch, in a request without Producer headers.");
  }
  const { producerId, producerEpoch: epoch, baseSequence: sequence, recordsCount: count, crc } = first;
  if (epoch < 0 || sequence < 0)
    throw new LogError("corrupt_message", "A batch with a producer id needs an epoch and a base sequence from 0.");
  return { producerId, epoch, index, sequence, count, crc };
}

function requestStep(headers: readonly BatchHeader[], { id, epoch, sequence }: NonNullable<AppendOptions["producer"]>): ProducerStep {
  const crc = headers.reduce((sum, header) => (Math.imul(sum, 31) + header.crc) >>> 0, 0);
  return { producerId: id, epoch, index: null, sequence, count: 1, crc };
}
