import { assignors } from "../../core/groups/assignor.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Partitions, Subscription } from "../../log/groups/group-state.ts";
import type { CommittedOffset, GroupSummary, Heartbeat, MemberIdentity, OffsetCommit } from "../../log/groups/groups.ts";
import { groupLag } from "../../log/groups/lag.ts";
import { authorize, type Caller } from "../auth/caller.ts";
import { readFields } from "../body.ts";
import type { GroupDetailBody, GroupLagBody, GroupListBody, GroupOffsetsBody, MembershipBody, WirePartitions } from "../group-wire.ts";
import { ref } from "../openapi/schemas.ts";
import { empty, json } from "../responses.ts";
import type { Operation, Parameter, Route } from "../route.ts";
import { mediaTypes } from "../wire.ts";
import { itemsOf, pageParameters, readGroupPage } from "./paging.ts";
import { listVisible } from "./visible.ts";

const session: Parameter = { description: "Of this life of the member, as in its beats.", schema: { type: "string", default: "" } };
const generation: Parameter = { description: "Of the newest answer to a beat.", schema: { type: "integer", minimum: 0 } };
const writes = ["conflict", "request_too_large", "unsupported_media_type", "storage_full"] as const;

const list: Operation = {
  id: "listGroups",
  summary: "List consumer groups by name",
  access: { resource: "GROUP", operation: "DESCRIBE", in: "answer" },
  query: { prefix: { description: "Only names that start with this.", schema: { type: "string" } }, ...pageParameters },
  answers: {
    200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("GroupList") } },
  },
  errors: [],
  async handle({ services, caller, query }) {
    const page = readGroupPage(query);
    const ofGroups = { caller, resourceType: "GROUP", nameOf: ({ group }: GroupSummary) => group } as const;
    const groups = await listVisible((part) => services.log.groups.list(part), ofGroups, page);
    const last = groups.length === page.limit ? groups.at(-1) : undefined;
    return json(200, { groups, ...(last === undefined ? {} : { nextCursor: last.group }) } satisfies GroupListBody);
  },
};

const describe: Operation = {
  id: "describeGroup",
  summary: "A group, with its members and what they have",
  access: { resource: "GROUP", operation: "DESCRIBE" },
  answers: { 200: { description: "The group.", content: { [mediaTypes.json]: ref("GroupDetail") } } },
  errors: ["invalid_group_id", "group_id_not_found"],
  async handle({ services, group }) {
    const { members, ...found } = await services.log.groups.describe(group);
    const body: GroupDetailBody = {
      ...found,
      members: members.map(({ subscription, assigned, revoked, ...member }) => ({
        ...member,
        ...subscription,
        assigned: partitionsBody(assigned),
        revoked: partitionsBody(revoked),
      })),
    };
    return json(200, body);
  },
};

const remove: Operation = {
  id: "deleteGroup",
  summary: "Delete a group with its offsets",
  description: "One that has no members.",
  access: { resource: "GROUP", operation: "DELETE" },
  answers: { 204: { description: "It is gone." } },
  errors: ["invalid_group_id", "group_id_not_found", "non_empty_group", "conflict", "storage_full"],
  async handle({ services, group }) {
    await services.log.groups.delete(group);
    return empty(204);
  },
};

const heartbeat: Operation = {
  id: "heartbeat",
  summary: "Join a group, or say that a member is still there",
  description:
    "The answer says which partitions the member has. Beat again within heartbeatIntervalMs, each time with the generation of the newest answer. Takes READ on the topics too, and with a prefix on all that start so.",
  access: { resource: "GROUP", operation: "READ" },
  body: { [mediaTypes.json]: ref("Heartbeat") },
  answers: { 200: { description: "What the member has.", content: { [mediaTypes.json]: ref("Membership") } } },
  errors: ["invalid_group_id", "invalid_topic", "unknown_member_id", "fenced_instance_id", "non_empty_group", ...writes],
  async handle(call) {
    const fields = await readFields(call, ["topics", "prefix", "session", "generation", "held", "sessionTimeoutMs", "assignor"]);
    const beat = beatOf(fields);
    const { subscription } = beat;
    await mayRead(call.caller, "topics" in subscription ? subscription.topics : [allOf(subscription.prefix)]);
    const { assigned, revoked, awaited, ...membership } = await call.services.log.groups.heartbeat(call.group, call.member, beat);
    const shares = { assigned: partitionsBody(assigned), revoked: partitionsBody(revoked), awaited: partitionsBody(awaited) };
    return json(200, { ...membership, ...shares } satisfies MembershipBody);
  },
};

