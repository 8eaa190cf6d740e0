import { countRecords } from "../core/codec/record-batch.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Engine } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { CatalogAcls } from "./acls.ts";
import { Appender } from "./appender.ts";
import { mapBounded } from "../core/bounded.ts";
import { ChangeHub } from "./change-hub.ts";
import { CatalogConsumers } from "./consumers/catalog-consumers.ts";
import { fetchBatches, type FetchServices, offsetForTime } from "./fetcher.ts";
import { CatalogGroups } from "./groups/catalog-groups.ts";
import { transactions } from "./groups/transactions.ts";
import { fetchForMember } from "./groups/member-fetch.ts";
import { knownAfterFailure, knownResults } from "./known-results.ts";
import type { AppendRequest, FetchRequest, FetchResult, Log, RecordResult, Topic } from "./log.ts";
import { meteredJournal } from "./metered-journal.ts";
import { appendOutputs } from "./outputs.ts";
import { checkPartition } from "./placement.ts";
import { appendBatches } from "./raw-appender.ts";
import { createQuotas } from "./quotas/create-quotas.ts";
import { deleteRecords } from "./strata/delete-records.ts";
import { Frontiers } from "./strata/frontiers.ts";
import { ActiveMarks } from "./strata/marks.ts";
import { markingJournal } from "./strata/marking-journal.ts";
import { SegmentReader } from "./strata/segment-reader.ts";
import { defaultStrataTuning, type StrataTuning } from "./strata/tuning.ts";
import { CatalogTokens } from "./tokens.ts";
import { TopicCache } from "./topic-cache.ts";
import { type OnTopic, topicRunner } from "./topic-runner.ts";
import { CatalogTopics } from "./topics.ts";
import { waitForTopic } from "./wait.ts";
import { watermarksOf } from "./watermarks.ts";

export interface LogParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly compression: Compression;
  /** Counts records and bytes, and times commits. Default: nothing does. */
  readonly telemetry?: Telemetry | undefined;
  /** Whether callers are held to their quotas. Default: where no other process shares the engine; where one may, leases of quotas take writes to the catalog. */
  readonly enforcesQuotas?: boolean | undefined;
  /** As the janitor's (`createJanitor`): here it says how often writers mark what they use. */
  readonly strata?: Partial<StrataTuning> | undefined;
}

/** The log over an engine. `close` closes the engine too. */
export function createLog(engine: Engine, parts: LogParts): Log {
  const { random, telemetry } = parts;
  const { services, strata, cache, closing } = servicesOf(engine, parts);
  const { hub } = services;
  const topics = new CatalogTopics({ engine, clock: parts.clock, random, cache, hub });
  const appender = new Appender(services, firstKeyless(random));

  const onTopic = topicRunner(cache, topics);
  const held = new Set<string>();
  const groupServices = { catalog: engine.catalog, clock: parts.clock, cache, topics, held };

  const marksOf = (topic: Topic, partitions: readonly number[]) => watermarksOf(services, topic, partitions);

  const outputs = { ...services, ...groupServices, nextKeyless: countedFrom(firstKeyless(random)) };
  const groups = new CatalogGroups(groupServices);
  const log: Omit<Log, "consumers" | "fetchForMember"> = {
    topics,
    groups,
    ...accessOf(engine, parts),
    append: async (name: string, request: AppendRequest) => {
      let known: readonly RecordResult[] | undefined;
      const run = async (topic: Topic) => (known = knownResults(known, await appender.append(topic, request)));
      try {
        return await onTopic(name, run, request.producer === undefined ? undefined : wasOvertaken);
      } catch (reason) {
        if (known === undefined) throw reason;
        return knownAfterFailure(known, reason);
      }
    },
    appendBatches: (name, partition, batches, options) =>
      onTopic(name, (topic) => appendBatches(services, topic, partition, batches, options)),
    commitWith: transactions(outputs, random),
    fetch: (name: string, partition: number, request: FetchRequest) =>
      onTopic(name, async (topic) => {
        checkPartition(topic, partition);
        checkFetch(request);
        const result = await fetchBatches(services, topic, partition, request);
        if (telemetry !== undefined) countFetch(telemetry, result);
        return result;
      }),
    offsetsForTime: (name, timestampMs, partitions) =>
      onTopic(name, async (topic) => {
        const asked = partitions ?? all(topic);
        for (const partition of asked) checkPartition(topic, partition);
        return await mapBounded(asked, limits.shardConcurrency, (partition) => offsetForTime(services, topic, partition, timestampMs));
      }),
    watermarks: (name, partitions) =>
      onTopic(name, async (topic) => {
        const asked = partitions ?? all(topic);
        for (const partition of asked) checkPartition(topic, partition);
        return await marksOf(topic, asked);
      }),
    changed: waitsFor(services, onTopic),
    deleteRecords: (name, before) =>
      onTopic(name, async (topic) => {
        for (const { partition } of before) checkPartition(topic, partition);
        return await deleteRecords(strata, topic, before);
      }),
    close: async () => {
      closing.abort();
      await engine.close();
    },
  };
  const consumers = new CatalogConsumers({
    ...services,
    ...{ log, random, telemetry, held },
    ensureGroup: (group) => groups.ensure(group),
    withoutMembers: (group, writes) => groups.withoutMembers(group, writes),
    appendOutputs: (records, writes) => appendOutputs(outputs, records, writes),
  });
  return { ...log, consumers, fetchForMember: (group, fetch) => fetchForMember(log, parts.clock, group, fetch) };
}

