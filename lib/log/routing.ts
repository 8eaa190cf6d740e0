import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { partitionForKey, stickyPartition } from "../core/partition.ts";
import { crc32c } from "../core/codec/crc32c.ts";
import type { ProducerStep, ShardKey } from "../ports/journal.ts";
import type { AppendRequest, PartitionedRecord, Producer, Topic } from "./log.ts";
import { placeOf, unknownPartition } from "./placement.ts";

/** The records of one request for one partition, with their places in the request. */
export interface PartitionRun {
  readonly partition: number;
  readonly index: number;
  readonly records: PartitionedRecord[];
  readonly positions: number[];
}

/** The partitions of one request in one shard, ascending. */
export interface ShardRun {
  readonly shard: ShardKey;
  readonly runs: readonly PartitionRun[];
}

/**
 * Which partition each record goes to when the topic has `partitions` of them: the one it names, else by its key, else one for
 * the whole request: a function of producer and sequence for an idempotent request, so that a retry meets its first attempt.
 * @throws unknown_topic_or_partition, invalid_request
 */
export function routeRecords(topic: Topic, request: AppendRequest, partitions: number, keyless: number): readonly ShardRun[] {
  const { records, producer } = request;
  if (records.length === 0) throw new LogError("invalid_request", "There are no records in this request.");
  if (records.length > limits.ndjsonRecordsMax) {
    throw new LogError("request_too_large", `A request holds at most ${limits.ndjsonRecordsMax} records, not ${records.length}.`);
  }
  const spread = stickyPartition(producer === undefined ? keyless : producerSeed(producer), partitions);
  const runs = new Map<number, PartitionRun>();
  for (const [position, record] of records.entries()) {
    const partition = record.partition ?? (record.key === null ? spread : partitionForKey(record.key, partitions));
    if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitions) throw unknownPartition(topic, partition);
    const known = runs.get(partition);
    if (known !== undefined) {
      known.records.push(record);
      known.positions.push(position);
    } else {
      runs.set(partition, { partition, index: placeOf(topic, partition).index, records: [record], positions: [position] });
    }
  }
  return byShard(topic, runs);
}

/**
 * The step of a request with where its records go in its fingerprint: an attempt that was placed under another partition count
 * is told apart from this one, though both have the same records and perhaps meet in a partition.
 */
export function placedStep(step: ProducerStep, shards: readonly ShardRun[]): ProducerStep {
  const places = new DataView(new ArrayBuffer(shards.reduce((sum, { runs }) => sum + recordsOf(runs), 0) * 4));
  for (const { runs } of shards) {
    for (const { partition, positions } of runs) for (const position of positions) places.setInt32(position * 4, partition);
  }
  return { ...step, crc: crc32c(new Uint8Array(places.buffer), step.crc) };
}

function recordsOf(runs: readonly PartitionRun[]): number {
  return runs.reduce((sum, { records }) => sum + records.length, 0);
}

/** Whether the partition count decides where some record goes. */
export function dependsOnCount(request: AppendRequest): boolean {
  return request.records.some((record) => record.partition === undefined);
}

function byShard(topic: Topic, runs: ReadonlyMap<number, PartitionRun>): readonly ShardRun[] {
  const shards = new Map<number, { shard: ShardKey; runs: PartitionRun[] }>();
  for (const run of runs.values()) {
    const { shard } = placeOf(topic, run.partition);
    const known = shards.get(shard.shard);
    if (known !== undefined) known.runs.push(run);
    else shards.set(shard.shard, { shard, runs: [run] });
  }
  for (const { runs: inShard } of shards.values()) inShard.sort((a, b) => a.index - b.index);
  return [...shards.values()];
}

function producerSeed({ id, epoch, sequence }: Producer): number {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, id);
  view.setInt32(8, epoch);
  view.setInt32(12, sequence);
  return crc32c(bytes);
}
