import { iterateRecords } from "../../core/codec/record-batch.ts";
import { LogError } from "../../core/errors.ts";
import { type MemberFetch, offsetResets, type PartitionFetch, type PartitionPosition } from "../../log/groups/member-fetch.ts";
import { whilePermitted } from "../auth/permit.ts";
import { recordFormats, type RecordFormat, writeRecord } from "../json/record-output.ts";
import type { AppResponse } from "../message.ts";
import { ref } from "../openapi/schemas.ts";
import { shown } from "../query.ts";
import { json } from "../responses.ts";
import type { Call, Operation, Route } from "../route.ts";
import { mediaTypes } from "../wire.ts";
import { fetchSchemas, readFetchBounds } from "./fetch-bounds.ts";
import { identityOf, mayRead } from "./groups.ts";

const fetchGroup: Operation = {
  id: "fetchGroup",
  summary: "Fetch what comes next of the partitions that a member has",
  description:
    "Each partition goes on where the group has come to, or where `positions` says. The answer's `offsets` are where to go on after it: commit them, or send them as positions of the next fetch. Takes READ on the topics too.",
  access: { resource: "GROUP", operation: "READ" },
  quota: "consumerByteRate",
  query: {
    member: { description: "A member's id.", schema: { type: "string" } },
    session: { description: "Of this life of the member, as in its beats.", schema: { type: "string", default: "" } },
    generation: { description: "Of the newest answer to a beat.", schema: { type: "integer", minimum: 0 } },
    positions: {
      description: "Where the member is, ahead of what is committed: `topic/partition@offset`, several with commas.",
      schema: { type: "string" },
    },
    autoOffsetReset: {
      description: "Where to begin with a partition of which nothing is committed, or what was is gone. It is committed then.",
      schema: { enum: offsetResets, default: offsetResets[0] },
    },
    limit: {
      description: "Records at most.",
      schema: fetchSchemas.limit,
    },
    maxBytes: {
      description: "Bytes of batches at most; a batch is read whole.",
      schema: fetchSchemas.maxBytes,
    },
    wait: {
      description: "How long to wait for the first record, in milliseconds.",
      schema: fetchSchemas.wait,
    },
    format: { description: "How keys and values are written.", schema: { enum: recordFormats, default: recordFormats[0] } },
  },
  answers: { 200: { description: "Records, of each partition in order.", content: { [mediaTypes.json]: ref("GroupRecords") } } },
  errors: [
    "invalid_group_id",
    "group_id_not_found",
    "unknown_member_id",
    "illegal_generation",
    "fenced_instance_id",
    "offset_out_of_range",
    "conflict",
    "storage_full",
  ],
  async handle(call) {
    const { services, caller, group, permit, query, request } = call;
    const identity = identityOf(query.get("member"), query.get("session"), query.integer("generation", 0, Number.MAX_SAFE_INTEGER));
    if (identity === undefined)
      throw new LogError("invalid_request", "Say for whom: ?member= and &generation= of its newest beat's answer.");
    const options: Omit<MemberFetch, "signal"> = {
      identity,
      positions: positionsOf(query.get("positions")),
      reset: query.oneOf("autoOffsetReset", offsetResets),
      ...readFetchBounds(query),
      mayRead: (topics) => mayRead(caller, topics),
    };
    const format = query.oneOf("format", recordFormats);
    const found = await whilePermitted(permit, request.signal, (signal) => services.log.fetchForMember(group, { ...options, signal }));
    return answer(call, found, options.recordsMax, format);
  },
};

export const groupRecordsRoute: Route = { path: "/groups/{group}/records", operations: { GET: fetchGroup } };

/** Records of one partition after the other, as many as fit. */
function answer({ services }: Call, found: readonly PartitionFetch[], recordsMax: number, format: RecordFormat): AppResponse {
  let [text, count] = ["", 0];
  const offsets: PartitionPosition[] = [];
  for (const { topic, partition, result } of found) {
    let { nextOffset: offset } = result;
    for (const record of iterateRecords(result.batches, services.compression, result.offset)) {
      const written = count === recordsMax ? "" : `{"topic":"${topic}",${writeRecord(record, format, partition).slice(1)}`;
      if (count === recordsMax || (count > 0 && text.length + written.length > services.answerCharsMax)) {
        offset = record.offset;
        break;
      }
      text += count === 0 ? written : `,${written}`;
      count++;
    }
    offsets.push({ topic, partition, offset });
  }
  const body = `{"records":[${text}],"offsets":${JSON.stringify(offsets)}}`;
  return services.answers.answer(json(200, body), body.length);
}

/** @throws invalid_request */
function positionsOf(text: string | undefined): readonly PartitionPosition[] {
  if (text === undefined || text === "") return [];
  const positions = text.split(",").map((part): PartitionPosition => {
    const [, topic, partition, offset] = /^([A-Za-z0-9._-]{1,249})\/(\d{1,9})@(\d{1,16})$/.exec(part) ?? [];
    if (topic !== undefined && Number.isSafeInteger(Number(offset))) return { topic, partition: Number(partition), offset: Number(offset) };
    throw new LogError("invalid_request", `"${shown(part)}" is no position: write topic/partition@offset, several with commas.`);
  });
  if (new Set(positions.map(({ topic, partition }) => `${topic}/${partition}`)).size === positions.length) return positions;
  throw new LogError("invalid_request", "positions names a partition twice.");
}
