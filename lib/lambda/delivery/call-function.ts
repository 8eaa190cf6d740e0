import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { limits } from "../../core/limits.ts";
import { CallFailed, type Consumer } from "../../log/consumers/consumers.ts";

/**
 * Calls a consumer's function with an event and waits for its answer.
 * @returns what it answers, as JSON; undefined for no answer
 * @throws CallFailed `function` when it ran and failed, when the call was on its way and no answer came in its time, or when Lambda says that the event is too big; `unavailable`
 * for all else, since then Lambda has not run it, or nobody knows
 */
export async function callFunction(
  client: LambdaClient,
  { target, targetTimeoutMs }: Pick<Consumer, "target" | "targetTimeoutMs">,
  event: object,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const command = new InvokeCommand({ FunctionName: target, InvocationType: "RequestResponse", Payload: JSON.stringify(event) });
  const options = { requestTimeout: targetTimeoutMs + limits.lambdaCallMarginMs, ...(signal && { abortSignal: signal }) };
  const answer = await client.send(command, options).catch((reason: unknown) => {
    throw isLate(reason) ? lateAnswer(targetTimeoutMs, reason) : notCalled(reason);
  });
  const requestId = answer.$metadata.requestId ?? "";
  const text = answer.Payload?.transformToString() ?? "";
  const { FunctionError: functionError } = answer;
  if (functionError !== undefined) throw new CallFailed("function", messageOf(text, functionError), { functionError, requestId });
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CallFailed("function", "The function's answer is no JSON.", { requestId, cause });
  }
}

/** What a failed function says of itself: `{ errorType, errorMessage }`. */
function messageOf(text: string, functionError: string): string {
  const { errorType, errorMessage } = toldBy(text);
  const words = [errorType, errorMessage].filter((word) => typeof word === "string" && word !== "");
  return words.length === 0 ? `The function failed (${functionError}).` : words.join(": ");
}

function toldBy(text: string): { readonly errorType?: unknown; readonly errorMessage?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    // It has no words of its own.
    return {};
  }
}

/**
 * Whether the SDK's own time for a call has run out. It names faults of the network alike: a connection that is not made in time has no code, one that fails is a fault of a
 * system's call, or of several, for several addresses.
 */
function isLate(reason: unknown): boolean {
  if (reason instanceof AggregateError) return false;
  const { name, code, syscall } = (reason ?? {}) as Partial<NodeJS.ErrnoException>;
  return name === "TimeoutError" && code === "ETIMEDOUT" && syscall === undefined;
}

/** A function that takes too long takes too long each time: it is an attempt, as when Lambda itself ends it. */
function lateAnswer(targetTimeoutMs: number, cause: unknown): CallFailed {
  const seconds = (targetTimeoutMs + limits.lambdaCallMarginMs) / 1_000;
  const what = `The function did not answer within ${seconds} s (targetTimeoutMs ${targetTimeoutMs} and a margin), and may still run`;
  return new CallFailed("function", `${what}: raise targetTimeoutMs to its timeout, or lower its timeout.`, {
    functionError: timedOut,
    cause,
  });
}

/** Lambda's word for a function that it ends itself when its time is over. */
const timedOut = "Unhandled";

function notCalled(reason: unknown): CallFailed {
  const { name = "Error", message = "", $metadata = {} } = (reason ?? {}) as Partial<Error> & { readonly $metadata?: Metadata };
  const { httpStatusCode, requestId = "" } = $metadata;
  // Another try with the same records would be refused, too: they are bisected, or given up.
  const kind = httpStatusCode === 413 ? "function" : "unavailable";
  return new CallFailed(kind, `${name}: ${message}`, { requestId, cause: reason });
}

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}
