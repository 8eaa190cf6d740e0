import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { checkTopicName } from "../../core/names.ts";
import { checkFilters } from "../../core/delivery/filter.ts";
import { checkGroupId } from "../groups/check-group.ts";

/** Where a consumer begins: Lambda's names. `AT_TIMESTAMP` needs the time. */
export const startingPositions = ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"] as const;
export type StartingPosition = (typeof startingPositions)[number];

/** A triggered consumer: names, defaults and meanings are those of Lambda's event source mappings for Kafka and Kinesis. */
export interface ConsumerSettings {
  readonly group: string;
  readonly topic: string;
  /** What is called: a Lambda function's ARN, or in a server `local:` and a name. */
  readonly target: string;
  /** How long one call may take. Default 870,000, the longest: who calls it has to see it end within Lambda's 15 minutes. */
  readonly targetTimeoutMs: number;
  readonly startingPosition: StartingPosition;
  /** With `AT_TIMESTAMP`. */
  readonly startingPositionTimestampMs: number | undefined;
  /** Records of one call at most, 1 to 10,000. Default 100. */
  readonly batchSize: number;
  /** How long a call waits for its batch to fill, 0 to 300,000. Default 0, as in mappings for Kinesis; those for Kafka wait 500. */
  readonly maxBatchingWindowMs: number;
  /** EventBridge patterns: a record that matches none is not delivered. Default: none, and all are. */
  readonly filters: readonly string[];
  /** After the first attempt, 0 to 10,000; -1: until the records are too old, or gone. Default -1. */
  readonly retryAttempts: number;
  /** 60,000 to 604,800,000: what is older is given up; -1: nothing is. Default -1. */
  readonly maxRecordAgeMs: number;
  /** Whether a failed batch is tried again in halves. Default false. */
  readonly bisectBatchOnError: boolean;
  /** Whether the function's answer says which records failed. Default false. */
  readonly reportBatchItemFailures: boolean;
  /** Where what was given up goes: the ARN of an SQS queue, SNS topic or S3 bucket, or `kafka://<topic>`, a topic of this log. What is too large for its topic is left where it was, and known as a dead letter. Default: nowhere; it is known as a dead letter. */
  readonly onFailure: string | undefined;
  /** Topics that the function may write to by answering `records`: they and the offset are one step. Default: none, and records in an answer mean nothing. */
  readonly outputTopics: readonly string[];
  /** Default true. */
  readonly enabled: boolean;
  /** Of a consumer that a stack declares: the declaration whose it is. Not told over HTTP; who changes it there takes it from its declaration. Default: none's. */
  readonly owner?: string | undefined;
  /** What another declaration had made of it before this one, and still does. Default: nothing. */
  readonly predecessor?: NewConsumer | undefined;
}

type Needed = "group" | "topic" | "target";

/** What has to be said of a consumer, and what may be. */
export type NewConsumer = Pick<ConsumerSettings, Needed> & {
  readonly [K in Exclude<keyof ConsumerSettings, Needed>]?: ConsumerSettings[K] | undefined;
};

const defaults: Omit<ConsumerSettings, Needed> = {
  targetTimeoutMs: limits.functionTimeoutMsMax,
  startingPosition: "LATEST",
  startingPositionTimestampMs: undefined,
  batchSize: limits.triggerBatchSizeDefault,
  maxBatchingWindowMs: 0,
  filters: [],
  retryAttempts: -1,
  maxRecordAgeMs: -1,
  bisectBatchOnError: false,
  reportBatchItemFailures: false,
  onFailure: undefined,
  outputTopics: [],
  enabled: true,
};

/** Lambda's mappings for Kafka: where a destination is set, nothing is tried again without an end. */
const retriesWithDestination = 10;

