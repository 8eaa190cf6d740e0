import type { LogError } from "../core/errors.ts";
import type { AppResponse } from "./message.ts";
import { statusOf } from "./status.ts";
import { type ErrorBody, mediaTypes, type WireError } from "./wire.ts";

const jsonHeaders = { "content-type": mediaTypes.json } as const;

/** @param body JSON text, or a value to write as JSON */
export function json(status: number, body: unknown, headers?: Readonly<Record<string, string>>): AppResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: headers === undefined ? jsonHeaders : { ...headers, ...jsonHeaders }, body: text };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): AppResponse {
  return { status, headers };
}

/** The error as clients see it. Faults keep their cause to the server: their messages were written for nobody. */
export function wireError(error: LogError, extra?: Readonly<Record<string, number | string>>): WireError {
  const message = error.code === "internal" ? "A fault in Stratalog. The server has reported what it was." : error.message;
  return {
    ...error.details,
    ...extra,
    code: error.code,
    message,
    outcome: error.outcome,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

export function errorHeaders(error: LogError): Record<string, string> {
  return {
    ...(error.retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(error.retryAfterMs / 1000)) }),
    ...(error.code === "unauthenticated" ? { "www-authenticate": "Bearer" } : {}),
  };
}

export function errorResponse(error: LogError, headers: Readonly<Record<string, string>> = {}): AppResponse {
  const body: ErrorBody = { error: wireError(error) };
  return json(statusOf[error.code], body, { ...errorHeaders(error), ...headers });
}
