import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { OutputRecord } from "../../log/log.ts";
import { contentType } from "../accept.ts";
import { authorize, type Caller } from "../auth/caller.ts";
import { withBody } from "../body.ts";
import type { TransactionAnswer } from "../group-wire.ts";
import { readObject } from "../json/object-input.ts";
import { readOutputs } from "../json/record-input.ts";
import { ref } from "../openapi/schemas.ts";
import { json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { mediaTypes } from "../wire.ts";
import { commitOf, identityOf, integerOf, mayRead, textOf } from "./groups.ts";
import { itemsOf } from "./paging.ts";

const commitTransaction: Operation = {
  id: "commitTransaction",
  summary: "Commit a member's offsets and append what was made of the records before them, in one step",
  description:
    "All of it or nothing. No offset goes back, and where there are records one at least goes ahead. Sent again under its id a transaction is done once, also after an answer that was lost. " +
    "Takes READ on the offsets' topics and WRITE on those of the records too.",
  access: { resource: "GROUP", operation: "READ" },
  quota: "producerByteRate",
  body: { [mediaTypes.json]: ref("Transaction") },
  answers: { 200: { description: "It is done.", content: { [mediaTypes.json]: ref("TransactionAnswer") } } },
  errors: [
    "invalid_group_id",
    "invalid_topic",
    "group_id_not_found",
    "unknown_topic_or_partition",
    "unknown_member_id",
    "illegal_generation",
    "fenced_instance_id",
    "message_too_large",
    "request_too_large",
    "unsupported_media_type",
    "conflict",
    "storage_full",
  ],
  handle(call) {
    const { services, request, caller, group, member } = call;
    contentType(request, [mediaTypes.json]);
    return withBody(call, async (bytes) => {
      let records: readonly OutputRecord[] = [];
      const own = { name: "records", read: (reader: Parameters<typeof readOutputs>[0]) => (records = readOutputs(reader)) };
      const fields = readObject(bytes, ["id", "session", "generation", "offsets", "records"], own);
      const offsets = itemsOf(fields, "offsets", limits.offsetCommitsMax).map(commitOf);
      const identity = identityOf(member, textOf(fields, "session"), integerOf(fields, "generation"));
      if (identity === undefined) throw new LogError("invalid_request", "Give generation: that of the newest answer to a beat.");
      await mayRead(
        caller,
        offsets.map(({ topic }) => topic),
      );
      await mayWrite(caller, records);
      const places = await services.log.commitWith(group, identity, offsets, records, textOf(fields, "id"));
      return json(200, { offsets: places ?? null } satisfies TransactionAnswer);
    });
  },
};

export const transactionsRoute: Route = {
  path: "/groups/{group}/members/{member}/transactions",
  operations: { POST: commitTransaction },
};

async function mayWrite(caller: Caller, records: readonly OutputRecord[]): Promise<void> {
  const topics = new Set(records.map(({ topic }) => topic));
  for (const name of topics) await authorize(caller, [{ operation: "WRITE", resourceType: "TOPIC", name }]);
}
