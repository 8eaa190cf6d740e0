import { performance } from "node:perf_hooks";
import type { MetricDimension, MetricName } from "../config/metrics.ts";
import type { LogEvent, LogFields, LogLevel, Telemetry } from "../ports/telemetry.ts";
import type { TraceContext } from "./trace-context.ts";

export type DimensionValues = Readonly<Partial<Record<MetricDimension, string>>>;

/** Takes values of metrics: adds to a counter, notes one of a histogram, replaces a gauge's. */
export interface MetricSink {
  record(metric: MetricName, value: number, dimensions: DimensionValues): void;
}

/** Takes log lines. */
export interface LogSink {
  logs(level: LogLevel): boolean;
  log(level: LogLevel, event: LogEvent, fields: LogFields): void;
}

const none: DimensionValues = {};

/** The port over where metrics and log lines go. @param sink undefined: no metrics */
export function createTelemetry(trace: TraceContext, logs: LogSink, sink: MetricSink | undefined): Telemetry {
  const record = (metric: MetricName, value: number, dimensions: DimensionValues = none): void => {
    // No metric has others, and a bad one must not fail the work that it is about.
    if (sink !== undefined && Number.isFinite(value) && value >= 0) sink.record(metric, value, dimensions);
  };
  return {
    count: record,
    observe: record,
    gauge: record,
    logs: (level) => logs.logs(level),
    log: (level, event, fields) => logs.log(level, event, fields),
    traceId: () => trace.id,
    traced: (traceId, work) => trace.run(traceId, work),
    nowMs: () => performance.now(),
  };
}
