import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { partitionForKey, stickyPartition } from "../core/partition.ts";
import { crc32c } from "../core/codec/crc32c.ts";
import type { ProducerStep, ShardKey } from "../ports/journal.ts";
import type { AppendRequest, PartitionedRecord, Producer, Topic } from "./log.ts";
import { checkPartition, placeOf } from "./placement.ts";

/** The records of one request for one partition, with their places in the request. */
export interface PartitionRun {
  readonly partition: number;
  readonly index: number;
  readonly records: readonly PartitionedRecord[];
  /** Undefined when these are all records of the request. */
  readonly positions: readonly number[] | undefined;
}

/** Where the nth record of a run stands in the request. */
export function positionOf({ positions }: PartitionRun, nth: number): number {
  return positions === undefined ? nth : (positions[nth] as number);
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
  const chosen = new Array<number>(records.length);
  let isOne = true;
  for (let nth = 0; nth < records.length; nth++) {
    const { partition: named, key } = records[nth] as PartitionedRecord;
    const partition = named ?? (key === null ? spread : partitionForKey(key, partitions));
    checkPartition(topic, partition);
    isOne &&= partition === (chosen[0] ?? partition);
    chosen[nth] = partition;
  }
  return byShard(topic, isOne ? [wholeRun(topic, records, chosen[0] ?? 0)] : runsOf(topic, records, chosen));
}

function wholeRun(topic: Topic, records: readonly PartitionedRecord[], partition: number): PartitionRun {
  return { partition, index: placeOf(topic, partition).index, records, positions: undefined };
}

function runsOf(topic: Topic, records: readonly PartitionedRecord[], chosen: readonly number[]): readonly PartitionRun[] {
  const runs = new Map<number, { partition: number; index: number; records: PartitionedRecord[]; positions: number[] }>();
  for (const [position, partition] of chosen.entries()) {
    let run = runs.get(partition);
    if (run === undefined) {
      run = { partition, index: placeOf(topic, partition).index, records: [], positions: [] };
      runs.set(partition, run);
    }
    run.records.push(records[position] as PartitionedRecord);
    run.positions.push(position);
  }
  return [...runs.values()];
}

/**
 * The step of a request with where its records go in its fingerprint: an attempt that was placed under another partition count
 * is told apart from this one, though both have the same records and perhaps meet in a partition.
 */
export function placedStep(step: ProducerStep, shards: readonly ShardRun[]): ProducerStep {
  const places = new DataView(new ArrayBuffer(shards.reduce((sum, { runs }) => sum + recordsOf(runs), 0) * 4));
  for (const { runs } of shards) {
    for (const run of runs) {
      for (let nth = 0; nth < run.records.length; nth++) places.setInt32(positionOf(run, nth) * 4, run.partition);
    }
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

function byShard(topic: Topic, runs: readonly PartitionRun[]): readonly ShardRun[] {
  const shards = new Map<number, { shard: ShardKey; runs: PartitionRun[] }>();
  for (const run of runs) {
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
