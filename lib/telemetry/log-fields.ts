import type { LogError } from "../core/errors.ts";
import type { LogFields } from "../ports/telemetry.ts";

type Plain = string | number | readonly string[] | Readonly<Record<string, string | readonly string[]>>;

const count = (value: number): Plain | undefined => (Number.isFinite(value) ? value : undefined);
const like = (pattern: RegExp) => (value: string) => (pattern.test(value) ? value : undefined);
const traceId = like(/^[0-9a-f]{32}$/);

/** Trace ids of one line: as many requests as can share a commit several times over. */
const traceIdsMax = 64;
const framesMax = 20;

/** Every field of a log line, and what it may look like. Anything else is left out: that is what keeps payloads and secrets out of the logs. */
const writers: { readonly [F in keyof Required<LogFields>]: (value: Required<LogFields>[F]) => Plain | undefined } = {
  operation: like(/^[a-zA-Z]{1,64}$/),
  topic: like(/^[a-zA-Z0-9._-]{1,249}$/),
  shard: like(/^[a-zA-Z0-9._-]{1,249}\/\d{1,6}$/),
  partition: count,
  status: count,
  code: like(/^[a-z_]{1,64}$/),
  durationMs: (value) => count(Math.round(value * 1000) / 1000),
  seq: count,
  entries: count,
  records: count,
  bytes: count,
  shards: count,
  seals: count,
  merges: count,
  expired: count,
  deleted: count,
  failures: count,
  isComplete: (value) => (value ? "yes" : "no"),
  traceIds: (values) => values.slice(0, traceIdsMax).flatMap((value) => traceId(value) ?? []),
  fault: faultText,
};
const fieldNames = Object.keys(writers) as (keyof LogFields)[];

/** The fields as they may be written. */
export function safeFields(fields: LogFields): Readonly<Record<string, Plain>> {
  const safe: Record<string, Plain> = {};
  for (const name of fieldNames) {
    const value = fields[name];
    if (value === undefined) continue;
    const written = (writers[name] as (value: unknown) => Plain | undefined)(value);
    if (written !== undefined) safe[name] = written;
  }
  return safe;
}

/** An error's message may quote what a client sent, as that of `JSON.parse` does; its class and its stack's frames say where to look and quote nothing. */
function faultText(error: LogError): Plain {
  const { cause } = error;
  const origin = cause instanceof Error ? cause : error;
  const frames = (origin.stack ?? "").split("\n").flatMap((line) => /^ {4}(at .*)$/.exec(line)?.[1] ?? []);
  const system =
    "code" in origin && typeof origin.code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(origin.code) ? origin.code : undefined;
  return {
    code: error.code,
    class: /^\w{1,64}$/.test(origin.name) ? origin.name : "Error",
    ...(system !== undefined && { system }),
    ...(error.code === "corrupt_log" && { place: error.message }),
    frames: frames.slice(0, framesMax),
  };
}