const leave: Operation = {
  id: "leaveGroup",
  summary: "Leave a group",
  description: "What the member has goes to others at once.",
  access: { resource: "GROUP", operation: "READ" },
  query: { session },
  answers: { 204: { description: "It is not there any more." } },
  errors: ["invalid_group_id", "conflict", "storage_full"],
  async handle({ services, group, member, query }) {
    await services.log.groups.leave(group, member, query.get("session"));
    return empty(204);
  },
};

const offsets: Operation = {
  id: "groupOffsets",
  summary: "How far a group has come",
  description:
    "With a member: where it goes on with each partition that it has, which takes READ; from then on nobody who had one of them before can commit for it.",
  access: { resource: "GROUP", operation: ["DESCRIBE", "READ"] },
  query: { member: { description: "A member's id.", schema: { type: "string" } }, session, generation },
  answers: { 200: { description: "By topic and partition.", content: { [mediaTypes.json]: ref("GroupOffsets") } } },
  errors: ["invalid_group_id", "group_id_not_found", "unknown_member_id", "fenced_instance_id", "conflict", "storage_full"],
  async handle({ services, caller, group, query }) {
    const { groups } = services.log;
    const member = query.get("member");
    const identity = identityOf(member, query.get("session"), query.integer("generation", 0, Number.MAX_SAFE_INTEGER));
    await authorize(caller, [{ operation: identity === undefined ? "DESCRIBE" : "READ", resourceType: "GROUP", name: group }]);
    const found = await (identity === undefined ? groups.committed(group) : groups.acquire(group, identity));
    return json(200, offsetsBody(await ofVisibleTopics(caller, found)));
  },
};

const commit: Operation = {
  id: "commitOffsets",
  summary: "Say how far a member has come, or set where a group without members goes on",
  description: "All of the offsets or none. A member's never go back within a generation of the partition's. Takes READ on the topics too.",
  access: { resource: "GROUP", operation: "READ" },
  body: { [mediaTypes.json]: ref("CommitOffsets") },
  answers: { 204: { description: "They are committed." } },
  errors: [
    "invalid_group_id",
    "invalid_topic",
    "group_id_not_found",
    "unknown_topic_or_partition",
    "unknown_member_id",
    "illegal_generation",
    "fenced_instance_id",
    "non_empty_group",
    ...writes,
  ],
  async handle(call) {
    const fields = await readFields(call, ["member", "session", "generation", "offsets"]);
    const commits = itemsOf(fields, "offsets", limits.offsetCommitsMax).map(commitOf);
    await mayRead(
      call.caller,
      commits.map(({ topic }) => topic),
    );
    const { groups } = call.services.log;
    const identity = identityOf(textOf(fields, "member"), textOf(fields, "session"), integerOf(fields, "generation"));
    if (identity === undefined) await groups.set(call.group, commits);
    else await groups.commit(call.group, identity, commits);
    return empty(204);
  },
};

const lag: Operation = {
  id: "groupLag",
  summary: "How far a group is behind",
  access: { resource: "GROUP", operation: "DESCRIBE" },
  answers: { 200: { description: "By topic and partition.", content: { [mediaTypes.json]: ref("GroupLag") } } },
  errors: ["invalid_group_id", "group_id_not_found"],
  async handle({ services, caller, group }) {
    const found = await ofVisibleTopics(caller, await groupLag(services.log, group));
    const partitions = found.map((each) => ({ ...each, offset: each.offset ?? null, lag: each.lag ?? null }));
    return json(200, { partitions, lag: found.reduce((sum, each) => sum + (each.lag ?? 0), 0) } satisfies GroupLagBody);
  },
};

export const groupsRoute: Route = { path: "/groups", operations: { GET: list } };
export const groupRoute: Route = { path: "/groups/{group}", operations: { GET: describe, DELETE: remove } };
export const memberRoute: Route = { path: "/groups/{group}/members/{member}", operations: { POST: heartbeat, DELETE: leave } };
export const groupOffsetsRoute: Route = { path: "/groups/{group}/offsets", operations: { GET: offsets, POST: commit } };
export const groupLagRoute: Route = { path: "/groups/{group}/lag", operations: { GET: lag } };

