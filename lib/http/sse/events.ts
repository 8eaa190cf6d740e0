import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { FetchRequest, FetchResult } from "../../log/log.ts";
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
    body: guarded(call, events),
  };
}

async function* guarded(
  { request, services, permit }: Call,
  events: (signal: AbortSignal) => AsyncGenerator<string>,
): AsyncGenerator<string> {
  yield `retry: ${limits.streamRetryMs}\n\n`;
  using watch = permit.watch(request.signal);
  try {
    for await (const event of events(watch.signal)) {
      if (watch.signal.aborted) break;
      yield event;
    }
    if (watch.refusal !== undefined) throw watch.refusal;
  } catch (error) {
    const reason = watch.refusal ?? error;
    if (!request.signal.aborted) yield `event: error\ndata: ${JSON.stringify({ error: wireError(services.seen(reason)) })}\n\n`;
  }
}

/** Fetches for a stream of a topic. @throws unknown_topic_or_partition, also when another topic has the name by now */
export async function fetchOf(call: Call, topicId: string, request: FetchRequest, partition = call.partition): Promise<FetchResult> {
  const result = await call.services.log.fetch(call.topic, partition, { ...request, bytesMax: limits.streamFetchBytes });
  await checkSameTopic(call, topicId);
  return result;
}

/** A stream ends when its topic does: another one of the same name has other offsets. To be called after reading. @throws unknown_topic_or_partition */
export async function checkSameTopic({ services, topic }: Call, topicId: string): Promise<void> {
  const now = await services.log.topics.get(topic);
  if (now.id !== topicId) throw new LogError("unknown_topic_or_partition", `Topic "${topic}" was deleted and made anew: start again.`);
}
