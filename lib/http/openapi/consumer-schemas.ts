import { limits } from "../../core/limits.ts";
import { startingPositions } from "../../log/consumers/settings.ts";
import type { Schema } from "../route.ts";
import { here, integer, object } from "./build.ts";

const text: Schema = { type: "string" };
const flag: Schema = { type: "boolean" };
const orNull = { type: ["integer", "null"] } as const;

const settings = {
  topic: here("TopicName"),
  target: { type: "string", description: "The ARN of the Lambda function that is called." },
  targetTimeoutMs: { ...integer(1, limits.functionTimeoutMsMax), default: limits.functionTimeoutMsMax },
  startingPosition: { enum: startingPositions, default: "LATEST", description: "For partitions where nothing is committed." },
  startingPositionTimestampMs: { ...integer(), description: "With AT_TIMESTAMP." },
  batchSize: { ...integer(1, limits.triggerBatchSizeMax), default: limits.triggerBatchSizeDefault },
  maxBatchingWindowMs: { ...integer(0, limits.triggerWindowMsMax), default: 0 },
  filters: { type: "array", items: text, maxItems: limits.filtersMax, description: "EventBridge patterns, each as JSON text." },
  retryAttempts: { ...integer(-1, limits.triggerRetriesMax), default: -1, description: "-1: until the records are too old, or gone." },
  maxRecordAgeMs: {
    anyOf: [{ const: -1 }, integer(limits.triggerAgeMsMin, limits.triggerAgeMsMax)],
    default: -1,
    description: "What is older is given up; -1: nothing is.",
  },
  bisectBatchOnError: { ...flag, default: false },
  reportBatchItemFailures: { ...flag, default: false },
  onFailure: { type: "string", description: "The ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka:// and a topic." },
  outputTopics: { type: "array", items: here("TopicName"), maxItems: limits.triggerOutputTopicsMax },
  enabled: { ...flag, default: true },
} as const satisfies Record<string, Schema>;
const consumer = { group: here("GroupId"), version: integer(1), createdMs: integer(), ...settings };
const chosen: readonly string[] = ["startingPositionTimestampMs", "onFailure"];

function always(fields: object): readonly string[] {
  return Object.keys(fields).filter((name) => !chosen.includes(name));
}

const partition = {
  partition: integer(),
  offset: orNull,
  highWatermark: integer(),
  lag: integer(),
  oldestTimestampMs: orNull,
  leased: { ...flag, description: "Whether somebody delivers it now." },
  attempts: integer(),
  retryAtMs: orNull,
  invocations: integer(),
  lastError: text,
  lastErrorMs: orNull,
};
const state = {
  enum: ["Enabled", "Disabled", "Problem", "NoTopic", "NotRunning"],
  description:
    "Problem: a partition's newest call failed, or the server's function cannot be loaded. NotRunning: it is a server's own, and does not run.",
};
const status = {
  group: here("GroupId"),
  topic: here("TopicName"),
  state,
  lag: integer(),
  deadLetters: integer(),
  partitions: { type: "array", items: object(partition, Object.keys(partition)) },
};
const letter = {
  id: here("DeadLetterId"),
  topic: here("TopicName"),
  partition: integer(),
  fromOffset: integer(),
  toOffset: { ...integer(), description: "The first one that is not of it." },
  records: integer(),
  condition: { enum: ["RetryAttemptsExhausted", "RecordAgeExceeded", "PayloadTooLarge"] },
  attempts: integer(),
  functionError: text,
  error: text,
  firstTimestampMs: { type: "integer" },
  lastTimestampMs: { type: "integer" },
  givenUpMs: integer(),
  redriving: flag,
};

/** A topic, a partition and an offset. */
export const deadLetterIdPattern = `^[a-zA-Z0-9._-]{1,${limits.topicNameLengthMax}}/\\d{5}/\\d{19}$`;

/** Those of triggered consumers, as `consumer-wire.ts` has them as types. */
export const consumerSchemas = {
  PutConsumer: object(settings, ["topic", "target"]),
  Consumer: object(consumer, always(consumer)),
  ListedConsumer: object({ ...consumer, state }, always({ ...consumer, state })),
  ConsumerList: object({ consumers: { type: "array", items: here("ListedConsumer") }, nextCursor: text }, ["consumers"]),
  AlterConsumer: object({ enabled: flag }, ["enabled"]),
  ConsumerStatus: object(status, Object.keys(status)),
  DeadLetterId: { type: "string", pattern: deadLetterIdPattern, description: "Of its group: where its range begins." },
  DeadLetter: object(letter, Object.keys(letter)),
  DeadLetterList: object({ deadLetters: { type: "array", items: here("DeadLetter") }, nextCursor: text }, ["deadLetters"]),
  Redrive: object({ ids: { type: "array", items: here("DeadLetterId"), minItems: 1, maxItems: limits.deadLetterListMax } }, []),
  RedriveAnswer: object({ redriving: integer() }, ["redriving"]),
} as const satisfies Record<string, Schema>;
