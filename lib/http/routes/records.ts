import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { FetchRequest } from "../../log/log.ts";
import { accepted } from "../accept.ts";
import { recordFormats } from "../json/record-output.ts";
import { ref } from "../openapi/schemas.ts";
import { json } from "../responses.ts";
import type { Call, Operation, Parameter, Route } from "../route.ts";
import { streamPartition } from "../sse/partition-stream.ts";
import { streamTopic } from "../sse/topic-stream.ts";
import { fetchJson, fetchRaw } from "./fetch-answers.ts";
import { fetchSchemas, readFetchBounds } from "./fetch-bounds.ts";
import { produce } from "./produce.ts";
import { parseOffset } from "../times.ts";
import { type DeleteRecordsBody, mediaTypes, responseHeaders } from "../wire.ts";

const offset: Parameter = {
  description:
    "A number, `earliest`, `latest` or `@` and a time (epoch milliseconds, or ISO 8601 with a zone). Default `earliest`; of an event stream `latest`.",
  schema: { type: "string" },
};
const format: Parameter = {
  description: "`text`: strings, base64 for bytes that are no UTF-8. `json`: as JSON where the bytes are JSON. `base64`: always base64.",
  schema: { enum: recordFormats, default: recordFormats[0] },
};
const lastEventId: Parameter = { description: "Goes on after this event of a stream.", schema: { type: "string" } };
const number = (description: string): Parameter => ({ description, schema: { type: "integer" } });
const fetchHeaders = {
  [responseHeaders.offset]: number("Raw answers: where the fetch started; records of the first batch below it are to be dropped."),
  [responseHeaders.nextOffset]: number("Raw answers: where to go on."),
  [responseHeaders.highWatermark]: number("Raw answers: the next offset that the partition will give."),
  [responseHeaders.logStartOffset]: number("Raw answers: the partition's first offset."),
};
const stream = { type: "string", description: "Server-sent events: each event's data is a record, its id goes into Last-Event-ID." };

const fetchPartition: Operation = {
  id: "fetch",
  summary: "Read a partition, once or as a stream",
  access: { resource: "TOPIC", operation: "READ" },
  quota: "consumerByteRate",
  query: {
    offset,
    limit: {
      description: "Records at most (raw: stops after the batch that reaches it).",
      schema: fetchSchemas.limit,
    },
    maxBytes: {
      description: "Bytes of batches; one batch is always given.",
      schema: fetchSchemas.maxBytes,
    },
    wait: {
      description: "How many milliseconds to wait for a first record.",
      schema: fetchSchemas.wait,
    },
    format,
  },
  headers: { "Last-Event-ID": lastEventId },
  answers: {
    200: {
      description: "Records from the offset on, or a stream of them.",
      content: {
        [mediaTypes.json]: ref("FetchAnswer"),
        [mediaTypes.recordBatch]: { type: "string", contentMediaType: "application/octet-stream" },
        [mediaTypes.eventStream]: stream,
      },
      headers: fetchHeaders,
    },
  },
  errors: ["not_acceptable", "offset_out_of_range"],
  async handle(call) {
    const type = accepted(call.request, [mediaTypes.json, mediaTypes.recordBatch, mediaTypes.eventStream]);
    if (type === mediaTypes.eventStream) {
      refuse(call, ["limit", "maxBytes", "wait"], "event streams");
      return streamPartition(call);
    }
    const request = fetchRequest(call);
    if (type === mediaTypes.json) return fetchJson(call, request, call.query.oneOf("format", recordFormats));
    refuse(call, ["format"], "raw record batches");
    return fetchRaw(call, request);
  },
};

const followTopic: Operation = {
  id: "followTopic",
  summary: "Live records of a whole topic as server-sent events",
  description: `For topics of up to ${limits.streamPartitionsMax} partitions.`,
  access: { resource: "TOPIC", operation: "READ" },
  quota: "consumerByteRate",
  query: { offset: { ...offset, description: `${offset.description} A number must be there in every partition.` }, format },
  headers: { "Last-Event-ID": lastEventId },
  answers: { 200: { description: "The stream.", content: { [mediaTypes.eventStream]: stream } } },
  errors: ["not_acceptable", "offset_out_of_range"],
  async handle(call) {
    accepted(call.request, [mediaTypes.eventStream]);
    return streamTopic(call);
  },
};

const deleteRecords: Operation = {
  id: "deleteRecords",
  summary: "Delete a partition's records below an offset, for good",
  description: "Kafka's DeleteRecords. They cannot be read from then on; their storage is given back later.",
  access: { resource: "TOPIC", operation: "DELETE" },
  query: {
    before: { description: "The first offset that stays, or `latest`: none does. It has to be given.", schema: { type: "string" } },
  },
  answers: { 200: { description: "Where the partition begins now.", content: { [mediaTypes.json]: ref("DeleteRecordsAnswer") } } },
  errors: ["offset_out_of_range"],
  async handle({ services: { log }, query, topic, partition }) {
    const before = query.get("before");
    if (before === undefined) throw new LogError("invalid_request", "Say up to where: ?before= takes an offset, or latest.");
    const offset = before === "latest" ? before : (query.integer("before", 0, Number.MAX_SAFE_INTEGER) ?? 0);
    const [marks] = await log.deleteRecords(topic, [{ partition, offset }]);
    return json(200, marks satisfies DeleteRecordsBody | undefined);
  },
};

export const partitionRecordsRoute: Route = {
  path: "/topics/{topic}/partitions/{partition}/records",
  operations: { GET: fetchPartition, DELETE: deleteRecords },
};
export const topicRecordsRoute: Route = { path: "/topics/{topic}/records", operations: { GET: followTopic, POST: produce } };

function fetchRequest({ query, request }: Call): FetchRequest {
  const { waitMs, ...bounds } = readFetchBounds(query);
  const base = { from: parseOffset(query.get("offset") ?? "earliest"), ...bounds };
  return waitMs === 0 ? base : { ...base, waitMs, signal: request.signal };
}

function refuse({ query }: Call, names: readonly string[], what: string): void {
  const there = names.find((name) => query.get(name) !== undefined);
  if (there !== undefined) throw new LogError("invalid_request", `The query parameter ${there} is not for ${what}: leave it out.`);
}
