import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { DeadLetter } from "../../log/consumers/consumers.ts";
import { readFields } from "../body.ts";
import type { DeadLetterBody, DeadLetterListBody, RedriveAnswer } from "../consumer-wire.ts";
import { ref } from "../openapi/schemas.ts";
import { empty, json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { mediaTypes } from "../wire.ts";
import { checkDeadLetterId } from "./consumer-input.ts";
import { itemsOf, pageParameters, readPage } from "./paging.ts";
import { listVisible } from "./visible.ts";

/** A topic, 5 digits of its partition and 19 of the offset, and slashes between. */
const idLengthMax = limits.topicNameLengthMax + 26;

const list: Operation = {
  id: "listDeadLetters",
  summary: "What a triggered consumer has given up, by topic, partition and offset",
  description: "Of topics with DESCRIBE.",
  access: { resource: "GROUP", operation: "DESCRIBE" },
  query: pageParameters,
  answers: {
    200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("DeadLetterList") } },
  },
  errors: ["invalid_group_id", "group_id_not_found"],
  async handle({ services, caller, group, query }) {
    const page = { ...readPage(query, idLengthMax), prefix: "" };
    const ofTopics = {
      caller,
      resourceType: "TOPIC",
      nameOf: ({ topic }: DeadLetter) => topic,
      keyOf: ({ id }: DeadLetter) => id,
    } as const;
    const found = await listVisible((part) => services.log.consumers.deadLetters(group, part), ofTopics, page);
    const last = found.length === page.limit ? found.at(-1) : undefined;
    const body: DeadLetterListBody = { deadLetters: found.map(letterBody), ...(last !== undefined && { nextCursor: last.id }) };
    return json(200, body);
  },
};

const forget: Operation = {
  id: "forgetDeadLetter",
  summary: "Forget a dead letter",
  description: "It cannot be delivered once more after that. One that is not there is no error.",
  access: { resource: "GROUP", operation: "READ" },
  query: { id: { description: "The dead letter's. It has to be there.", schema: ref("DeadLetterId") } },
  answers: { 204: { description: "It is forgotten." } },
  errors: ["invalid_group_id", "group_id_not_found", "conflict", "storage_full"],
  async handle({ services, group, query }) {
    const id = query.get("id");
    if (id === undefined) throw new LogError("invalid_request", "Say which dead letter to forget: with id in the query.");
    await services.log.consumers.forget(group, [checkDeadLetterId(id)]);
    return empty(204);
  },
};

const redrive: Operation = {
  id: "redriveDeadLetters",
  summary: "Deliver dead letters once more, to this group alone",
  description:
    "Those of the ids, or all of the topic that the consumer reads. They are delivered as soon as their partitions are looked at, within a minute; those that fail are dead letters again.",
  access: { resource: "GROUP", operation: "READ" },
  body: { [mediaTypes.json]: ref("Redrive") },
  answers: { 200: { description: "How many, beside those asked for before.", content: { [mediaTypes.json]: ref("RedriveAnswer") } } },
  errors: [
    "invalid_group_id",
    "group_id_not_found",
    "not_found",
    "conflict",
    "request_too_large",
    "unsupported_media_type",
    "storage_full",
  ],
  async handle(call) {
    const fields = await readFields(call, ["ids"]);
    const ids = fields.has("ids") ? itemsOf(fields, "ids", limits.deadLetterListMax).map(checkDeadLetterId) : undefined;
    const redriving = await call.services.log.consumers.redrive(call.group, ids);
    return json(200, { redriving } satisfies RedriveAnswer);
  },
};

export const deadLettersRoute: Route = { path: "/consumers/{group}/dead-letters", operations: { GET: list, DELETE: forget } };
export const redriveRoute: Route = { path: "/consumers/{group}/redrive", operations: { POST: redrive } };

function letterBody({ isRedriving, ...letter }: DeadLetter): DeadLetterBody {
  return { ...letter, redriving: isRedriving };
}
