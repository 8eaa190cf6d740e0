import type { LogError } from "../core/errors.ts";
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
  /** `json` for programs; `text` for people, whom a fault's whole stack is told. */
  readonly format: "json" | "text";
  readonly clock: Clock;
  readonly random: Random;
  /** Takes log lines with their ends. */
  readonly write: (line: string) => void;
}

/** Telemetry of a server. */
export interface ServerTelemetry {
  /** Undefined when no metrics are kept and nothing but faults is logged: requests then cost nothing more, and have no trace ids. */
  readonly telemetry: Telemetry | undefined;
  /** What `GET /metrics` answers; undefined when no metrics are kept. */
  readonly expose: (() => Promise<Exposition>) | undefined;
  /** Tells of a fault what `telemetry` does not. */
  readonly reportFault: (error: LogError) => void;
}

/** Log lines, and metrics in Prometheus's text format. */
export function serverTelemetry({ metrics, level, format, clock, random, write }: ServerTelemetryOptions): ServerTelemetry {
  const trace = new TraceContext(random);
  const logs = lineLogs({ level, format, clock, trace, write });
  const prometheus = metrics ? new PrometheusMetrics() : undefined;
  const isOn = metrics || logs.logs("debug");
  return {
    telemetry: isOn ? createTelemetry(trace, logs, prometheus) : undefined,
    expose: prometheus === undefined ? undefined : () => prometheus.expose(),
    reportFault(error) {
      if (format === "text") write(stackText(error));
      else if (!isOn) logs.log("error", "fault", { fault: error });
    },
  };
}

/** A fault for people. */
export function stackText(error: LogError): string {
  return `stratalog: ${error.cause instanceof Error ? (error.cause.stack ?? error.message) : error.message}\n`;
}
