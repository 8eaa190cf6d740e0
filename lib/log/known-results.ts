import { LogError } from "../core/errors.ts";
import type { RecordResult } from "./log.ts";

/** The same error, told as one after which nobody knows whether it was done. */
export function asUnknown(reason: unknown): LogError {
  const { code, message, details, retryAfterMs } = LogError.from(reason);
  return new LogError(code, message, {
    outcome: "unknown",
    details,
    cause: reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/**
 * What is known of a request's records after it was decided anew: what was done stays done, and what was unknown stays unknown until it
 * is done, whatever a later attempt was refused for.
 */
export function knownResults(earlier: readonly RecordResult[] | undefined, later: readonly RecordResult[]): readonly RecordResult[] {
  if (earlier === undefined) return later;
  return later.map((result, at) => {
    const before = earlier[at];
    if (before === undefined || !("error" in result)) return result;
    if (!("error" in before)) return before;
    const wasUnknown = before.error.outcome === "unknown" && result.error.outcome === "not-applied";
    return wasUnknown ? { partition: before.partition, error: asUnknown(result.error) } : result;
  });
}

/** The results when a later attempt failed as a whole. */
export function knownAfterFailure(earlier: readonly RecordResult[], reason: unknown): readonly RecordResult[] {
  const error = LogError.from(reason);
  return knownResults(
    earlier,
    earlier.map(({ partition }) => ({ partition, error })),
  );
}
