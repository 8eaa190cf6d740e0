import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { AppendOptions, PartitionedRecord, RecordResult } from "../../log/log.ts";
import { contentType } from "../accept.ts";
import { withBody } from "../body.ts";
import { JsonReader } from "../json/reader.ts";
import { readProduceBody } from "../json/record-input.ts";
import { writeResults } from "../json/results-output.ts";
import type { AppResponse } from "../message.ts";
import { ndjsonRecords } from "../ndjson/lines.ts";
import { streamNdjson } from "../ndjson/stream.ts";
import { ref } from "../openapi/schemas.ts";
import { producerOf } from "../producer.ts";
import { json } from "../responses.ts";
import type { Call, Operation } from "../route.ts";
import { statusPartly } from "../status.ts";
import { mediaTypes, responseHeaders } from "../wire.ts";

/** `POST /topics/{t}/records` */
export const produce: Operation = {
  id: "produce",
  summary: "Append records",
  description:
    "JSON and raw requests are applied whole or refused; over several shards, each shard's part is one atomic entry unless `atomic` is asked for. " +
    "NDJSON is appended in pieces while it comes; with Producer headers, `atomic` or `expectedOffset` it is one request and must fit one.",
  access: { resource: "TOPIC", operation: "WRITE" },
  quota: "producerByteRate",
  query: {
    partition: { description: "Where raw record batches go.", schema: { type: "integer", minimum: 0, maximum: limits.partitionsMax - 1 } },
    atomic: { description: "All or nothing over all shards.", schema: { type: "boolean", default: false } },
    expectedOffset: {
      description: "Append only if this is the partition's next offset. All records go to one partition.",
      schema: { type: "integer", minimum: 0 },
    },
  },
  headers: {
    "Producer-Id": {
      description: "Makes the request idempotent: an integer below 2^63.",
      schema: { type: "string", pattern: "^\\d{1,19}$" },
    },
    "Producer-Epoch": {
      description: "A newer epoch fences older ones off. Default 0.",
      schema: { type: "integer", minimum: 0, maximum: limits.producerEpochMax },
    },
    "Producer-Seq": {
      description: "One more for each new request; the same for a retry.",
      schema: { type: "integer", minimum: 0, maximum: limits.producerSequenceMax },
    },
  },
  body: {
    [mediaTypes.json]: ref("Produce"),
    [mediaTypes.ndjson]: { type: "string", description: "A NewRecord a line." },
    [mediaTypes.recordBatch]: {
      type: "string",
      description: "Kafka RecordBatch v2 bytes, one or more batches.",
      contentMediaType: "application/octet-stream",
    },
  },
  answers: {
    200: {
      description: "All records are in the log.",
      content: { [mediaTypes.json]: ref("ProduceAnswer") },
      headers: {
        [responseHeaders.nextOffset]: { description: "Raw requests: the offset after the last record.", schema: { type: "integer" } },
      },
    },
    [statusPartly]: {
      description: "Some records are in the log: each of the others has its error.",
      content: { [mediaTypes.json]: ref("ProduceAnswer") },
    },
  },
  errors: [
    "corrupt_message",
    "unsupported_version",
    "message_too_large",
    "request_too_large",
    "unsupported_media_type",
    "wrong_expected_offset",
    "out_of_order_sequence",
    "sequence_reused",
    "producer_fenced",
    "conflict",
    "storage_full",
  ],
  async handle(call) {
    const { request, query } = call;
    const type = contentType(request, [mediaTypes.json, mediaTypes.ndjson, mediaTypes.recordBatch]);
    const options = appendOptions(call);
    if (type === mediaTypes.recordBatch) return produceBatches(call, options);
    if (query.get("partition") !== undefined) {
      throw new LogError("invalid_request", "partition in the query is for raw record batches: give each record its own partition.");
    }
    const atomic = query.flag("atomic");
    if (type === mediaTypes.json) {
      return withBody(call, (bytes) => append(call, readProduceBody(new JsonReader(bytes)), options, atomic));
    }
    if (!atomic && options.producer === undefined && options.expectedOffset === undefined) return streamNdjson(call);
    return withBody(call, (bytes) => append(call, ndjsonRecords(bytes), options, atomic));
  },
};

function appendOptions({ request, query }: Call): AppendOptions {
  const producer = producerOf(request);
  const expectedOffset = query.integer("expectedOffset", 0, Number.MAX_SAFE_INTEGER);
  return { ...(producer === undefined ? {} : { producer }), ...(expectedOffset === undefined ? {} : { expectedOffset }) };
}

async function append(
  { services, topic }: Call,
  records: readonly PartitionedRecord[],
  options: AppendOptions,
  atomic: boolean,
): Promise<AppResponse> {
  const results = await services.log.append(topic, { records, atomic, ...options });
  const failures = countFailures(results);
  if (failures === 0) return json(200, `{"offsets":[${writeResults(results)}]}`);
  const errors = results.flatMap((result) => ("error" in result ? [result.error] : []));
  if (failures < results.length) {
    for (const error of new Set(errors)) services.seen(error);
    return json(statusPartly, `{"offsets":[${writeResults(results)}]}`);
  }
  // If any of it may be in the log, that is what the client has to know.
  throw (
    errors.find((error) => error.outcome === "unknown") ??
    errors[0] ??
    new LogError("internal", "the log gave no results", { outcome: "unknown" })
  );
}

function countFailures(results: readonly RecordResult[]): number {
  let failures = 0;
  for (const result of results) if ("error" in result) failures++;
  return failures;
}

async function produceBatches(call: Call, options: AppendOptions): Promise<AppResponse> {
  const { services, query, topic } = call;
  const partition = query.integer("partition", 0, limits.partitionsMax - 1);
  if (partition === undefined) throw new LogError("invalid_request", "Raw record batches need the query parameter partition.");
  if (query.get("atomic") !== undefined)
    throw new LogError("invalid_request", "Raw record batches go to one partition and are always atomic: leave atomic out.");
  return withBody(call, async (bytes) => {
    const { baseOffset, lastOffset } = await services.log.appendBatches(topic, partition, bytes, options);
    return json(200, `{"offsets":[{"partition":${partition},"offset":${baseOffset}}]}`, {
      [responseHeaders.nextOffset]: String(lastOffset + 1),
    });
  });
}
