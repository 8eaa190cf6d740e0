import type { AppRequest } from "./message.ts";

/**
 * The trace that a request belongs to, as 32 hex digits: of W3C's `traceparent` when it is a valid one, else of AWS's `X-Amzn-Trace-Id`,
 * whose `1-<8 hex>-<24 hex>` is the same number written otherwise. Undefined: it names none.
 */
export function traceIdOf(request: AppRequest): string | undefined {
  const traceparent = request.header("traceparent");
  if (traceparent !== undefined) {
    const [, version, id] = /^([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/.exec(traceparent) ?? [];
    if (id !== undefined && version !== "ff" && !/^0+$/.test(id)) return id;
  }
  const amazon = request.header("x-amzn-trace-id");
  if (amazon === undefined) return undefined;
  const [, seconds, rest] = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/.exec(amazon) ?? [];
  return seconds !== undefined && rest !== undefined ? seconds + rest : undefined;
}
