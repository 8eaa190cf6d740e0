import { iterateRecords } from "../../core/codec/record-batch.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { FetchFrom, FetchResult } from "../../log/log.ts";
import { type RecordFormat, recordFormats, writeRecord } from "../json/record-output.ts";
import type { AppResponse } from "../message.ts";
import { shown } from "../query.ts";
import type { Call } from "../route.ts";
import { parseOffset } from "../times.ts";
import { eventStream, fetchOf, keepAlive, lastEventId, recordEvent } from "./events.ts";

/** What goes to the socket at once. */
const pieceChars = 64 * 1024;

/** Live records of a partition. An event's id is its record's offset. */
export async function streamPartition(call: Call): Promise<AppResponse> {
  const { services, query, topic, partition } = call;
  const format = query.oneOf("format", recordFormats);
  const from = startOf(call);
  const { id } = await services.log.topics.get(topic);
  const first = await fetchOf(call, id, { from });
  return eventStream(call, async function* (signal) {
    let result = first;
    for (;;) {
      yield* recordEvents(call, result, { format, partition, idOf: String });
      if (signal.aborted) return;
      const next = result.nextOffset;
      result = await fetchOf(call, id, { from: next, waitMs: limits.streamKeepAliveMs, signal });
      if (signal.aborted) return;
      if (result.nextOffset === next) yield keepAlive;
    }
  });
}

/** The events of fetched records, in pieces that the client's connection takes one by one. */
export function* recordEvents(
  { services }: Call,
  result: FetchResult,
  { format, partition, idOf }: { readonly format: RecordFormat; readonly partition: number; readonly idOf: (offset: number) => string },
): Generator<string> {
  let text = "";
  for (const record of iterateRecords(result.batches, services.compression, result.offset)) {
    text += recordEvent(idOf(record.offset), writeRecord(record, format, partition));
    if (text.length < pieceChars) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

function startOf(call: Call): FetchFrom {
  const id = lastEventId(call);
  if (id === undefined) return parseOffset(call.query.get("offset") ?? "latest");
  if (/^\d{1,15}$/.test(id)) return Number(id) + 1;
  throw new LogError("invalid_request", `Last-Event-ID "${shown(id)}" is none of this stream's: it has offsets.`);
}
