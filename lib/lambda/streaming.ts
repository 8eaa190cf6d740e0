import { once } from "node:events";
import type { Writable } from "node:stream";
import { type AppResponse, isStream } from "../http/message.ts";
import { invoke, type Remaining, type Shell } from "./invocation.ts";
import type { DoorEvent } from "./lambda-request.ts";

/** The part of the runtime's `awslambda` global that is used here; only Lambda's own Node runtime has it. */
export interface StreamingRuntime {
  streamifyResponse(handler: StreamingHandler): unknown;
  readonly HttpResponseStream: { from(stream: Writable, head: Record<string, unknown>): Writable };
}

/** The runtime that this process has; undefined outside of Lambda, where the SDK may have made an `awslambda` of its own. */
export function streamingRuntime(): StreamingRuntime | undefined {
  const { awslambda } = globalThis as { readonly awslambda?: Partial<StreamingRuntime> };
  return awslambda?.streamifyResponse === undefined ? undefined : (awslambda as StreamingRuntime);
}

export type StreamingHandler = (event: DoorEvent, stream: Writable, context: Remaining) => Promise<void>;

/** The app as a function that streams its answers: event streams, and answers of up to 200 MB. */
export function streamingHandler(shell: Shell, runtime: StreamingRuntime): unknown {
  return runtime.streamifyResponse(async (event, stream, context) => {
    await invoke(shell, event, context, async ({ status, headers, body }) => {
      const response = runtime.HttpResponseStream.from(stream, { statusCode: status, headers });
      await write(response, body, shell.settle);
    });
  });
}

async function write(response: Writable, body: AppResponse["body"], settle: Shell["settle"]): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort()).on("error", () => gone.abort());
  const send = async (piece: string | Uint8Array): Promise<void> => {
    if (!response.write(piece)) await once(response, "drain", { signal: gone.signal }).catch(() => undefined);
  };
  if (isStream(body)) {
    for await (const piece of body) {
      await send(piece);
      if (gone.signal.aborted) return;
    }
  } else {
    // The status and headers go out with the first write, so an answer without a body needs one too.
    await send(body ?? "");
  }
  // The environment may be frozen as soon as the stream has ended.
  await settle();
  response.end();
  if (!gone.signal.aborted && !response.writableFinished) await once(response, "finish", { signal: gone.signal }).catch(() => undefined);
}
