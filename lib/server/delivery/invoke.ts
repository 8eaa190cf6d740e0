import type { Callback, Context } from "aws-lambda";
import type { ToldError } from "./worker-messages.ts";

/** A handler as its author wrote it: it answers a promise, or a value, or calls back. */
export type AnyHandler = (event: unknown, context: Context, callback: Callback<unknown>) => unknown;

/**
 * Calls a handler as Lambda does. A promise is its answer; so is a value, unless the handler takes a callback: then the call ends when it calls back. What answers first counts.
 * @param contextOf the context of this call, which can end it too
 * @throws what the handler throws, or gives its callback as an error
 */
export async function invoke(
  handler: AnyHandler,
  event: unknown,
  contextOf: (end: (error: unknown, answer?: unknown) => void) => Context,
): Promise<unknown> {
  const ended = Promise.withResolvers<unknown>();
  const end = (error: unknown, answer?: unknown): void => {
    if (error === undefined || error === null) ended.resolve(answer);
    else ended.reject(typeof error === "string" ? new Error(error) : (error as Error));
  };
  const callbackAt = 3;
  const returned = handler(event, contextOf(end), end);
  if (isThenable(returned))
    void returned.then(
      (answer) => end(undefined, answer),
      (reason: unknown) => ended.reject(reason),
    );
  else if (handler.length < callbackAt) end(undefined, returned);
  return await ended.promise;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
}

/** An answer as JSON; undefined for none. @throws an error of type Runtime.MarshalError for what JSON cannot say */
export function answerJson(answer: unknown): string | undefined {
  try {
    return JSON.stringify(answer);
  } catch (cause) {
    const error = new Error(`The answer is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    error.name = "Runtime.MarshalError";
    throw error;
  }
}

/** An error as Lambda tells it: its name is its type. */
export function toldError(reason: unknown): ToldError {
  if (reason instanceof Error) return { type: reason.name, message: reason.message };
  const { name, message } = (typeof reason === "object" && reason !== null ? reason : {}) as Partial<Error>;
  if (typeof message === "string") return { type: typeof name === "string" ? name : "Error", message };
  return { type: typeof reason, message: String(reason) };
}