/** @throws forbidden */
export async function mayRead(caller: Caller, topics: readonly string[]): Promise<void> {
  for (const name of new Set(topics)) await authorize(caller, [{ operation: "READ", resourceType: "TOPIC", name }]);
}

/** Stands for all names that start so: no topic is called that, so that only a rule for all of them allows it, and none for the topic `prefix` alone. */
function allOf(prefix: string): string {
  return `${prefix}*`;
}

/** As in Kafka, whoever may not DESCRIBE a topic learns nothing of it through a group. */
async function ofVisibleTopics<T extends { readonly topic: string }>(caller: Caller, found: readonly T[]): Promise<readonly T[]> {
  const rights = await caller.rights();
  return found.filter(({ topic }) => rights("DESCRIBE", "TOPIC", topic));
}

function beatOf(fields: ReadonlyMap<string, unknown>): Heartbeat {
  const assignor = fields.get("assignor");
  const known = assignors.find((name) => name === assignor);
  if (assignor !== undefined && known === undefined)
    throw new LogError("invalid_request", `assignor must be one of ${assignors.join(", ")}.`);
  return {
    subscription: subscriptionOf(fields),
    session: textOf(fields, "session"),
    generation: integerOf(fields, "generation") ?? 0,
    held: heldOf(fields.get("held")),
    sessionTimeoutMs: integerOf(fields, "sessionTimeoutMs"),
    assignor: known,
  };
}

function subscriptionOf(fields: ReadonlyMap<string, unknown>): Subscription {
  const [topics, prefix] = [fields.get("topics"), textOf(fields, "prefix")];
  if ((topics === undefined) === (prefix === undefined))
    throw new LogError("invalid_request", "Give topics, an array of names, or prefix.");
  if (prefix !== undefined) return { prefix };
  if (!Array.isArray(topics) || !topics.every((name) => typeof name === "string")) {
    throw new LogError("invalid_request", "topics must be an array of names.");
  }
  return { topics };
}

function heldOf(value: unknown): Partitions | undefined {
  if (value === undefined) return undefined;
  const wrong = new LogError("invalid_request", 'held must be an object of arrays, such as {"orders": [0, 3]}.');
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return new Map(
    entries.map(([topic, numbers]) => {
      if (!Array.isArray(numbers) || !numbers.every((number) => typeof number === "number")) throw wrong;
      return [topic, numbers];
    }),
  );
}

/** One of the offsets of a body. @throws invalid_request */
export function commitOf(value: unknown): OffsetCommit {
  const wrong = new LogError("invalid_request", 'An offset is an object such as {"topic": "orders", "partition": 0, "offset": 42}.');
  if (typeof value !== "object" || value === null) throw wrong;
  const fields = new Map(Object.entries(value));
  const { topic, partition, offset } = value as Readonly<Record<string, unknown>>;
  const unknown = [...fields.keys()].find((name) => !["topic", "partition", "offset", "metadata"].includes(name));
  if (typeof topic !== "string" || typeof partition !== "number" || typeof offset !== "number" || unknown !== undefined) throw wrong;
  return { topic, partition, offset, metadata: textOf(fields, "metadata") };
}

/** @returns undefined where no member is named @throws invalid_request */
export function identityOf(member?: string, session?: string, generation?: number): MemberIdentity | undefined {
  if (member !== undefined && generation !== undefined) return { member, session, generation };
  if (member !== undefined)
    throw new LogError("invalid_request", "Give generation too: that of the newest answer to a beat of the member.");
  if (session === undefined && generation === undefined) return undefined;
  throw new LogError("invalid_request", "session and generation are a member's: name the member, or leave them out.");
}

function offsetsBody(offsets: readonly CommittedOffset[]): GroupOffsetsBody {
  return { offsets: offsets.map((each) => ({ ...each, offset: each.offset ?? null })) };
}

function partitionsBody(partitions: Partitions): WirePartitions {
  return Object.fromEntries(partitions);
}

/** @throws invalid_request */
export function textOf(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw new LogError("invalid_request", `${name} must be a string.`);
}

/** @throws invalid_request */
export function integerOf(fields: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new LogError("invalid_request", `${name} must be an integer from 0 on.`);
}
