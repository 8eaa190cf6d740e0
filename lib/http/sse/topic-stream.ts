import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { FetchFrom, Watermarks } from "../../log/log.ts";
import { recordFormats } from "../json/record-output.ts";
import type { AppResponse } from "../message.ts";
import type { Call } from "../route.ts";
import { parseOffset } from "../times.ts";
import { checkSameTopic, eventStream, fetchOf, keepAlive, lastEventId } from "./events.ts";
import { recordEvents } from "./partition-stream.ts";
import { TopicPosition } from "./topic-position.ts";

/** Live records of all partitions of a topic: in order within each, and partitions that are added join. */
export async function streamTopic(call: Call): Promise<AppResponse> {
  const { services, query, topic } = call;
  const format = query.oneOf("format", recordFormats);
  const from = parseOffset(query.get("offset") ?? "latest");
  const { id } = await services.log.topics.get(topic);
  const position = await startOf(call, id, from);
  return eventStream(call, async function* (signal) {
    for (;;) {
      const ahead = partitionsAhead(position, await watermarks(call, id));
      for (const partition of ahead) {
        const result = await fetchOf(call, id, { from: position.next(partition) }, partition);
        const write = position.writer(partition);
        yield* recordEvents(call, result, { format, partition, idOf: (offset) => write(offset + 1) });
        position.move(partition, result.nextOffset);
        if (signal.aborted) return;
      }
      if (ahead.length > 0) continue;
      const more = await waitForMore(call, id, position, signal);
      if (signal.aborted) return;
      if (!more) yield keepAlive;
    }
  });
}

/** @returns false when nothing came in `limits.streamKeepAliveMs` */
async function waitForMore(call: Call, topicId: string, position: TopicPosition, signal: AbortSignal): Promise<boolean> {
  const marks = await watermarks(call, topicId);
  if (partitionsAhead(position, marks).length > 0) return true;
  await call.services.log.changed(call.topic, limits.streamKeepAliveMs, signal, marks);
  return partitionsAhead(position, await watermarks(call, topicId)).length > 0;
}

function partitionsAhead(position: TopicPosition, marks: readonly Watermarks[]): readonly number[] {
  return marks.filter(({ partition, highWatermark }) => position.next(partition) < highWatermark).map(({ partition }) => partition);
}

async function watermarks(call: Call, topicId: string): Promise<readonly Watermarks[]> {
  const marks = await call.services.log.watermarks(call.topic);
  await checkSameTopic(call, topicId);
  if (marks.length <= limits.streamPartitionsMax) return marks;
  throw new LogError(
    "invalid_request",
    `A topic of more than ${limits.streamPartitionsMax} partitions has no stream: stream its partitions.`,
  );
}

async function startOf(call: Call, topicId: string, from: FetchFrom): Promise<TopicPosition> {
  const marks = await watermarks(call, topicId);
  const id = lastEventId(call);
  const position = id === undefined ? new TopicPosition(topicId, await resolve(call, from, marks)) : TopicPosition.parse(id, topicId);
  for (const { partition, logStartOffset, highWatermark } of marks) {
    const next = position.next(partition);
    if (next >= logStartOffset && next <= highWatermark) continue;
    throw new LogError(
      "offset_out_of_range",
      `Offset ${next} is not in partition ${partition}, which has ${logStartOffset} to ${highWatermark}.`,
      {
        details: { partition, logStartOffset, highWatermark },
      },
    );
  }
  return position;
}

async function resolve({ services, topic }: Call, from: FetchFrom, marks: readonly Watermarks[]): Promise<readonly number[]> {
  if (from === "earliest") return marks.map((mark) => mark.logStartOffset);
  if (from === "latest") return marks.map((mark) => mark.highWatermark);
  if (typeof from === "number") return marks.map(() => from);
  const found = await services.log.offsetsForTime(
    topic,
    from.timestampMs,
    marks.map((mark) => mark.partition),
  );
  // The marks are older than the search: what came in between is behind them.
  return marks.map((mark, index) => found[index]?.offset ?? mark.highWatermark);
}
