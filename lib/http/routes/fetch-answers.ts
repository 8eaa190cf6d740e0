import { iterateRecords } from "../../core/codec/record-batch.ts";
import { limits } from "../../core/limits.ts";
import type { FetchRequest, FetchResult } from "../../log/log.ts";
import { whilePermitted } from "../auth/permit.ts";
import { type RecordFormat, writeRecord } from "../json/record-output.ts";
import type { AppResponse } from "../message.ts";
import { json } from "../responses.ts";
import type { Call } from "../route.ts";
import { mediaTypes, responseHeaders } from "../wire.ts";

/** Records as JSON, at most `recordsMax` and as many as fit an answer. */
export async function fetchJson(call: Call, request: FetchRequest, format: RecordFormat): Promise<AppResponse> {
  const { services } = call;
  const result = await fetchFor(call, request);
  const recordsMax = request.recordsMax ?? limits.fetchRecordsDefault;
  let { nextOffset } = result;
  let count = 0;
  let text = "";
  for (const record of iterateRecords(result.batches, services.compression, result.offset)) {
    const written = count === recordsMax ? "" : writeRecord(record, format);
    if (count === recordsMax || (count > 0 && text.length + written.length > services.answerCharsMax)) {
      nextOffset = record.offset;
      break;
    }
    text += count === 0 ? written : `,${written}`;
    count++;
  }
  const { highWatermark, logStartOffset } = result;
  const answer = `{"records":[${text}],"nextOffset":${nextOffset},"highWatermark":${highWatermark},"logStartOffset":${logStartOffset}}`;
  return services.answers.answer(json(200, answer), answer.length);
}

/** The batches as they are stored. */
export async function fetchRaw(call: Call, request: FetchRequest): Promise<AppResponse> {
  const { services } = call;
  const bytesMax = Math.min(request.bytesMax ?? limits.fetchBytesDefault, services.answerBytesMax);
  const result = await fetchFor(call, { ...request, bytesMax });
  const response: AppResponse = {
    status: 200,
    headers: {
      "content-type": mediaTypes.recordBatch,
      [responseHeaders.offset]: String(result.offset),
      [responseHeaders.nextOffset]: String(result.nextOffset),
      [responseHeaders.highWatermark]: String(result.highWatermark),
      [responseHeaders.logStartOffset]: String(result.logStartOffset),
    },
    body: result.batches,
  };
  return services.answers.answer(response, result.batches.byteLength);
}

/** A fetch that waits does so while its caller may. */
function fetchFor({ services, topic, partition, permit }: Call, request: FetchRequest): Promise<FetchResult> {
  const { signal } = request;
  if (signal === undefined) return services.log.fetch(topic, partition, request);
  return whilePermitted(permit, signal, (watched) => services.log.fetch(topic, partition, { ...request, signal: watched }));
}
