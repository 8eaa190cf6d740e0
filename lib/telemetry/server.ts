import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { Exposition, LogLevel, Telemetry } from "../ports/telemetry.ts";
import { lineLogs } from "./line-logs.ts";
import { PrometheusMetrics } from "./prometheus.ts";
import { createTelemetry } from "./telemetry.ts";
import { TraceContext } from "./trace-context.ts";

export interface ServerTelemetryOptions {
  /** Whether metrics are kept. */
  readonly metrics: boolean;
  readonly level: LogLevel;
  readonly format: "json" | "text";
  readonly clock: Clock;
  readonly random: Random;
  /** Takes log lines with their ends. */
  readonly write: (line: string) => void;
}

/** Telemetry of a server. */
export interface ServerTelemetry {
  readonly telemetry: Telemetry;
  /** What `GET /metrics` answers; undefined when no metrics are kept. */
  readonly expose: (() => Promise<Exposition>) | undefined;
}

/** Log lines, and metrics in Prometheus's text format. */
export function serverTelemetry({ metrics, level, format, clock, random, write }: ServerTelemetryOptions): ServerTelemetry {
  const trace = new TraceContext(random);
  const prometheus = metrics ? new PrometheusMetrics() : undefined;
  const telemetry = createTelemetry(trace, lineLogs({ level, format, clock, trace, write }), prometheus);
  return { telemetry, expose: prometheus === undefined ? undefined : () => prometheus.expose() };
}
