import type { Context } from "aws-lambda";
import { limits } from "../../core/limits.ts";
import type { CallMessage } from "./worker-messages.ts";

/**
 * The context of a call, as Lambda's. What names a function in AWS names one of account 000000000000 in region `local`.
 * @param end ends the call, as the callback does
 */
export function lambdaContext(
  name: string,
  { requestId, timeoutMs }: CallMessage,
  end: (error: unknown, answer?: unknown) => void,
): Context {
  const endMs = performance.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${name}`,
    memoryLimitInMB: String(limits.localThreadMemoryMib),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "local",
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endMs - performance.now())),
    /* eslint-disable @typescript-eslint/no-deprecated -- handlers of old still call them */
    done: (error, result) => end(error ?? undefined, result),
    fail: (error) => end(error),
    succeed: (result: unknown) => end(undefined, result),
    /* eslint-enable @typescript-eslint/no-deprecated */
  };
}
