import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { LogLevel, Telemetry } from "../ports/telemetry.ts";
import { EmfMetrics } from "./emf.ts";
import { lineLogs } from "./line-logs.ts";
import { createTelemetry } from "./telemetry.ts";
import { TraceContext } from "./trace-context.ts";

export interface LambdaTelemetryOptions {
  /** The log's name: the dimension `Log` of its metrics. */
  readonly logName: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Takes lines with their ends. Default: standard output as it is, without what Lambda's `console` puts before a line. */
  readonly write?: (line: string) => void;
}

/** Telemetry of a function, and what it has to call when an invocation's work is done. */
export interface LambdaTelemetry {
  readonly telemetry: Telemetry;
  /** Writes the invocation's metrics. Nothing when nothing was recorded. */
  flush(): void;
}

/** JSON log lines and CloudWatch's embedded metrics, both to standard output, which Lambda sends to CloudWatch Logs. */
export function lambdaTelemetry({ logName, clock, random, level = "info", write = toOutput }: LambdaTelemetryOptions): LambdaTelemetry {
  const trace = new TraceContext(random);
  const emf = new EmfMetrics({ logName, clock, write });
  const telemetry = createTelemetry(trace, lineLogs({ level, format: "json", clock, trace, write }), emf);
  return { telemetry, flush: () => emf.flush() };
}

function toOutput(line: string): void {
  process.stdout.write(line);
}
