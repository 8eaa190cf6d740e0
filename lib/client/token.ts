import { LogError } from "../core/errors.ts";
import { deferred } from "./deferred.ts";

/** An API token or a JWT, or a function that has one: asked for each request, so that what expires can be renewed. */
export type Token = string | (() => Promise<string>);

/** What one request sends as `authorization`. @throws unauthenticated when the function has no token; invalid_request for text that is none */
export async function authorizationOf(token: Token, signal: AbortSignal): Promise<string> {
  return `Bearer ${checkedToken(typeof token === "string" ? token : await asked(token, signal))}`;
}

/** No message has the token: it would end in a log. @throws invalid_request */
export function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new LogError(
    "invalid_request",
    token === "" ? "The token is empty." : "The token has spaces, line breaks or other characters that no token has.",
  );
}

async function asked(token: () => Promise<string>, signal: AbortSignal): Promise<string> {
  const { promise: aborted, reject } = deferred<never>();
  const onAbort = () => reject(new DOMException("aborted", "AbortError"));
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([token().catch(failed), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function failed(cause: unknown): never {
  if (cause instanceof LogError) throw cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new LogError("unauthenticated", `There is no token to send: ${reason}`, { cause });
}
