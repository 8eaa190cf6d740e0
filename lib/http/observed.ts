import { LogError } from "../core/errors.ts";
import type { LogFields, Telemetry } from "../ports/telemetry.ts";
import { type AppBody, type AppRequest, type AppResponse, isStream } from "./message.ts";
import { traceIdOf } from "./trace-id.ts";
import { responseHeaders } from "./wire.ts";

/** What becomes known of a request while it is worked on. */
export interface RequestFacts {
  operation?: string;
  topic?: string;
  /** Of the error that it is answered with. */
  code?: LogError["code"];
}

export type Handle = (request: AppRequest, facts?: RequestFacts) => Promise<AppResponse>;

/** A handler whose requests run under a trace id, which their answers name, and are counted, timed and logged. */
export function observed(telemetry: Telemetry, handle: Handle): Handle {
  return (request) =>
    telemetry.traced(traceIdOf(request), async () => {
      const startMs = telemetry.nowMs();
      const facts: RequestFacts = {};
      const response = await handle(request, facts);
      tell(telemetry, facts, response.status, telemetry.nowMs() - startMs);
      const traceId = telemetry.traceId() ?? "";
      const headers = { ...response.headers, [responseHeaders.traceId]: traceId };
      const { body } = response;
      return isStream(body) ? { ...response, headers, body: tracedBody(telemetry, traceId, body) } : { ...response, headers };
    });
}

function tell(telemetry: Telemetry, facts: RequestFacts, status: number, durationMs: number): void {
  const operation = facts.operation ?? "none";
  telemetry.count("Requests", 1, { operation, status: `${Math.floor(status / 100)}xx` });
  telemetry.observe("RequestSeconds", durationMs / 1000, { operation });
  if (status === 429) telemetry.count("Throttles", 1);
  if (status >= 500) telemetry.count("ServerErrors", 1);
  const level = status >= 500 ? "warn" : "debug";
  if (!telemetry.logs(level)) return;
  telemetry.log(level, "request", { operation, status, durationMs, ...facts } satisfies LogFields);
}

/** A stream's pieces are made under its request's trace id too, whoever asks for them. */
function tracedBody(telemetry: Telemetry, traceId: string, body: Extract<AppBody, AsyncIterable<unknown>>): AppBody {
  return {
    [Symbol.asyncIterator]() {
      const pieces = body[Symbol.asyncIterator]();
      return {
        next: () => telemetry.traced(traceId, () => pieces.next()),
        return: async () => (await telemetry.traced(traceId, () => pieces.return?.())) ?? { done: true, value: undefined },
      };
    },
  };
}

/** Counts an error that a client is told. @returns it; a fault with the trace id, for the client to quote, as its message says nothing */
export function toldError(telemetry: Telemetry, error: LogError): LogError {
  const { code, message, details, outcome } = error;
  telemetry.count("Errors", 1, { code });
  if (code === "unauthenticated" || code === "forbidden") telemetry.count("AuthRefusals", 1, { code });
  if (code === "corrupt_log" || code === "internal") telemetry.log("error", "fault", { fault: error });
  const traceId = telemetry.traceId();
  if (code !== "internal" || traceId === undefined) return error;
  return new LogError(code, message, { outcome, details: { ...details, traceId }, cause: error });
}
