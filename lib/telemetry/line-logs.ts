import type { Clock } from "../ports/clock.ts";
import { type LogEvent, type LogFields, type LogLevel, logLevels } from "../ports/telemetry.ts";
import { safeFields } from "./log-fields.ts";
import type { LogSink } from "./telemetry.ts";
import type { TraceContext } from "./trace-context.ts";

export interface LineLogsOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** `json`: one object a line. `text`: the same for a terminal. */
  readonly format: "json" | "text";
  readonly clock: Clock;
  readonly trace: TraceContext;
  /** Takes a line with its end. */
  readonly write: (line: string) => void;
}

/** Structured log lines: level, time, what happened, the request's trace id, and the fields that `log-fields.ts` lets through. */
export function lineLogs({ level: lowest, format, clock, trace, write }: LineLogsOptions): LogSink {
  const from = logLevels.indexOf(lowest);
  const logs = (level: LogLevel): boolean => logLevels.indexOf(level) >= from;
  return {
    logs,
    log(level: LogLevel, event: LogEvent, fields: LogFields) {
      if (!logs(level)) return;
      const { id } = trace;
      // What several requests share was begun by one of them by accident.
      const own = id === undefined || fields.traceIds !== undefined ? {} : { traceId: id };
      const line = { level, time: new Date(clock.nowMs()).toISOString(), event, ...own, ...safeFields(fields) };
      write(format === "json" ? `${JSON.stringify(line)}\n` : textOf(line));
    },
  };
}

function textOf({ level, time, event, ...fields }: { readonly level: string; readonly time: string; readonly event: string }): string {
  const facts = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value, withoutFrames)}`,
  );
  return `${time} ${level} ${event}${facts.join("")}\n`;
}

/** Whoever reads the text has the stack beside it. */
function withoutFrames(name: string, value: unknown): unknown {
  return name === "frames" ? undefined : value;
}
