import { recordsFingerprint, splitIntoBatches } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression, CompressionType } from "../ports/compression.ts";
import type { Appended, Entry, Guards, Journal, ProducerStep, ShardAppend } from "../ports/journal.ts";
import type { ChangeHub } from "./change-hub.ts";
import { batchSettings, entryOf } from "./batch-settings.ts";
import { mapBounded } from "../core/bounded.ts";
import type { AppendOptions, AppendRequest, RecordResult, Topic } from "./log.ts";
import { pinnedPartitions } from "./pinned-partitions.ts";
import { layoutOf } from "./placement.ts";
import { dependsOnCount, placedStep, positionOf, routeRecords, type ShardRun } from "./routing.ts";

export interface AppendServices {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly compression: Compression;
  readonly hub: ChangeHub;
}

/** Appends records to a topic as it is known now. A refusal because the topic has changed is for the topic runner to handle. */
export class Appender {
  readonly #services: AppendServices;
  #keyless: number;

  constructor(services: AppendServices, keylessSeed: number) {
    this.#services = services;
    this.#keyless = keylessSeed;
  }

  async append(topic: Topic, request: AppendRequest): Promise<readonly RecordResult[]> {
    checkAppendOptions(request);
    this.#keyless = (this.#keyless + 1) >>> 0;
    const { producer } = request;
    const pinned = producer !== undefined && dependsOnCount(request);
    const step = producer === undefined ? undefined : stepOf(producer, request);
    const partitions = pinned ? await pinnedPartitions(this.#services.journal, topic, request, step) : topic.partitions;
    const shards = routeRecords(topic, request, partitions, this.#keyless);
    checkExpected(topic, request, shards);
    const guards = guardsOf({
      index: shards[0]?.runs[0]?.index ?? 0,
      expectedOffset: request.expectedOffset,
      step: step && placedStep(step, shards),
      layout: pinned ? layoutOf(topic) : undefined,
    });
    const appends = shards.map((run) => ({ shard: run.shard, entry: entryFor(this.#services, topic, run), guards }));
    const results = new Array<RecordResult>(request.records.length);
    const [only] = appends;
    if (appends.length === 1 && only !== undefined) await this.#appendOne(only, shards[0], results);
    else if (request.atomic === true) await this.#appendAll(appends, shards, results);
    else await this.#appendEach(appends, shards, results);
    return results;
  }

  async #appendOne(append: ShardAppend, run: ShardRun | undefined, results: RecordResult[]): Promise<void> {
    const appended = await this.#services.journal.append(append.shard, append.entry, append.guards);
    this.#services.hub.notify(append.shard);
    if (run !== undefined) fillOffsets(results, run, appended);
  }

  async #appendAll(appends: readonly ShardAppend[], shards: readonly ShardRun[], results: RecordResult[]): Promise<void> {
    const appended = await this.#services.journal.transact(appends, []);
    for (const [at, run] of shards.entries()) {
      this.#services.hub.notify(run.shard);
      const answer = appended[at];
      if (answer !== undefined) fillOffsets(results, run, answer);
    }
  }

  async #appendEach(appends: readonly ShardAppend[], shards: readonly ShardRun[], results: RecordResult[]): Promise<void> {
    const errors: LogError[] = [];
    await mapBounded([...shards.entries()], limits.shardConcurrency, async ([at, run]) => {
      try {
        await this.#appendOne(appends[at] as ShardAppend, run, results);
      } catch (reason) {
        const error = LogError.from(reason);
        errors.push(error);
        fillError(results, run, error);
      }
    });
    const worst = errors.find((error) => error.outcome === "unknown") ?? errors[0];
    if (worst !== undefined && errors.length === shards.length) throw worst;
  }
}

/** The records of a shard, as they are stored. @throws message_too_large, invalid_request */
export function entryFor(services: Pick<AppendServices, "clock" | "compression">, topic: Topic, { runs }: ShardRun): Entry {
  const options = { ...batchSettings(services, topic), compressionType: jsonCompression(topic.config["compression.type"]) };
  const parts = runs.map(({ index, records }) => {
    const { bytes, records: count, maxTimestampMs } = splitIntoBatches(records, options);
    return { index, records: count, maxTimestampMs, batches: bytes };
  });
  return entryOf(topic, parts);
}

/** @throws invalid_request */
export function checkAppendOptions({ producer, expectedOffset }: AppendOptions): void {
  if (expectedOffset !== undefined && !inRange(expectedOffset, Number.MAX_SAFE_INTEGER)) {
    throw new LogError("invalid_request", "expectedOffset must be an offset: an integer from 0.");
  }
  if (producer === undefined) return;
  const { id, epoch, sequence } = producer;
  const fits =
    id >= 0n && id <= limits.producerIdMax && inRange(epoch, limits.producerEpochMax) && inRange(sequence, limits.producerSequenceMax);
  if (!fits) {
    throw new LogError(
      "invalid_request",
      "A producer needs an id from 0 to 2^63-1, an epoch from 0 to 32767 and a sequence from 0 to 2147483647.",
    );
  }
}

function inRange(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function stepOf({ id, epoch, sequence }: NonNullable<AppendRequest["producer"]>, { records }: AppendRequest): ProducerStep {
  return { producerId: id, epoch, index: null, sequence, count: 1, crc: recordsFingerprint(records) };
}

function checkExpected(topic: Topic, request: AppendRequest, shards: readonly ShardRun[]): void {
  const { expectedOffset, records } = request;
  if (expectedOffset === undefined) return;
  const runs = shards.flatMap((shard) => shard.runs);
  const named = topic.partitions === 1 || records.every((record) => record.partition !== undefined || record.key !== null);
  if (runs.length !== 1 || !named) {
    throw new LogError(
      "invalid_request",
      "expectedOffset needs all records in one partition: name it in each record, or give them one key.",
    );
  }
}

/** @param parts the index is that of the one partition that `expectedOffset` is about */
export function guardsOf(parts: {
  readonly index: number;
  readonly expectedOffset: number | undefined;
  readonly step: ProducerStep | undefined;
  readonly layout?: number | undefined;
}): Guards {
  const { index, expectedOffset, step, layout } = parts;
  return {
    ...(layout === undefined ? {} : { layout }),
    ...(expectedOffset === undefined ? {} : { expected: [{ index, offset: expectedOffset }] }),
    ...(step === undefined ? {} : { producers: [step] }),
  };
}

/** JSON requests are stored uncompressed unless the topic says otherwise. */
function jsonCompression(configured: string): CompressionType {
  return configured === "gzip" || configured === "zstd" ? configured : "none";
}

function fillOffsets(results: RecordResult[], run: ShardRun, appended: Appended): void {
  eachOffset(run, appended, (position, place) => (results[position] = place));
}

/** Where each record of a shard's run is now, by its place in the request. */
export function eachOffset(
  { runs }: ShardRun,
  appended: Appended,
  tell: (position: number, place: { readonly partition: number; readonly offset: number; readonly duplicate: boolean }) => void,
): void {
  for (const [at, run] of runs.entries()) {
    const part = appended.parts[at];
    if (part === undefined) continue;
    const { partition } = run;
    const { baseOffset, duplicate } = part;
    for (let nth = 0; nth < run.records.length; nth++) tell(positionOf(run, nth), { partition, offset: baseOffset + nth, duplicate });
  }
}

function fillError(results: RecordResult[], { runs }: ShardRun, error: LogError): void {
  for (const run of runs) {
    for (let nth = 0; nth < run.records.length; nth++) results[positionOf(run, nth)] = { partition: run.partition, error };
  }
}