/** A consumer with its defaults. @throws invalid_config, invalid_group_id, invalid_topic */
export function checkedConsumer(given: NewConsumer): ConsumerSettings {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as NewConsumer;
  const asked = { ...defaults, ...(set as Partial<ConsumerSettings>) } as ConsumerSettings;
  const isEndless = asked.retryAttempts === -1 && asked.maxRecordAgeMs === -1;
  const consumer = isEndless && asked.onFailure !== undefined ? { ...asked, retryAttempts: retriesWithDestination } : asked;
  checkGroupId(consumer.group);
  checkTopicName(consumer.topic);
  checkTarget(consumer);
  checkNumbers(consumer);
  checkFilters(consumer.filters);
  for (const topic of consumer.outputTopics) checkTopicName(topic);
  if (consumer.outputTopics.length > limits.triggerOutputTopicsMax)
    throw invalid(`outputTopics has at most ${limits.triggerOutputTopicsMax} topics.`);
  checkStart(consumer);
  checkDestination(consumer);
  return consumer;
}

function checkTarget({ target }: ConsumerSettings): void {
  if (/^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_:$-]+$/.test(target) || /^local:[^\p{Cc}]{1,200}$/u.test(target)) return;
  throw invalid(`target has to be the ARN of a Lambda function, not "${target}".`);
}

function checkNumbers(consumer: ConsumerSettings): void {
  const { triggerBatchSizeMax, triggerWindowMsMax, triggerRetriesMax, triggerAgeMsMin, triggerAgeMsMax, functionTimeoutMsMax } = limits;
  within(consumer, "targetTimeoutMs", 1, functionTimeoutMsMax);
  within(consumer, "batchSize", 1, triggerBatchSizeMax);
  within(consumer, "maxBatchingWindowMs", 0, triggerWindowMsMax);
  within(consumer, "retryAttempts", -1, triggerRetriesMax);
  if (consumer.maxRecordAgeMs !== -1) within(consumer, "maxRecordAgeMs", triggerAgeMsMin, triggerAgeMsMax, " or -1");
}

type NumberName = { [K in keyof ConsumerSettings]-?: ConsumerSettings[K] extends number ? K : never }[keyof ConsumerSettings];

function within(consumer: ConsumerSettings, name: NumberName, min: number, max: number, or = ""): void {
  const value = consumer[name];
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalid(`${name} has to be an integer from ${min} to ${max}${or}, not ${String(value)}.`);
}

function checkStart({ startingPosition, startingPositionTimestampMs: atMs }: ConsumerSettings): void {
  if (!startingPositions.includes(startingPosition)) throw invalid(`startingPosition has to be one of ${startingPositions.join(", ")}.`);
  if (startingPosition === "AT_TIMESTAMP" && (atMs === undefined || !Number.isSafeInteger(atMs) || atMs < 0))
    throw invalid("startingPosition AT_TIMESTAMP needs startingPositionTimestampMs, in milliseconds since the epoch.");
}

function checkDestination({ onFailure, topic: own }: ConsumerSettings): void {
  if (onFailure === undefined || /^arn:[a-z-]+:(sqs|sns|s3):/.test(onFailure)) return;
  const topic = failureTopic(onFailure);
  if (topic === undefined)
    throw invalid(`onFailure has to be the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://<topic>, not "${onFailure}".`);
  checkTopicName(topic);
  if (topic === own) throw invalid("onFailure is the consumer's own topic: what is given up would come to it again.");
}

/** The topic of this log that a destination is, if it is one. */
export function failureTopic(destination: string): string | undefined {
  return destination.startsWith("kafka://") ? destination.slice("kafka://".length) : undefined;
}

function invalid(message: string): LogError {
  return new LogError("invalid_config", message);
}

/** The topics of this log that a consumer writes to, each once: those of its outputs, and the one of its failures. */
export function writtenTopics({ outputTopics = [], onFailure }: Pick<NewConsumer, "outputTopics" | "onFailure">): ReadonlySet<string> {
  const ofFailures = onFailure === undefined ? undefined : failureTopic(onFailure);
  return new Set([...outputTopics, ...(ofFailures === undefined ? [] : [ofFailures])]);
}
