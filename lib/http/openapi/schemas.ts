import { anyName, operations, patternTypes, permissions, resourceTypes } from "../../core/access/acl.ts";
import { assignors } from "../../core/groups/assignor.ts";
import { groupStates } from "../../core/groups/group-states.ts";
import { errorCodes } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Schema } from "../route.ts";
import { here, integer, object } from "./build.ts";
import { consumerSchemas } from "./consumer-schemas.ts";

/** The schemas that routes share, by their name under `components/schemas`. `wire.ts` has the same shapes as types. */
export function ref(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const base64: Schema = { type: "string", contentEncoding: "base64" };

const configChange: Schema = {
  type: "object",
  description: "Kafka's topic configs; null sets one back to its default.",
  additionalProperties: { type: ["string", "number", "boolean", "null"] },
};
const headerValue: Schema = { anyOf: [{ type: ["string", "null"] }, object({ base64 }, ["base64"])] };
const headers: Schema = {
  type: "object",
  description: "By name; an array where a name occurs more than once.",
  additionalProperties: { anyOf: [headerValue, { type: "array", items: headerValue, minItems: 1 }] },
};
const contents = { key: {}, keyBase64: base64, value: {}, valueBase64: base64, headers };

const topic: Readonly<Record<string, Schema>> = {
  name: here("TopicName"),
  id: { type: "string", description: "Never used again, not even by a topic made anew under the same name." },
  partitions: integer(1, limits.partitionsMax),
  partitionsPerShard: integer(1, limits.partitionsPerShardMax),
  createdMs: integer(),
  config: { type: "object", description: "All configs in force.", additionalProperties: { type: "string" } },
  overrides: { type: "array", description: "The configs that were set for this topic.", items: { type: "string" } },
};
const record = { offset: integer(), timestamp: { type: "integer" }, ...contents };
const recordFields = ["offset", "timestamp", "headers"];

const wireError: Schema = {
  type: "object",
  description: "Programs act on the code; details such as `actualOffset` stand beside it.",
  properties: {
    code: { enum: errorCodes },
    message: { type: "string", minLength: 1 },
    outcome: { enum: ["not-applied", "unknown"], description: "Whether the write may have happened." },
    retryAfterMs: integer(),
  },
  required: ["code", "message", "outcome"],
  additionalProperties: { type: ["string", "number"] },
};

const scope = {
  resourceType: { enum: resourceTypes },
  resourceName: {
    type: "string",
    minLength: 1,
    maxLength: limits.resourceNameLengthMax,
    description: "A name; with PREFIXED the start of one.",
  },
  patternType: { enum: patternTypes, description: `LITERAL: the name itself, or ${anyName} for all. PREFIXED: what starts so.` },
  operation: { enum: operations },
};
const principal: Schema = { type: "string", pattern: "^User:.+", description: "`User:` and a name; `User:*` in an ACL is everyone." };
const acl = { ...scope, principal, permission: { enum: permissions, description: "DENY wins." } };
const token: Readonly<Record<string, Schema>> = {
  id: here("TokenId"),
  principal,
  createdMs: integer(),
  createdBy: { type: "string" },
  description: { type: "string" },
  scopes: { type: "array", items: here("Scope"), description: "What it is limited to." },
  expiresMs: integer(),
};
const tokenFields = ["id", "principal", "createdMs", "createdBy"];
const rate = integer(1, limits.quotaRateMax);
const rates = { producerByteRate: rate, consumerByteRate: rate, requestRate: rate };
const rateChange: Schema = { ...rate, type: ["integer", "null"] };
/** As it is sent: LITERAL may be left out. */
const newPattern = { ...scope.patternType, default: "LITERAL" };
const without = (fields: Readonly<Record<string, Schema>>, name: string): readonly string[] =>
  Object.keys(fields).filter((field) => field !== name);

const partitions: Schema = {
  type: "object",
  description: "Partitions by topic.",
  additionalProperties: { type: "array", items: integer() },
};
const id = (maxLength: number): Schema => ({ type: "string", minLength: 1, maxLength, description: "No control characters." });
const subscription = { topics: { type: "array", items: { type: "string" } }, prefix: { type: "string" } };
const group = { group: here("GroupId"), state: { enum: groupStates }, generation: integer() };
const place = { topic: here("TopicName"), partition: integer() };
const newRecord = { ...contents, partition: integer(0, limits.partitionsMax - 1), timestamp: integer() };
const oneOfEach = [{ not: { required: ["key", "keyBase64"] } }, { not: { required: ["value", "valueBase64"] } }];
const commits: Schema = {
  type: "array",
  minItems: 1,
  maxItems: limits.offsetCommitsMax,
  items: object({ ...place, offset: integer(), metadata: { type: "string" } }, [...Object.keys(place), "offset"]),
};
const sessionTimeoutMs = integer(limits.sessionTimeoutMsMin, limits.sessionTimeoutMsMax);

export const schemas = {
  TopicName: { type: "string", pattern: "^[a-zA-Z0-9._-]+$", minLength: 1, maxLength: limits.topicNameLengthMax },
  CreateTopic: object(
    {
      name: here("TopicName"),
      partitions: { ...integer(1, limits.partitionsMax), default: limits.partitionsDefault },
      partitionsPerShard: { ...integer(1, limits.partitionsPerShardMax), default: limits.partitionsPerShardDefault },
      config: configChange,
    },
    ["name"],
  ),
  AlterTopic: object({ partitions: integer(1, limits.partitionsMax), config: configChange }, []),
  Topic: object(topic, Object.keys(topic)),
  TopicDetail: object(
    {
      ...topic,
      partitionDetails: {
        type: "array",
        items: object({ partition: integer(), logStartOffset: integer(), highWatermark: integer() }, [
          "partition",
          "logStartOffset",
          "highWatermark",
        ]),
      },
    },
    [...Object.keys(topic), "partitionDetails"],
  ),
  TopicList: object({ topics: { type: "array", items: here("Topic") }, nextCursor: { type: "string" } }, ["topics"]),
  NewRecord: {
    ...object(newRecord, []),
    description:
      "A string key or value is stored as its UTF-8 bytes, any other JSON value as its JSON text exactly as sent, null as none. The Base64 forms are for other bytes.",
    allOf: oneOfEach,
  },
  Produce: object({ records: { type: "array", items: here("NewRecord"), minItems: 1, maxItems: limits.requestRecordsMax } }, ["records"]),
  Offsets: {
    type: "array",
    description: "In request order. One element for a raw request: where its first record is.",
    items: {
      anyOf: [
        object({ partition: integer(), offset: integer() }, ["partition", "offset"]),
        object({ partition: integer(), error: here("WireError") }, ["partition", "error"]),
      ],
    },
  },
  ProduceAnswer: object({ offsets: here("Offsets") }, ["offsets"]),
  Record: object(record, recordFields),
  TopicRecord: object({ partition: integer(), ...record }, ["partition", ...recordFields]),
  FetchAnswer: object(
    { records: { type: "array", items: here("Record") }, nextOffset: integer(), highWatermark: integer(), logStartOffset: integer() },
    ["records", "nextOffset", "highWatermark", "logStartOffset"],
  ),
  DeleteRecordsAnswer: object({ partition: integer(), logStartOffset: integer(), highWatermark: integer() }, [
    "partition",
    "logStartOffset",
    "highWatermark",
  ]),
  OffsetsAnswer: object(
    {
      offsets: {
        type: "array",
        items: object({ partition: integer(), offset: { type: ["integer", "null"] }, timestamp: { type: ["integer", "null"] } }, [
          "partition",
          "offset",
          "timestamp",
        ]),
      },
    },
    ["offsets"],
  ),
  Scope: object(scope, Object.keys(scope)),
  NewScope: object({ ...scope, patternType: newPattern }, without(scope, "patternType")),
  Acl: object(acl, Object.keys(acl)),
  NewAcl: object({ ...acl, patternType: newPattern }, without(acl, "patternType")),
  CreateAcls: object({ acls: { type: "array", items: here("NewAcl"), minItems: 1, maxItems: limits.aclsRequestMax } }, ["acls"]),
  Acls: object({ acls: { type: "array", items: here("Acl") } }, ["acls"]),
  AclList: object({ acls: { type: "array", items: here("Acl") }, nextCursor: { type: "string" } }, ["acls"]),
  DeletedAcls: object({ deleted: { type: "array", items: here("Acl") } }, ["deleted"]),
  TokenId: { type: "string", pattern: "^[0-9a-f]{16}$" },
  CreateToken: object(
    {
      principal,
      description: { type: "string", maxLength: limits.tokenDescriptionLengthMax },
      scopes: { type: "array", items: here("NewScope"), minItems: 1, maxItems: limits.tokenScopesMax },
      expiresMs: integer(),
    },
    ["principal"],
  ),
  Token: object(token, tokenFields),
  NewToken: object({ ...token, token: { type: "string", description: "Told this once: it goes into Authorization: Bearer." } }, [
    ...tokenFields,
    "token",
  ]),
  TokenList: object({ tokens: { type: "array", items: here("Token") }, nextCursor: { type: "string" } }, ["tokens"]),
  Quota: object({ principal, ...rates }, ["principal"]),
  AlterQuota: object({ principal, producerByteRate: rateChange, consumerByteRate: rateChange, requestRate: rateChange }, ["principal"]),
  QuotaList: object({ quotas: { type: "array", items: here("Quota") }, enforced: { type: "boolean" } }, ["quotas", "enforced"]),
  GroupId: id(limits.groupIdLengthMax),
  MemberId: id(limits.groupMemberIdLengthMax),
  Group: object({ ...group, members: integer() }, [...Object.keys(group), "members"]),
  GroupList: object({ groups: { type: "array", items: here("Group") }, nextCursor: { type: "string" } }, ["groups"]),
  Member: object(
    {
      member: here("MemberId"),
      ...subscription,
      assigned: partitions,
      revoked: partitions,
      sessionTimeoutMs: integer(),
      beatMs: integer(),
    },
    ["member", "assigned", "revoked", "sessionTimeoutMs", "beatMs"],
  ),
  GroupDetail: object({ ...group, assignor: { enum: assignors }, members: { type: "array", items: here("Member") } }, [
    ...Object.keys(group),
    "assignor",
    "members",
  ]),
  Heartbeat: {
    ...object(
      {
        topics: { type: "array", items: here("TopicName"), minItems: 1, maxItems: limits.groupTopicsMax },
        prefix: here("TopicName"),
        session: { type: "string", maxLength: limits.groupMemberIdLengthMax },
        generation: integer(),
        held: partitions,
        sessionTimeoutMs: { ...sessionTimeoutMs, default: limits.sessionTimeoutMsDefault },
        assignor: { enum: assignors, default: assignors[0] },
      },
      [],
    ),
    oneOf: [{ required: ["topics"] }, { required: ["prefix"] }],
  },
  Membership: object(
    {
      generation: integer(),
      joined: {
        type: "boolean",
        description: "Whether it has joined since the generation that its beat knew: what it had before is lost.",
      },
      assigned: partitions,
      revoked: partitions,
      awaited: partitions,
      heartbeatIntervalMs: integer(),
      sessionTimeoutMs,
    },
    ["generation", "joined", "assigned", "revoked", "awaited", "heartbeatIntervalMs", "sessionTimeoutMs"],
  ),
  GroupRecords: object(
    {
      records: {
        type: "array",
        items: object({ topic: here("TopicName"), partition: integer(), ...record }, ["topic", "partition", ...recordFields]),
      },
      offsets: {
        type: "array",
        items: object({ topic: here("TopicName"), partition: integer(), offset: integer() }, ["topic", "partition", "offset"]),
      },
    },
    ["records", "offsets"],
  ),
  GroupOffsets: object(
    {
      offsets: {
        type: "array",
        items: object({ ...place, offset: { type: ["integer", "null"] }, metadata: { type: "string" }, committedMs: integer() }, [
          ...Object.keys(place),
          "offset",
          "metadata",
          "committedMs",
        ]),
      },
    },
    ["offsets"],
  ),
  CommitOffsets: object(
    {
      member: here("MemberId"),
      session: { type: "string", maxLength: limits.groupMemberIdLengthMax },
      generation: integer(),
      offsets: commits,
    },
    ["offsets"],
  ),
  Transaction: object(
    {
      id: { ...id(limits.transactionIdLengthMax), description: "The transaction's own: under it, it is done once. Default: a new one." },
      session: { type: "string", maxLength: limits.groupMemberIdLengthMax },
      generation: integer(),
      offsets: commits,
      records: {
        type: "array",
        items: { ...object({ topic: here("TopicName"), ...newRecord }, ["topic"]), allOf: oneOfEach },
        maxItems: limits.requestRecordsMax,
      },
    },
    ["generation", "offsets"],
  ),
  TransactionAnswer: object(
    {
      offsets: {
        type: ["array", "null"],
        description:
          "Where the records are, in their order; null when an earlier attempt has done it, and its answer got lost with the places.",
        items: object({ ...place, offset: integer() }, [...Object.keys(place), "offset"]),
      },
    },
    ["offsets"],
  ),
  GroupLag: object(
    {
      partitions: {
        type: "array",
        items: object(
          {
            ...place,
            offset: { type: ["integer", "null"] },
            logStartOffset: integer(),
            highWatermark: integer(),
            lag: { type: ["integer", "null"] },
          },
          [...Object.keys(place), "offset", "logStartOffset", "highWatermark", "lag"],
        ),
      },
      lag: integer(),
    },
    ["partitions", "lag"],
  ),
  ...consumerSchemas,
  Health: object({ status: { const: "ok" }, version: { type: "string" }, engine: { type: "string" } }, ["status", "version", "engine"]),
  WireError: wireError,
  ErrorBody: object({ error: here("WireError") }, ["error"]),
  NdjsonErrorBody: {
    ...object({ offsets: here("Offsets"), error: here("WireError") }, ["error"]),
    description: "`offsets`: the records that are in the log, of an NDJSON request that failed on its way.",
  },
} as const satisfies Record<string, Schema>;
