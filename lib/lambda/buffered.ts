import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { type AppResponse, isStream } from "../http/message.ts";
import { errorResponse } from "../http/responses.ts";
import { mediaTypes } from "../http/wire.ts";
import { invoke, type Remaining, type Shell } from "./invocation.ts";
import type { DoorEvent } from "./lambda-request.ts";

/** Both front doors take this answer. */
export interface BufferedAnswer extends APIGatewayProxyStructuredResultV2 {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export type BufferedHandler = (event: DoorEvent, context: Remaining) => Promise<BufferedAnswer>;

/** The app as a function that answers in one piece of at most `limits.lambdaAnswerBytesMax`: no event streams. */
export function bufferedHandler(shell: Shell): BufferedHandler {
  return (event, context) => invoke(shell, event, context, answerOf);
}

async function answerOf(response: AppResponse): Promise<BufferedAnswer> {
  const { status, headers, body } = response;
  if (!isStream(body)) return pack(status, headers, body ?? "");
  if (headers["content-type"] !== mediaTypes.eventStream) return pack(status, headers, await gather(body));
  await body[Symbol.asyncIterator]().return?.();
  const message = "This front door answers in one piece, so it has no event streams: poll with `wait`, or deploy with response streaming.";
  return await answerOf(errorResponse(new LogError("not_acceptable", message)));
}

/** Text, when all of it is. */
async function gather(body: AsyncIterable<string | Uint8Array>): Promise<string | Uint8Array> {
  const pieces: (string | Uint8Array)[] = [];
  for await (const piece of body) pieces.push(piece);
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
}

function pack(statusCode: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): BufferedAnswer {
  const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.byteLength > limits.lambdaAnswerBytesMax) return pack(413, { "content-type": mediaTypes.json }, tooMuch);
  // Within the function's own answer each quote of a text takes two bytes, so only in base64 a long text is sure to fit.
  if (typeof body === "string" && 2 * bytes.byteLength <= limits.lambdaAnswerBytesMax) {
    return { statusCode, headers: { ...headers }, body, isBase64Encoded: false };
  }
  return { statusCode, headers: { ...headers }, body: bytes.toString("base64"), isBase64Encoded: true };
}

const tooMuch = JSON.stringify({
  error: {
    code: "message_too_large",
    message: `This front door answers at most ${limits.lambdaAnswerBytesMax} bytes and one record or batch is bigger: read it with response streaming, or with the SDK over S3 and DynamoDB.`,
    outcome: "not-applied",
  },
});
