/** What goes over HTTP for triggered consumers, as types: as `wire.ts`. All paths are under `/v1/consumers`. */

/** Where a consumer begins with a partition for which nothing is committed: Lambda's names. `AT_TIMESTAMP` needs the time. */
export type WireStartingPosition = "TRIM_HORIZON" | "LATEST" | "AT_TIMESTAMP";

/** `PUT /{g}`: makes it (201), or changes it (200). What is left out has its default, also in one that is there. */
export interface PutConsumerBody {
  readonly topic: string;
  /** The ARN of the Lambda function that is called. */
  readonly target: string;
  /** How long one call may take. Default 870,000, the longest. */
  readonly targetTimeoutMs?: number;
  /** Default `LATEST`. */
  readonly startingPosition?: WireStartingPosition;
  /** With `AT_TIMESTAMP`. */
  readonly startingPositionTimestampMs?: number;
  /** Records of one call at most, 1 to 10,000. Default 100. */
  readonly batchSize?: number;
  /** How long a call waits for its batch to fill, 0 to 300,000. Default 0. */
  readonly maxBatchingWindowMs?: number;
  /** EventBridge patterns, each as JSON text: a record that matches none is not delivered. Default: none, and all are. */
  readonly filters?: readonly string[];
  /** After the first attempt, 0 to 10,000; -1: until the records are too old, or gone. Default -1. */
  readonly retryAttempts?: number;
  /** 60,000 to 604,800,000: what is older is given up; -1: nothing is. Default -1. */
  readonly maxRecordAgeMs?: number;
  /** Whether a failed batch is tried again in halves. Default false. */
  readonly bisectBatchOnError?: boolean;
  /** Whether the function's answer says which records failed. Default false. */
  readonly reportBatchItemFailures?: boolean;
  /** Where what was given up goes: the ARN of an SQS queue, SNS topic or S3 bucket, or `kafka://<topic>`. Default: nowhere; it is known as a dead letter. */
  readonly onFailure?: string;
  /** Topics that the function may write to by answering `records`. Default: none. */
  readonly outputTopics?: readonly string[];
  /** Default true. */
  readonly enabled?: boolean;
}
type Chosen = "startingPositionTimestampMs" | "onFailure";
/** An element of `GET /consumers`, and the answer of `GET`, `PUT` and `PATCH /{g}`: all settings that are in force. */
export interface ConsumerBody extends Required<Omit<PutConsumerBody, Chosen>>, Pick<PutConsumerBody, Chosen> {
  readonly group: string;
  /** 1 when made, one more with each change. */
  readonly version: number;
  readonly createdMs: number;
}
/**
 * `Disabled`: paused. `NoTopic`: its topic is gone. `NotRunning`: its function is one of a server's own (`local:`) that does not run. `Problem`: a partition's newest call failed,
 * or the server's function cannot be loaded. Else `Enabled`.
 */
export type WireConsumerState = "Enabled" | "Disabled" | "Problem" | "NoTopic" | "NotRunning";
export interface ListedConsumerBody extends ConsumerBody {
  readonly state: WireConsumerState;
}
/** `GET /consumers?prefix=&limit=&cursor=`: `nextCursor` is there when more may follow. */
export interface ConsumerListBody {
  readonly consumers: readonly ListedConsumerBody[];
  readonly nextCursor?: string;
}

/** `GET /{g}/status` */
export interface ConsumerStatusBody {
  readonly group: string;
  readonly topic: string;
  readonly state: WireConsumerState;
  /** Of all partitions that are told. */
  readonly lag: number;
  readonly deadLetters: number;
  /** None of a topic that is gone, or that the caller may not see. */
  readonly partitions: readonly ConsumerPartitionBody[];
}
export interface ConsumerPartitionBody {
  readonly partition: number;
  /** The next one to be delivered; null where nothing is committed yet. */
  readonly offset: number | null;
  readonly highWatermark: number;
  readonly lag: number;
  /** Of the oldest record that is not delivered; null when all are. */
  readonly oldestTimestampMs: number | null;
  /** Whether somebody delivers it now. */
  readonly leased: boolean;
  /** Failed calls of the records that are tried now. */
  readonly attempts: number;
  /** When they are tried again; null when nothing waits. */
  readonly retryAtMs: number | null;
  /** Calls since the consumer began with the partition. */
  readonly invocations: number;
  /** Why the newest call failed; empty when it did not. */
  readonly lastError: string;
  readonly lastErrorMs: number | null;
}

/** An element of `GET /{g}/dead-letters`: records that were given up. `DELETE /{g}/dead-letters?id=` answers 204: it is forgotten. */
export interface DeadLetterBody {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  /** The range: from this offset up to `toOffset`, itself not included. */
  readonly fromOffset: number;
  readonly toOffset: number;
  /** How many records of the range the function would get. */
  readonly records: number;
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded" | "PayloadTooLarge";
  /** How often the function was called with them. */
  readonly attempts: number;
  readonly functionError: string;
  readonly error: string;
  readonly firstTimestampMs: number;
  readonly lastTimestampMs: number;
  readonly givenUpMs: number;
  /** Whether it was asked to be delivered once more, and was not yet. */
  readonly redriving: boolean;
}
/** `GET /{g}/dead-letters?limit=&cursor=`: by topic, partition and offset. */
export interface DeadLetterListBody {
  readonly deadLetters: readonly DeadLetterBody[];
  readonly nextCursor?: string;
}

/** `POST /{g}/redrive`: without `ids`, all of the topic that the consumer reads. */
export interface RedriveBody {
  readonly ids?: readonly string[];
}
/** Its answer (200). */
export interface RedriveAnswer {
  /** How many will be delivered once more that were not to be before. */
  readonly redriving: number;
}
