import { LogError, errorCodes } from "../core/errors.ts";
import type { ErrorCode, Outcome } from "../core/errors.ts";

/** The LogError that an answer's `error` tells. @param fallback the outcome when the answer tells none */
export function errorFromWire(wire: unknown, fallback: Outcome): LogError {
  if (!isObject(wire) || typeof wire["code"] !== "string" || typeof wire["message"] !== "string") {
    return new LogError("internal", "The server answered with an error that this client cannot read.", { outcome: fallback });
  }
  const { code, message, outcome, retryAfterMs, ...rest } = wire;
  const details = Object.entries(rest).filter(isDetail);
  return new LogError(isCode(code) ? code : "internal", message, {
    outcome: outcome === "unknown" || outcome === "not-applied" ? outcome : fallback,
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
    details: Object.fromEntries(details),
  });
}

/** The LogError of an answer that is no error of ours, such as a proxy's page. */
export function errorFromStatus(status: number, text: string, fallback: Outcome): LogError {
  const shown = text.slice(0, 200).replaceAll(/\s+/g, " ").trim();
  const message = `The server answered ${status}${shown === "" ? "" : `: ${shown}`}`;
  if (status === 429) return new LogError("throttled", message, { retryAfterMs: 1_000 });
  if (status >= 500) return new LogError("unavailable", message, { outcome: fallback });
  if (status === 401) return new LogError("unauthenticated", message);
  if (status === 403) return new LogError("forbidden", message);
  return new LogError(status === 404 ? "not_found" : "invalid_request", message);
}

/** The LogError of a request that got no answer. A refused connection carried nothing; after any other failure a write may have happened. */
export function errorFromNetwork(reason: unknown, url: string, fallback: Outcome): LogError {
  const cause = reason instanceof Error ? reason.cause : undefined;
  const code = isObject(cause) ? cause["code"] : undefined;
  if (typeof code === "string" && neverSent.has(code)) {
    return new LogError("unavailable", `Nothing answers at ${url} (${code}): is the server running?`, { cause: reason });
  }
  const why =
    typeof code === "string" ? code : cause instanceof Error ? cause.message : reason instanceof Error ? reason.message : String(reason);
  return new LogError("unavailable", `The connection to ${url} failed: ${why}`, { outcome: fallback, cause: reason });
}

const neverSent: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isDetail(entry: [string, unknown]): entry is [string, string | number] {
  return typeof entry[1] === "string" || typeof entry[1] === "number";
}

function isCode(code: unknown): code is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(code);
}
