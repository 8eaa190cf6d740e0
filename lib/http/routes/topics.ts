import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { clusterName, type NeededOperation } from "../../core/access/acl.ts";
import type { AlterTopic, Topic } from "../../log/log.ts";
import { authorize, type Need } from "../auth/caller.ts";
import { readFields } from "../body.ts";
import { ref } from "../openapi/schemas.ts";
import { empty, json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { listVisible } from "./visible.ts";
import { mediaTypes, type TopicBody, type TopicDetailBody, type TopicListBody } from "../wire.ts";

const topicAnswer = { description: "The topic.", content: { [mediaTypes.json]: ref("Topic") } };

const create: Operation = {
  id: "createTopic",
  summary: "Make a topic",
  description: "CREATE on the cluster is enough too.",
  access: { resource: "TOPIC", operation: "CREATE", in: "body" },
  body: { [mediaTypes.json]: ref("CreateTopic") },
  answers: { 201: { ...topicAnswer, headers: { location: { description: "The topic's path.", schema: { type: "string" } } } } },
  errors: [
    "invalid_topic",
    "invalid_partitions",
    "invalid_config",
    "topic_already_exists",
    "conflict",
    "request_too_large",
    "unsupported_media_type",
    "storage_full",
  ],
  async handle(call) {
    const body = await readFields(call, ["name", "partitions", "partitionsPerShard", "config"]);
    const name = body.get("name");
    if (typeof name !== "string") throw new LogError("invalid_request", "name must be a string.");
    await authorize(call.caller, [topicNeed("CREATE", name), { operation: "CREATE", resourceType: "CLUSTER", name: clusterName }]);
    const partitionsPerShard = integerOf(body, "partitionsPerShard");
    const topic = await call.services.log.topics.create({
      name,
      ...changeOf(body),
      ...(partitionsPerShard === undefined ? {} : { partitionsPerShard }),
    });
    return json(201, topicBody(topic), { location: `/v1/topics/${topic.name}` });
  },
};

const list: Operation = {
  id: "listTopics",
  summary: "List topics by name",
  access: { resource: "TOPIC", operation: "DESCRIBE", in: "answer" },
  query: {
    prefix: { description: "Only names that start with this.", schema: { type: "string" } },
    limit: {
      description: "How many at most.",
      schema: { type: "integer", minimum: 1, maximum: limits.listLimitMax, default: limits.listLimitDefault },
    },
    cursor: { description: "`nextCursor` of the page before.", schema: { type: "string" } },
  },
  answers: {
    200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("TopicList") } },
  },
  errors: [],
  async handle({ services, caller, query }) {
    const limit = query.integer("limit", 1, limits.listLimitMax) ?? limits.listLimitDefault;
    const prefix = query.get("prefix") ?? "";
    const after = query.get("cursor") ?? "";
    if (prefix.length > limits.topicNameLengthMax || after.length > limits.topicNameLengthMax) {
      throw new LogError("invalid_request", "prefix and cursor are no longer than a topic's name.");
    }
    const ofTopics = { caller, resourceType: "TOPIC", nameOf: ({ name }: Topic) => name } as const;
    const topics = await listVisible((page) => services.log.topics.list(page), ofTopics, { prefix, after, limit });
    const last = topics.length === limit ? topics.at(-1) : undefined;
    const body: TopicListBody = { topics: topics.map(topicBody), ...(last === undefined ? {} : { nextCursor: last.name }) };
    return json(200, body);
  },
};

const describe: Operation = {
  id: "describeTopic",
  summary: "A topic, with the offsets that each partition has",
  access: { resource: "TOPIC", operation: "DESCRIBE" },
  answers: { 200: { description: "The topic.", content: { [mediaTypes.json]: ref("TopicDetail") } } },
  errors: [],
  async handle({ services, topic: name }) {
    const [topic, partitionDetails] = await Promise.all([services.log.topics.get(name), services.log.watermarks(name)]);
    const body: TopicDetailBody = {
      ...topicBody(topic),
      partitionDetails: partitionDetails.map(({ partition, logStartOffset, highWatermark }) => ({
        partition,
        logStartOffset,
        highWatermark,
      })),
    };
    return json(200, body);
  },
};

const alter: Operation = {
  id: "alterTopic",
  summary: "Add partitions or change configs",
  description: "Partitions grow and never shrink. Partitions take ALTER, configs ALTER_CONFIGS.",
  access: { resource: "TOPIC", operation: ["ALTER", "ALTER_CONFIGS"] },
  body: { [mediaTypes.json]: ref("AlterTopic") },
  answers: { 200: topicAnswer },
  errors: ["invalid_partitions", "invalid_config", "conflict", "request_too_large", "unsupported_media_type", "storage_full"],
  async handle(call) {
    const change = changeOf(await readFields(call, ["partitions", "config"]));
    if (change.config === undefined || change.partitions !== undefined) await authorize(call.caller, [topicNeed("ALTER", call.topic)]);
    if (change.config !== undefined) await authorize(call.caller, [topicNeed("ALTER_CONFIGS", call.topic)]);
    return json(200, topicBody(await call.services.log.topics.alter(call.topic, change)));
  },
};

const remove: Operation = {
  id: "deleteTopic",
  summary: "Delete a topic with its records",
  access: { resource: "TOPIC", operation: "DELETE" },
  answers: { 204: { description: "It is gone." } },
  errors: ["conflict", "storage_full"],
  async handle({ services, topic }) {
    await services.log.topics.delete(topic);
    return empty(204);
  },
};

export const topicsRoute: Route = { path: "/topics", operations: { GET: list, POST: create } };
export const topicRoute: Route = { path: "/topics/{topic}", operations: { GET: describe, PATCH: alter, DELETE: remove } };

function topicNeed(operation: NeededOperation, name: string): Need {
  return { operation, resourceType: "TOPIC", name };
}

function changeOf(body: ReadonlyMap<string, unknown>): AlterTopic {
  const partitions = integerOf(body, "partitions");
  const config = body.get("config");
  if (config !== undefined && (typeof config !== "object" || config === null || Array.isArray(config))) {
    throw new LogError("invalid_request", 'config must be an object, such as {"retention.ms": 3600000}.');
  }
  return {
    ...(partitions === undefined ? {} : { partitions }),
    ...(config === undefined ? {} : { config: config as Readonly<Record<string, unknown>> }),
  };
}

function integerOf(body: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = body.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new LogError("invalid_request", `${name} must be an integer.`);
}

function topicBody({ name, id, partitions, partitionsPerShard, createdMs, config, overrides }: Topic): TopicBody {
  return { name, id, partitions, partitionsPerShard, createdMs, config, overrides: Object.keys(overrides) };
}
