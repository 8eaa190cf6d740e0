import { mapBounded } from "../core/bounded.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { checkTopicName } from "../core/names.ts";
import type { Catalog, CatalogWrite } from "../ports/catalog.ts";
import type { Appended, ShardAppend } from "../ports/journal.ts";
import { type AppendServices, eachOffset, entryFor } from "./appender.ts";
import type { OutputPlace, OutputRecord, Topic } from "./log.ts";
import { layoutOf } from "./placement.ts";
import { dependsOnCount, routeRecords, type ShardRun } from "./routing.ts";
import type { TopicCache } from "./topic-cache.ts";
import { mayBeStale } from "./topic-runner.ts";
import type { VersionedTopic } from "./topic-row.ts";
import type { CatalogTopics } from "./topics.ts";

export interface OutputServices extends AppendServices {
  readonly catalog: Catalog;
  readonly cache: TopicCache;
  readonly topics: Pick<CatalogTopics, "finishGrowth">;
  /** A number that goes on with each transaction: where its records without a key go. */
  readonly nextKeyless: () => number;
}

/** The outputs of one topic, with their places among all outputs. */
interface TopicOutputs {
  readonly name: string;
  readonly records: readonly OutputRecord[];
  readonly positions: readonly number[];
}

/** One shard's part of the transaction. */
interface Routed {
  readonly append: ShardAppend;
  readonly run: ShardRun;
  readonly outputs: TopicOutputs;
}

/**
 * Appends records of one or several topics and writes catalog items in one atomic step: all of it or nothing. Where a topic has changed, the records are routed
 * anew; the writes stay as they were given.
 * @returns where each record is, in the order given
 * @throws conflict, not applied, when a condition of the writes does not hold: decide them anew; unknown_topic_or_partition, request_too_large,
 *   message_too_large, invalid_request, and what the journal throws (an unknown outcome stays one)
 */
export async function appendOutputs(
  services: OutputServices,
  outputs: readonly OutputRecord[],
  writes: readonly CatalogWrite[],
): Promise<readonly OutputPlace[]> {
  if (outputs.length === 0) {
    await services.catalog.transact(writes);
    return [];
  }
  if (outputs.length > limits.requestRecordsMax) {
    throw tooLarge(`A transaction holds at most ${limits.requestRecordsMax} records, not ${outputs.length}`);
  }
  const byTopic = groupByTopic(outputs);
  const keyless = services.nextKeyless();
  let found: readonly VersionedTopic[] = await mapBounded(byTopic, limits.shardConcurrency, ({ name }) => services.cache.get(name));
  for (let attempt = 1; ; attempt++) {
    try {
      return await appendRouted(services, routed(services, byTopic, found, keyless), writes, outputs.length);
    } catch (reason) {
      const refusal = LogError.from(reason);
      if (attempt === limits.redecisionsMax || !mayBeStale(refusal)) throw refusal;
      const fresh = await mapBounded(byTopic, limits.shardConcurrency, ({ name }) => services.cache.refresh(name));
      if (!fresh.some((topic, at) => hasChanged(topic, found[at]))) throw refusal;
      found = await mapBounded(fresh, limits.shardConcurrency, (topic) => services.topics.finishGrowth(topic));
    }
  }
}

async function appendRouted(
  { journal, hub }: OutputServices,
  shards: readonly Routed[],
  writes: readonly CatalogWrite[],
  count: number,
): Promise<readonly OutputPlace[]> {
  checkSize(shards, writes.length);
  const tellReaders = () => {
    for (const { run } of shards) hub.notify(run.shard);
  };
  let appended: readonly Appended[];
  try {
    appended = await journal.transact(
      shards.map(({ append }) => append),
      writes,
    );
  } catch (reason) {
    // It may be there: who waits has a look.
    if (LogError.from(reason).outcome === "unknown") tellReaders();
    throw reason;
  }
  tellReaders();
  const places = new Array<OutputPlace>(count);
  for (const [at, { run, outputs }] of shards.entries()) {
    eachOffset(run, appended[at] as Appended, (position, { partition, offset }) => {
      places[outputs.positions[position] as number] = { topic: outputs.name, partition, offset };
    });
  }
  return places;
}

function routed(
  services: OutputServices,
  byTopic: readonly TopicOutputs[],
  found: readonly VersionedTopic[],
  keyless: number,
): readonly Routed[] {
  return byTopic.flatMap((outputs, at) => {
    const { topic } = found[at] as VersionedTopic;
    const guards = guardsFor(topic, outputs);
    return routeRecords(topic, outputs, topic.partitions, keyless).map((run) => {
      const append = { shard: run.shard, entry: entryFor(services, topic, run), guards };
      return { append, run, outputs };
    });
  });
}

/** What goes by the partition count goes by the one that the topic has: a key's records stay in one partition. */
function guardsFor(topic: Topic, outputs: TopicOutputs): { readonly layout?: number } {
  return dependsOnCount(outputs) ? { layout: layoutOf(topic) } : {};
}

function groupByTopic(outputs: readonly OutputRecord[]): readonly TopicOutputs[] {
  const topics = new Map<string, { name: string; records: OutputRecord[]; positions: number[] }>();
  for (const [position, record] of outputs.entries()) {
    const { topic: name } = record;
    let own = topics.get(name);
    if (own === undefined) {
      checkTopicName(name);
      own = { name, records: [], positions: [] };
      topics.set(name, own);
    }
    own.records.push(record);
    own.positions.push(position);
  }
  if (topics.size > limits.transactWritesMax) {
    throw tooLarge(`A transaction has records of at most ${limits.transactWritesMax} topics, not ${topics.size}`);
  }
  return [...topics.values()];
}

function checkSize(shards: readonly Routed[], writes: number): void {
  const items = shards.length + writes;
  if (items > limits.transactWritesMax) {
    throw tooLarge(
      `A transaction has at most ${limits.transactWritesMax} items, one for each offset or other write and one for each shard (partitionsPerShard partitions of a topic) that its records go to, not ${items}`,
    );
  }
  let bytes = 0;
  for (const { append } of shards) for (const { batches } of append.entry.parts) bytes += batches.byteLength;
  if (bytes > limits.outputBytesMax) throw tooLarge(`A transaction's records have at most ${limits.outputBytesMax} bytes, not ${bytes}`);
}

function tooLarge(what: string): LogError {
  return new LogError("request_too_large", `${what}: nothing is written. Send several.`);
}

function hasChanged(fresh: VersionedTopic, before: VersionedTopic | undefined): boolean {
  return fresh.version !== before?.version || fresh.row.id !== before.row.id || fresh.row.growingTo > 0;
}
