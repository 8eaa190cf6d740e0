import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { ReadRoom } from "../../core/read-room.ts";
import type { Engine } from "../../ports/engine.ts";
import type { JanitorParts } from "../janitor.ts";
import type { Topic } from "../log.ts";
import { Frontiers } from "../strata/frontiers.ts";
import { readTopic, topicKey } from "../topic-row.ts";
import type { StrataServices } from "../strata/services.ts";
import { defaultStrataTuning, type StrataTuning } from "../strata/tuning.ts";

/** What was looked at so far. */
export interface CheckCounts {
  topics: number;
  shards: number;
  partitions: number;
  /** Of the journal. */
  entries: number;
  segments: number;
  objects: number;
  /** In the journal and in segments: what is in both counts twice. */
  records: number;
  bytes: number;
}

export type CheckParts = Pick<JanitorParts, "clock" | "random" | "compression">;

export interface CheckOptions {
  /** As the janitor's: its grace is how long repairs leave what writers may still be at. */
  readonly strata?: Partial<StrataTuning> | undefined;
  /** Hears of progress, often: it is to be quick. */
  readonly onProgress?: (counts: Readonly<CheckCounts>) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** How much a check does at once. */
export const checkAtOnce = {
  /** Of all topics. Requests take some milliseconds on AWS, and a shard needs about thirty, one after another. */
  shards: 16,
  /** Of one shard. */
  partitions: 4,
  /** Rows and objects about which little is asked. */
  rows: limits.shardConcurrency,
  /** Of entries and segments, that are read or looked into. */
  bytes: 4 * limits.strataReadBytes,
} as const;

/** A check that runs. */
export interface Check extends StrataServices {
  readonly counts: CheckCounts;
  /** Counts, tells, and ends the check when it is to end, or has failed elsewhere. @throws unavailable */
  readonly seen: (more: Partial<CheckCounts>) => void;
  /** What is looked at beside what has failed ends where it next tells what it has seen. @returns what failed first */
  readonly fail: (reason: unknown) => LogError;
  /** Of what is read at once. */
  readonly room: ReadRoom;
}

export function startCheck(
  engine: Engine,
  { clock, random, compression }: CheckParts,
  { strata, onProgress, signal }: CheckOptions,
): Check {
  const tuning = { ...defaultStrataTuning, ...strata };
  const counts: CheckCounts = { topics: 0, shards: 0, partitions: 0, entries: 0, segments: 0, objects: 0, records: 0, bytes: 0 };
  let failure: LogError | undefined;
  const fail = (reason: unknown): LogError => (failure ??= LogError.from(reason));
  const seen = (more: Partial<CheckCounts>): void => {
    for (const name of Object.keys(more) as (keyof CheckCounts)[]) counts[name] += more[name] ?? 0;
    onProgress?.(counts);
    // A code of its own: who looks at damaged bytes takes other codes for damage.
    if (failure !== undefined || signal?.aborted === true)
      throw new LogError("unavailable", "The check was ended before it came to its end: run it again.");
  };
  return {
    engine,
    clock,
    random,
    compression,
    frontiers: Frontiers.of(engine, clock),
    tuning,
    counts,
    seen,
    fail,
    room: new ReadRoom(checkAtOnce.bytes),
  };
}

/** The topic as it is now; undefined when it was deleted since, or made anew. */
export async function topicNow({ engine }: Pick<Check, "engine">, { name, id }: Pick<Topic, "name" | "id">): Promise<Topic | undefined> {
  const item = await engine.catalog.get(topicKey(name));
  const topic = item && readTopic(item).topic;
  return topic?.id === id ? topic : undefined;
}

/** What a step throws for one of these codes, and nothing when it throws none. @throws what it throws else */
export async function attempt<T>(
  codes: readonly LogError["code"][],
  step: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: LogError }> {
  try {
    return { value: await step() };
  } catch (reason) {
    const error = LogError.from(reason);
    if (!codes.includes(error.code)) throw reason;
    return { error };
  }
}