function waitsFor(services: FetchServices, onTopic: OnTopic): Log["changed"] {
  const { hub } = services;
  return (name, waitMs, signal, since) => {
    const before = hub.changes;
    return onTopic(name, async (topic) => {
      if (hub.changes !== before) return;
      const ends = async (): Promise<string> => JSON.stringify(await watermarksOf(services, topic, all(topic)));
      const was = since === undefined ? undefined : JSON.stringify(since);
      await waitForTopic(services, topic, { waitMs, ends, was, signal });
    });
  };
}

/** Of the first batch only what is asked for counts; of the offsets only those that are still there. */
function countFetch(telemetry: Telemetry, { nextOffset, offset, batches }: FetchResult): void {
  telemetry.count("FetchRecords", Math.min(nextOffset - offset, countRecords(batches)));
  telemetry.count("FetchBytes", batches.byteLength);
}

/** What the use cases share. */
function servicesOf(engine: Engine, parts: LogParts) {
  const { clock, random, compression, telemetry } = parts;
  const { catalog, isShared } = engine;
  const tuning = { ...defaultStrataTuning, ...parts.strata };
  const marking = markingJournal(engine.journal, new ActiveMarks(catalog, clock, tuning.markMs));
  const journal = telemetry === undefined ? marking : meteredJournal(marking, telemetry);
  const frontiers = Frontiers.of(engine, clock);
  const segments = new SegmentReader(catalog, engine.objects, clock);
  const closing = new AbortController();
  const hub = new ChangeHub();
  return {
    services: { journal, catalog, frontiers, segments, clock, compression, hub, isShared, closing: closing.signal },
    strata: { engine, clock, random, compression, frontiers, tuning },
    cache: new TopicCache(catalog, clock, isShared),
    closing,
  };
}

function firstKeyless(random: Random): number {
  return random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0);
}

function countedFrom(first: number): () => number {
  let count = first;
  return () => (count = (count + 1) >>> 0);
}

function all({ partitions }: Topic): readonly number[] {
  return [...Array(partitions).keys()];
}

function accessOf({ catalog, isShared }: Engine, parts: LogParts): Pick<Log, "acls" | "tokens" | "quotas"> {
  const { clock, random, telemetry, enforcesQuotas = !isShared } = parts;
  const services = { catalog, isShared, clock, random };
  return {
    acls: new CatalogAcls(services),
    tokens: new CatalogTokens(services),
    quotas: createQuotas(services, { isEnforced: enforcesQuotas, telemetry }),
  };
}

/** An idempotent request over several shards, part of which met a topic that had grown: asking again completes it. */
function wasOvertaken(results: readonly RecordResult[]): boolean {
  return results.some((result) => "error" in result && result.error.code === "conflict");
}

function checkFetch({ from, bytesMax = 1, recordsMax = 1, waitMs = 0 }: FetchRequest): void {
  const bounded = (value: number, min: number, max: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  if (typeof from === "number" && !bounded(from, 0, Number.MAX_SAFE_INTEGER))
    throw new LogError("invalid_request", "An offset is an integer from 0.");
  if (typeof from === "object" && !Number.isSafeInteger(from.timestampMs))
    throw new LogError("invalid_request", "A time is an integer of milliseconds.");
  if (!bounded(bytesMax, 1, limits.fetchBytesMax))
    throw new LogError("invalid_request", `A fetch takes 1 to ${limits.fetchBytesMax} bytes.`);
  if (!bounded(recordsMax, 1, Number.MAX_SAFE_INTEGER)) throw new LogError("invalid_request", "A fetch takes at least 1 record.");
  if (!bounded(waitMs, 0, limits.fetchWaitMsMax)) throw new LogError("invalid_request", `A fetch waits 0 to ${limits.fetchWaitMsMax} ms.`);
}
