import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Consumer, ConsumerState, PartitionStatus } from "../../log/consumers/consumers.ts";
import { writtenTopics, type NewConsumer } from "../../log/consumers/settings.ts";
import { authorize, type Caller, type Need } from "../auth/caller.ts";
import { readFields } from "../body.ts";
import type { ConsumerBody, ConsumerListBody, ConsumerPartitionBody, ConsumerStatusBody } from "../consumer-wire.ts";
import { ref } from "../openapi/schemas.ts";
import { empty, json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { mediaTypes } from "../wire.ts";
import { consumerFields, consumerOf } from "./consumer-input.ts";
import { pageParameters, readGroupPage } from "./paging.ts";
import { listVisible } from "./visible.ts";

const answer = { description: "The consumer, with all settings in force.", content: { [mediaTypes.json]: ref("Consumer") } };
const writes = ["conflict", "request_too_large", "unsupported_media_type", "storage_full"] as const;

const list: Operation = {
  id: "listConsumers",
  summary: "List triggered consumers by group",
  access: { resource: "GROUP", operation: "DESCRIBE", in: "answer" },
  query: { prefix: { description: "Only groups that start with this.", schema: { type: "string" } }, ...pageParameters },
  answers: {
    200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("ConsumerList") } },
  },
  errors: [],
  async handle({ services, caller, query }) {
    const page = readGroupPage(query);
    const ofGroups = { caller, resourceType: "GROUP", nameOf: ({ group }: Consumer) => group } as const;
    const found = await listVisible((part) => services.log.consumers.list(part), ofGroups, page);
    const last = found.length === page.limit ? found.at(-1) : undefined;
    const rights = await caller.rights();
    const consumers = await mapBounded(found, limits.shardConcurrency, async (consumer) => {
      const state = shownState(await services.log.consumers.state(consumer), rights("DESCRIBE", "TOPIC", consumer.topic));
      return { ...consumerBody(consumer), state };
    });
    return json(200, { consumers, ...(last !== undefined && { nextCursor: last.group }) } satisfies ConsumerListBody);
  },
};

const describe: Operation = {
  id: "describeConsumer",
  summary: "A triggered consumer's settings",
  access: { resource: "GROUP", operation: "DESCRIBE" },
  answers: { 200: answer },
  errors: ["invalid_group_id", "group_id_not_found"],
  async handle({ services, group }) {
    return json(200, consumerBody(await services.log.consumers.get(group)));
  },
};

const put: Operation = {
  id: "putConsumer",
  summary: "Make a triggered consumer, or change it",
  description:
    "What is left out has its default, also in one that is there. The log calls the function as itself, so that this is for administrators. " +
    "Takes READ on the group and on the topic too, and WRITE on the output topics and on a topic of onFailure.",
  access: { resource: "CLUSTER", operation: "ALTER" },
  body: { [mediaTypes.json]: ref("PutConsumer") },
  answers: {
    200: { ...answer, description: "It was there, and is changed." },
    201: { ...answer, description: "It is made.", headers: { location: { description: "Its path.", schema: { type: "string" } } } },
  },
  errors: ["invalid_group_id", "invalid_topic", "invalid_config", "unknown_topic_or_partition", "non_empty_group", ...writes],
  async handle(call) {
    const wanted = consumerOf(call.group, await readFields(call, consumerFields));
    await mayTrigger(call.caller, wanted);
    const body = consumerBody(await call.services.log.consumers.put(wanted));
    return body.version === 1 ? json(201, body, { location: `/v1/consumers/${encodeURIComponent(body.group)}` }) : json(200, body);
  },
};

const alter: Operation = {
  id: "alterConsumer",
  summary: "Pause a triggered consumer, or let it go on",
  description: "A call that runs ends with its batch. While it is paused, it keeps where it has come to.",
  access: { resource: "GROUP", operation: "READ" },
  body: { [mediaTypes.json]: ref("AlterConsumer") },
  answers: { 200: answer },
  errors: ["invalid_group_id", "group_id_not_found", ...writes],
  async handle(call) {
    const enabled = (await readFields(call, ["enabled"])).get("enabled");
    if (typeof enabled !== "boolean") throw new LogError("invalid_request", "enabled must be true or false.");
    return json(200, consumerBody(await call.services.log.consumers.setEnabled(call.group, enabled)));
  },
};

const remove: Operation = {
  id: "deleteConsumer",
  summary: "Delete a triggered consumer",
  description: "The function is called no more. Offsets and dead letters stay until the group is deleted, or expires.",
  access: { resource: "GROUP", operation: "DELETE" },
  answers: { 204: { description: "It is gone." } },
  errors: ["invalid_group_id", "group_id_not_found", "conflict", "storage_full"],
  async handle({ services, group }) {
    await services.log.consumers.remove(group);
    return empty(204);
  },
};

const status: Operation = {
  id: "consumerStatus",
  summary: "How it is with each partition of a triggered consumer",
  access: { resource: "GROUP", operation: "DESCRIBE" },
  answers: { 200: { description: "Its state.", content: { [mediaTypes.json]: ref("ConsumerStatus") } } },
  errors: ["invalid_group_id", "group_id_not_found"],
  async handle({ services, caller, group }) {
    const { consumer, partitions: all, state, deadLetters } = await services.log.consumers.status(group);
    const { topic } = consumer;
    const maySee = (await caller.rights())("DESCRIBE", "TOPIC", topic);
    const partitions = maySee ? all.map(partitionBody) : [];
    const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
    const body: ConsumerStatusBody = { group, topic, state: shownState(state, maySee), deadLetters, lag, partitions };
    return json(200, body);
  },
};

export const consumersRoute: Route = { path: "/consumers", operations: { GET: list } };
export const consumerRoute: Route = {
  path: "/consumers/{group}",
  operations: { GET: describe, PUT: put, PATCH: alter, DELETE: remove },
};
export const consumerStatusRoute: Route = { path: "/consumers/{group}/status", operations: { GET: status } };

/** Who makes a consumer has the log read and write for it: only what they may themselves. @throws forbidden */
async function mayTrigger(caller: Caller, consumer: NewConsumer): Promise<void> {
  const { group, topic } = consumer;
  const needs: readonly Need[] = [
    { operation: "READ", resourceType: "GROUP", name: group },
    { operation: "READ", resourceType: "TOPIC", name: topic },
    ...[...writtenTopics(consumer)].map((name): Need => ({ operation: "WRITE", resourceType: "TOPIC", name })),
  ];
  for (const need of needs) await authorize(caller, [need]);
}

/** As in a group's lag, whoever may not DESCRIBE the topic learns nothing of it. */
function shownState(state: ConsumerState, maySeeTopic: boolean): ConsumerState {
  return state === "NoTopic" && !maySeeTopic ? "Enabled" : state;
}

function consumerBody(all: Consumer): ConsumerBody {
  const { group, topic, target, startingPositionTimestampMs, onFailure, owner: _, predecessor: __, ...consumer } = all;
  return {
    group,
    topic,
    target,
    ...consumer,
    ...(startingPositionTimestampMs !== undefined && { startingPositionTimestampMs }),
    ...(onFailure !== undefined && { onFailure }),
  };
}

function partitionBody({ isLeased, ...found }: PartitionStatus): ConsumerPartitionBody {
  const { offset = null, oldestTimestampMs = null, retryAtMs = null, lastErrorMs = null } = found;
  return { ...found, offset, oldestTimestampMs, leased: isLeased, retryAtMs, lastErrorMs };
}
