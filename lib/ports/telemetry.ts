import type { metrics, MetricName } from "../config/metrics.ts";
import type { ErrorCode, LogError } from "../core/errors.ts";

/**
 * What a running log tells of itself: metrics, log lines and the trace id of the request that is being worked on.
 * Where none is given nothing is told, and nothing is spent on it. No method throws, and none may be waited for.
 * Metrics and their dimensions are those of `lib/config/metrics.ts`; log lines have no free text and no free fields, so that
 * no payload, key, header, credential or query string can get into one.
 */
export interface Telemetry {
  count<N extends MetricOf<"counter">>(metric: N, value: number, ...dimensions: DimensionsOf<N>): void;
  observe<N extends MetricOf<"histogram">>(metric: N, value: number, ...dimensions: DimensionsOf<N>): void;
  /** The newest value replaces the one before. */
  gauge<N extends MetricOf<"gauge">>(metric: N, value: number, ...dimensions: DimensionsOf<N>): void;

  /** Whether lines of a level are written: spares the work for one that is not. */
  logs(level: LogLevel): boolean;
  log(level: LogLevel, event: LogEvent, fields: LogFields): void;

  /** The trace id, 32 hex digits, that `work` runs under; undefined outside of `traced`. */
  traceId(): string | undefined;
  /** Runs work, and all that it awaits, under a trace id. @param traceId undefined: a new one */
  traced<T>(traceId: string | undefined, work: () => T): T;

  /** Milliseconds, with fractions, from some start: only differences mean something. Never goes back. */
  nowMs(): number;
}

export type MetricOf<K extends string> = { [N in MetricName]: (typeof metrics)[N]["kind"] extends K ? N : never }[MetricName];

/** A value for each of the metric's dimensions; nothing for a metric that has none. */
export type DimensionsOf<N extends MetricName> = (typeof metrics)[N]["dimensions"] extends readonly []
  ? []
  : [Readonly<Record<(typeof metrics)[N]["dimensions"][number], string>>];

/** Metrics as Prometheus reads them. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** In rising order. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a log line can be about. */
export type LogEvent =
  /** A request was answered. */
  | "request"
  /** A request's records are durable: its part for one shard. */
  | "append"
  /** Engine `aws`: a commit is durable, with all appends that shared it. */
  | "commit"
  /** A commit got no clear answer from storage. */
  | "commit-ambiguous"
  /** A round of the janitor is over. */
  | "janitor"
  /** What a round of the janitor could not tend. */
  | "janitor-failure"
  /** A fault in Stratalog, or damaged bytes. */
  | "fault";

/** What a log line can hold; `lib/telemetry/log-fields.ts` says what each may look like, and what looks otherwise is left out. */
export interface LogFields {
  /** `operationId` of the API. */
  readonly operation?: string;
  /** A topic's name. */
  readonly topic?: string;
  /** A topic's id and the shard's number, as `id/0`. */
  readonly shard?: string;
  readonly partition?: number;
  readonly status?: number;
  readonly code?: ErrorCode;
  readonly durationMs?: number;
  /** The number of a commit's first entry. */
  readonly seq?: number;
  readonly entries?: number;
  readonly records?: number;
  readonly bytes?: number;
  /** Of a janitor's round: shards seen, seals and merges made, segments that expired, objects deleted, what could not be tended. */
  readonly shards?: number;
  readonly seals?: number;
  readonly merges?: number;
  readonly expired?: number;
  readonly deleted?: number;
  readonly failures?: number;
  /** Whether a janitor's round came to the last topic in time. */
  readonly isComplete?: boolean;
  /** Of requests that share what the line is about; in place of the line's own `traceId`. */
  readonly traceIds?: readonly string[];
  /** Written as its code, its cause's class and where in the code it was thrown. Its message only where the code is `corrupt_log`, whose messages name places. */
  readonly fault?: LogError;
}
