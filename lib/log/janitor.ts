import type { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compression } from "../ports/compression.ts";
import type { Engine } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { JanitorRound } from "./janitor-round.ts";
import { Frontiers } from "./strata/frontiers.ts";
import type { StrataWork } from "./strata/work.ts";
import { defaultStrataTuning, type StrataTuning } from "./strata/tuning.ts";

/** What a round did. */
export interface JanitorReport extends Readonly<StrataWork> {
  /** Topics of which nothing is left now. */
  readonly deletionsFinished: number;
  /** Consumer groups that nobody had used for long, deleted with their offsets. */
  readonly groupsExpired: number;
  /** Shards that were looked at: those in use, and those where something was due. */
  readonly shardsSeen: number;
  readonly objectsDeleted: number;
  /** Segments of the shards that were looked at. */
  readonly segments: number;
  /** Entries that no segment has yet, of the shards that were looked at, and for how long the oldest of them are known to wait. */
  readonly unsealedEntries: number;
  readonly unsealedBytes: number;
  readonly unsealedAgeMs: number;
  /** Partitions, shards, deletions and groups that could not be tended; the next round tries again. */
  readonly failures: number;
  /** Whether it came to the last one in time. The next round goes on where this one stopped. */
  readonly isComplete: boolean;
}

/** What a round could not tend, while it went on with all else. */
export interface JanitorFailure {
  /** Its name, where it is known. */
  readonly topic?: string;
  readonly topicId?: string;
  readonly shard?: number;
  /** None: its shard's journal, or what is named before. */
  readonly partition?: number;
  readonly error: LogError;
}

export interface JanitorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly compression: Compression;
  /** Hears of each round. Default: nobody does. */
  readonly telemetry?: Telemetry | undefined;
  /** How long a consumer group without members is kept. Default `limits.offsetsRetentionMinutesDefault`, in milliseconds. */
  readonly offsetsRetentionMs?: number | undefined;
  /** When the strata are worked on. Default: what is cheap at list prices. */
  readonly strata?: Partial<StrataTuning> | undefined;
}

/** Runs one round. @param endMs by the clock, when to stop at the latest @param signal ends it early */
export type Janitor = (endMs: number, signal?: AbortSignal) => Promise<JanitorReport>;

/** The background work over an engine. Somebody has to ask for it now and then: nothing else seals, lets expire or frees. */
export function createJanitor(engine: Engine, parts: JanitorParts): Janitor {
  const { clock, random, compression, telemetry, strata, offsetsRetentionMs = 60_000 * limits.offsetsRetentionMinutesDefault } = parts;
  const tuning = { ...defaultStrataTuning, ...strata };
  const onFailure = telemetry && ((failure: JanitorFailure): void => tellFailure(telemetry, failure));
  const services = { engine, clock, random, compression, frontiers: Frontiers.of(engine, clock), tuning, offsetsRetentionMs, onFailure };
  return async (endMs, signal) => {
    const report = await new JanitorRound(services, endMs, signal).run();
    if (telemetry !== undefined) tellRound(telemetry, report);
    return report;
  };
}

function tellFailure(telemetry: Telemetry, { topic, topicId, shard, partition, error }: JanitorFailure): void {
  telemetry.log("warn", "janitor-failure", {
    ...(topic !== undefined && { topic }),
    ...(topicId !== undefined && { shard: `${topicId}/${shard ?? 0}` }),
    ...(partition !== undefined && { partition }),
    code: error.code,
    fault: error,
  });
}

/** A round as metrics and as a line of the log. */
function tellRound(telemetry: Telemetry, report: JanitorReport): void {
  const { shardsSeen: shards, seals, merges, segmentsExpired: expired, objectsDeleted: deleted, failures, isComplete } = report;
  // A round in which nothing was there to do measures nothing: where a metric costs, an idle log has none.
  if (seals > 0) telemetry.count("Seals", seals);
  if (merges > 0) telemetry.count("Merges", merges);
  if (report.sealedBytes > 0) telemetry.count("SealedBytes", report.sealedBytes);
  if (report.mergedBytes > 0) telemetry.count("RewrittenBytes", report.mergedBytes);
  if (report.reclaimedBytes > 0) telemetry.count("ReclaimedBytes", report.reclaimedBytes);
  if (failures > 0) telemetry.count("JanitorFailures", failures);
  if (!isComplete) telemetry.count("JanitorIncompleteRounds", 1);
  if (shards > 0) {
    telemetry.gauge("Segments", report.segments);
    telemetry.gauge("UnsealedBytes", report.unsealedBytes);
    telemetry.gauge("UnsealedAgeSeconds", report.unsealedAgeMs / 1000);
  }
  const isNews = seals + merges + expired + deleted + report.deletionsFinished + report.groupsExpired > 0 || !isComplete;
  telemetry.log(failures > 0 ? "warn" : isNews ? "info" : "debug", "janitor", {
    shards,
    seals,
    merges,
    expired,
    deleted,
    failures,
    isComplete,
  });
}
