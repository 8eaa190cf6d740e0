import type { MetricName } from "../../../lib/config/metrics.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { LogEvent, LogFields, LogLevel, Telemetry } from "../../../lib/ports/telemetry.ts";
import { lineLogs } from "../../../lib/telemetry/line-logs.ts";
import { createTelemetry, type DimensionValues } from "../../../lib/telemetry/telemetry.ts";
import { TraceContext } from "../../../lib/telemetry/trace-context.ts";

export interface Line extends Omit<LogFields, "fault"> {
  readonly level: LogLevel;
  readonly time: string;
  readonly event: LogEvent;
  readonly traceId?: string;
  readonly fault?: { readonly code: string; readonly class: string; readonly place?: string; readonly frames: readonly string[] };
}

/** Telemetry that remembers what it was told, log lines as they are written. */
export function telemetryForTests(level: LogLevel = "debug") {
  const trace = new TraceContext(nodeRandom);
  const written: string[] = [];
  const recorded: { readonly metric: MetricName; readonly value: number; readonly dimensions: DimensionValues }[] = [];
  const logs = lineLogs({ level, format: "json", clock: nodeClock, trace, write: (line) => written.push(line) });
  const telemetry: Telemetry = createTelemetry(trace, logs, {
    record: (metric, value, dimensions) => recorded.push({ metric, value, dimensions }),
  });
  return {
    telemetry,
    written,
    recorded,
    lines: (event: LogEvent) => written.map((line) => JSON.parse(line) as Line).filter((line) => line.event === event),
    /** A metric's values together; of one set of dimensions when it is given. */
    sum: (metric: MetricName, dimensions?: DimensionValues) =>
      recorded
        .filter(
          (one) => one.metric === metric && (dimensions === undefined || JSON.stringify(one.dimensions) === JSON.stringify(dimensions)),
        )
        .reduce((sum, { value }) => sum + value, 0),
  };
}
