import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { EntryPart, ProducerStep, ShardAppend, ShardKey, ShardShape } from "../../ports/journal.ts";
import { shardName } from "./journal-op.ts";

/** @throws invalid_request, invalid_partitions, request_too_large */
export const check = {
  shard({ topicId, shard }: ShardKey): void {
    if (topicId === "" || topicId.length > 255 || !Number.isInteger(shard) || shard < 0 || shard > limits.partitionsMax) {
      throw new LogError("invalid_request", `There can be no shard ${shard} of topic "${topicId.slice(0, 80)}".`);
    }
  },

  shape({ partitions, layout }: ShardShape): void {
    const isWhole = Number.isInteger(partitions) && Number.isInteger(layout);
    if (!isWhole || partitions < 1 || partitions > limits.partitionsPerShardMax || layout < 0 || !isUint32(layout)) {
      throw new LogError("invalid_partitions", `A shard has 1 to ${limits.partitionsPerShardMax} partitions and a layout from 0.`);
    }
  },

  appends(appends: readonly ShardAppend[], writes: readonly CatalogWrite[]): void {
    const count = appends.length + writes.length;
    if (count === 0) throw new LogError("invalid_request", "A transaction needs at least one append or write.");
    if (count > limits.transactWritesMax) {
      throw new LogError("request_too_large", `A transaction has at most ${limits.transactWritesMax} appends and writes, not ${count}.`);
    }
    if (new Set(appends.map(({ shard }) => shardName(shard))).size < appends.length) {
      throw new LogError("invalid_request", "A transaction appends to a shard at most once.");
    }
    for (const { entry, guards } of appends) {
      entry.parts.forEach(checkPart);
      guards?.producers?.forEach(checkStep);
      const bytes = entry.parts.reduce((sum, part) => sum + part.batches.length, 0);
      if (bytes > limits.entryBytesMax) {
        throw new LogError("request_too_large", `One entry has at most ${limits.entryBytesMax} bytes, not ${bytes}: send several.`);
      }
    }
    checkWrites(writes);
  },
};

function checkWrites(writes: readonly CatalogWrite[]): void {
  const seen = new Set<string>();
  for (const write of writes) {
    const { pk, sk } = write.key;
    if (pk === "" || sk === "" || !pk.isWellFormed() || !sk.isWellFormed()) {
      throw new LogError("invalid_request", "A catalog key's pk and sk are non-empty, well-formed strings.");
    }
    const name = JSON.stringify([pk, sk]);
    if (seen.has(name)) throw new LogError("invalid_request", `One transaction writes the catalog item ${name} twice.`);
    seen.add(name);
    if (!("put" in write)) continue;
    const bytes = Buffer.byteLength(JSON.stringify(write.put));
    if (bytes > limits.catalogValueBytesMax) {
      throw new LogError("request_too_large", `The catalog item ${name} has ${bytes} bytes; the most is ${limits.catalogValueBytesMax}.`);
    }
  }
}

/** A frame has room for so much. */
function checkPart({ index, records, maxTimestampMs }: EntryPart): void {
  if (isIndex(index) && isUint32(records) && Number.isSafeInteger(maxTimestampMs)) return;
  throw new LogError("invalid_request", "An entry's part has an index from 0 to 15, a count of records and a time in whole milliseconds.");
}

function checkStep({ producerId, epoch, index, sequence, count, crc }: ProducerStep): void {
  const isCounted = isUint32(sequence) && sequence <= limits.producerSequenceMax && isUint32(count) && isUint32(crc);
  const isNamed = BigInt.asIntN(64, producerId) === producerId && isUint32(epoch) && epoch <= limits.producerEpochMax;
  if (isCounted && isNamed && (index === null || isIndex(index))) return;
  throw new LogError("invalid_request", "A producer's step has an id, epoch, sequence, count or crc out of range.");
}

function isIndex(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limits.partitionsPerShardMax;
}

function isUint32(value: number): boolean {
  return value >>> 0 === value;
}
