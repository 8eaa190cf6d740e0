import type { AppRequest } from "./message.ts";

/**
 * The trace that a request belongs to, as 32 hex digits: of W3C's `traceparent` when it is a valid one, else of AWS's `X-Amzn-Trace-Id`,
 * whose `1-<8 hex>-<24 hex>` is the same number written otherwise. Undefined: it names none.
 */
export function traceIdOf(request: AppRequest): string | undefined {
  const [, version, w3c] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/.exec(request.header("traceparent") ?? "") ?? [];
  if (w3c !== undefined && version !== "ff" && !/^0+$/.test(w3c)) return w3c;
  const [, seconds, rest] = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/.exec(request.header("x-amzn-trace-id") ?? "") ?? [];
  return seconds !== undefined && rest !== undefined ? seconds + rest : undefined;
}
