import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { limits } from "../../core/limits.ts";
import { CallFailed, type Consumer } from "../../log/consumers/consumers.ts";

/**
 * Calls a consumer's function with an event and waits for its answer.
 * @returns what it answers, as JSON; undefined for no answer
 * @throws CallFailed `function` when it ran and failed, or when Lambda says that the event is too big; `unavailable` for all else, since then Lambda has not run it, or nobody knows
 */
export async function callFunction(
  client: LambdaClient,
  { target, targetTimeoutMs }: Pick<Consumer, "target" | "targetTimeoutMs">,
  event: object,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const command = new InvokeCommand({ FunctionName: target, InvocationType: "RequestResponse", Payload: JSON.stringify(event) });
  const options = { requestTimeout: targetTimeoutMs + limits.lambdaCallMarginMs, ...(signal && { abortSignal: signal }) };
  const answer = await client.send(command, options).catch(notCalled);
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

function notCalled(reason: unknown): never {
  const { name = "Error", message = "", $metadata = {} } = (reason ?? {}) as Partial<Error> & { readonly $metadata?: Metadata };
  const { httpStatusCode, requestId = "" } = $metadata;
  // Another try with the same records would be refused, too: they are bisected, or given up.
  const kind = httpStatusCode === 413 ? "function" : "unavailable";
  throw new CallFailed(kind, `${name}: ${message}`, { requestId, cause: reason });
}

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}
