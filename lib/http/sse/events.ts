import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { AppResponse } from "../message.ts";
import { wireError } from "../responses.ts";
import type { Call } from "../route.ts";
import { mediaTypes, requestHeaders } from "../wire.ts";

/** Sent when nothing happens, so that neither side takes the other for dead. */
export const keepAlive = ": keep-alive\n\n";

/** One event. Line breaks between the tokens of stored JSON would end its data. */
export function recordEvent(id: string, data: string): string {
  const line = data.includes("\n") || data.includes("\r") ? data.replaceAll(/[\r\n]/g, " ") : data;
  return `id: ${id}\ndata: ${line}\n\n`;
}

/** Where a client that reconnects goes on; undefined when it starts anew. */
export function lastEventId({ request }: Call): string | undefined {
  const id = request.header(requestHeaders.lastEventId);
  return id === "" ? undefined : id;
}

/** A stream of events, which ends by itself when the client goes, and with an `error` event when the log cannot go on. */
export function eventStream(call: Call, events: (signal: AbortSignal) => AsyncGenerator<string>): AppResponse {
  return {
    status: 200,
    headers: { "content-type": mediaTypes.eventStream, "cache-control": "no-store", "x-accel-buffering": "no" },
    body: guarded(call.request.signal, events),
  };
}

async function* guarded(signal: AbortSignal, events: (signal: AbortSignal) => AsyncGenerator<string>): AsyncGenerator<string> {
  yield `retry: ${limits.streamRetryMs}\n\n`;
  try {
    yield* events(signal);
  } catch (error) {
    if (!signal.aborted) yield `event: error\ndata: ${JSON.stringify({ error: wireError(LogError.from(error)) })}\n\n`;
  }
}

/** Streams end when their topic does, also when another one has its name by now. @throws unknown_topic_or_partition */
export async function checkSameTopic({ services, topic }: Call, id: string): Promise<void> {
  const now = await services.log.topics.get(topic);
  if (now.id !== id) throw new LogError("unknown_topic_or_partition", `Topic "${topic}" was deleted and made anew: start again.`);
}
