import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { checkedTopic, checkOptionNames, type OptionNames } from "./check-options.ts";
import { checkedPosition } from "./position.ts";
import type { StallCallbacks } from "./stalls.ts";
import type { Format, Position } from "./types.ts";

export interface ConsumeOptions<F extends Format = "text"> extends StallCallbacks {
  readonly topic: string;
  /** Default all, also those that the topic gets later (these from their first record). */
  readonly partitions?: readonly number[];
  /** Where to start: one position for all, or one for each partition (those without one start at `earliest`). Default `latest`. */
  readonly from?: Position | { readonly partitions: Readonly<Record<number, Position>> };
  /** Default `text`. */
  readonly format?: F;
  /** `end`: stop at the end that the topic had when reading began. Default `never`: wait for more. */
  readonly until?: "end" | "never";
  /** Aborting it ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Read-ahead stops at about this many bytes. Default 8,388,608. */
  readonly prefetchBytes?: number;
  /** Requests in flight. Default 4 in a web page (browsers allow six connections to a host), else 16. */
  readonly requestsMax?: number;
  /** How long to keep trying when the server cannot be reached. Default for ever. */
  readonly retryTimeoutMs?: number;
  /** How often to look for new partitions. Default 10,000. */
  readonly metadataMaxAgeMs?: number;
}

export interface ConsumerSettings<F extends Format> {
  readonly topic: string;
  readonly partitions: readonly number[] | undefined;
  readonly positionOf: (partition: number) => Position;
  readonly format: F;
  readonly untilEnd: boolean;
  readonly prefetchBytes: number;
  readonly requestsMax: number;
  readonly retryTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
}

const optionNames: OptionNames<ConsumeOptions> = {
  topic: true,
  partitions: true,
  from: true,
  format: true,
  until: true,
  signal: true,
  prefetchBytes: true,
  requestsMax: true,
  retryTimeoutMs: true,
  metadataMaxAgeMs: true,
  onStalled: true,
  onRecovered: true,
};

/** @throws invalid_request, invalid_topic */
export function consumerSettings<F extends Format>(options: ConsumeOptions<F>): ConsumerSettings<F> {
  checkOptionNames("consumer", options, optionNames);
  const { partitions } = options;
  if (partitions !== undefined && (partitions.length === 0 || new Set(partitions).size < partitions.length)) {
    throw new LogError("invalid_request", "A consumer's `partitions` must name at least one partition, each once.");
  }
  return {
    topic: checkedTopic("consumer's topic", options.topic),
    partitions,
    positionOf: positionOf(options.from ?? "latest"),
    format: options.format ?? ("text" as F),
    untilEnd: options.until === "end",
    prefetchBytes: checked("prefetchBytes", options.prefetchBytes ?? 8 * 1024 * 1024, 1, 1024 * 1024 * 1024),
    requestsMax: checked("requestsMax", options.requestsMax ?? ("document" in globalThis ? 4 : 16), 1, 1_000),
    retryTimeoutMs: checked("retryTimeoutMs", options.retryTimeoutMs ?? Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY),
    metadataMaxAgeMs: checked("metadataMaxAgeMs", options.metadataMaxAgeMs ?? 10_000, 1, 24 * 3_600_000),
  };
}

function positionOf(from: NonNullable<ConsumeOptions["from"]>): (partition: number) => Position {
  const name = "consumer's from";
  if (typeof from === "object" && "partitions" in from) {
    const positions = Object.entries(from.partitions).map(
      ([partition, own]) => [Number(partition), checkedPosition(name, own ?? "earliest")] as const,
    );
    const byPartition = new Map(positions);
    return (partition) => byPartition.get(partition) ?? "earliest";
  }
  const position = checkedPosition(name, from);
  return () => position;
}

/** A page of a consumer: records, bytes and wait of one request. */
export const consumerPage = { limit: limits.fetchRecordsMax, maxBytes: limits.fetchBytesDefault, waitMs: 10_000 } as const;

function checked(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new LogError("invalid_request", `A consumer's ${name} must be from ${min} to ${max}, not ${value}.`);
}
