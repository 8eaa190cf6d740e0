import type { TimestampType } from "../../core/delivery/msk-event.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { ConsumerSettings, NewConsumer } from "./settings.ts";

/**
 * Triggered consumers: functions that are called with new records, in order within a partition. A consumer is a group, of which the function is the only member: how far it
 * has come, its lag and its reset are the group's. Any process delivers any partition: what is known of a delivery is in the catalog. Every method throws `LogError` only.
 *
 * One partition of a consumer is delivered by one at a time, who holds its lease. A commit is conditioned on the lease, so who has lost it commits nothing.
 */
export interface Consumers {
  /**
   * Makes a consumer, or changes it. Where it starts counts when it is made, for the partitions that have no offset yet.
   * @throws invalid_config, invalid_group_id, unknown_topic_or_partition; non_empty_group while members read as this group
   */
  put(consumer: NewConsumer): Promise<Consumer>;
  /** The function is called no more. Its offsets and dead letters stay until its group is deleted, or expires. @throws group_id_not_found */
  remove(group: string): Promise<void>;
  /** By group, ascending. */
  list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly Consumer[]>;
  /** @throws group_id_not_found */
  get(group: string): Promise<Consumer>;
  /** Pauses or resumes: what runs ends with its batch. What waited to be tried again is tried at once when it is resumed. @throws group_id_not_found */
  setEnabled(group: string, enabled: boolean): Promise<Consumer>;
  /** What waits to be tried again waits no more: its function was mended. It is tried when its partition is looked at. @throws group_id_not_found */
  retryNow(group: string): Promise<void>;
  /** How it is with a consumer, for a list of many: takes a read of its topic and one of its group's rows. */
  state(consumer: Consumer): Promise<ConsumerState>;
  /** How it is with each partition. @throws group_id_not_found */
  status(group: string): Promise<ConsumerStatus>;
  /** What was given up, by topic, partition and offset. @throws group_id_not_found */
  deadLetters(group: string, page: { readonly after?: string; readonly limit?: number }): Promise<readonly DeadLetter[]>;
  /**
   * Asks for dead letters to be delivered once more, to this group alone: by id, or all of the topic that it reads. They are, as soon as their partitions are looked at.
   * @returns how many, beside those asked for before
   * @throws group_id_not_found; when nothing was asked for: not_found for an id that there is not, invalid_request for one of another topic
   */
  redrive(group: string, ids?: readonly string[]): Promise<number>;
  /** Forgets dead letters, by id. What is not there is no error. @throws group_id_not_found */
  forget(group: string, ids: readonly string[]): Promise<void>;
  /**
   * Partitions of enabled consumers that have something to deliver and that nobody delivers now.
   * @param of only those of these shards (a hint that they have grown). Default: all, which is the sweep
   * @param onFailure is told of each consumer that could not be looked at; the others are. Default: what that failed with is thrown
   */
  pending(of?: readonly ShardHint[], onFailure?: (group: string, reason: unknown) => void): Promise<readonly Delivery[]>;
  /** Delivers a partition until there is nothing more, time is short, or it is another's. Faults of the function are no errors. @throws group_id_not_found for a consumer that is gone */
  deliver(delivery: Delivery, carrier: Carrier, limits: DeliveryLimits): Promise<DeliveryReport>;
}

export interface ShardHint {
  readonly topicId: string;
  readonly shard: number;
}

export interface Consumer extends ConsumerSettings {
  /** 1 when made, one more with each change. */
  readonly version: number;
  readonly createdMs: number;
}

/** A partition of a consumer to be delivered. JSON: it travels as the event of the function that delivers. */
export interface Delivery {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The lease, when it is handed on by who had it before. */
  readonly token?: string;
}

/** What of a delivery is not the log's: calling the function, and putting away what was given up. */
export interface Carrier {
  /**
   * Calls the function with records of one partition. Resolves with its answer (JSON).
   * @throws CallFailed when it failed, or could not be called
   */
  call(consumer: Consumer, batch: CallBatch, signal: AbortSignal | undefined): Promise<unknown>;
  /** Puts what was given up at the consumer's `onFailure`, but for a topic of the log, which is the log's. Resolves when it is safe there; it may come twice. @throws anything: it is tried again, while the partition waits and the function is called no more */
  sendFailure(destination: string, failure: Failure): Promise<void>;
}

export interface CallBatch {
  readonly topic: string;
  readonly partition: number;
  /** At least one, ascending. */
  readonly records: readonly StoredRecord[];
  readonly timestampType: TimestampType;
}

/** How a call went wrong. */
export class CallFailed extends Error {
  /**
   * `function`: it ran and failed, or ran out of time: counts as an attempt. `unavailable`: it was not called, or nobody knows (throttled, no connection, not there): is tried again
   * and does not count.
   */
  readonly kind: "function" | "unavailable";
  /** As Lambda's `x-amz-function-error`, such as `Unhandled`. Default "". */
  readonly functionError: string;
  /** The function's request id, when there is one. */
  readonly requestId: string;

  constructor(
    kind: CallFailed["kind"],
    message: string,
    options: { readonly functionError?: string; readonly requestId?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "CallFailed";
    this.kind = kind;
    this.functionError = options.functionError ?? "";
    this.requestId = options.requestId ?? "";
  }
}

export type GiveUpCondition = "RetryAttemptsExhausted" | "RecordAgeExceeded" | "PayloadTooLarge";

/** What is known of records that were given up. */
export interface DeadLetter {
  /** Of its group: where the range begins, `topic/partition/offset`. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  /** The range that was given up: from this offset up to `toOffset`, itself not included. */
  readonly fromOffset: number;
  readonly toOffset: number;
  /** How many records of the range the function would get. */
  readonly records: number;
  readonly condition: GiveUpCondition;
  /** How often the function was called with them. */
  readonly attempts: number;
  readonly functionError: string;
  readonly error: string;
  /** Of the first of its records. */
  readonly firstTimestampMs: number;
  readonly lastTimestampMs: number;
  readonly givenUpMs: number;
  /** Whether it was asked to be delivered once more, and was not yet. */
  readonly isRedriving: boolean;
}

/** A dead letter with what a destination is told of it. */
export interface Failure {
  readonly consumer: Consumer;
  readonly letter: DeadLetter;
  readonly requestId: string;
  readonly timestampType: CallBatch["timestampType"];
  /** The records themselves; none where they do not exist any more. */
  readonly payload: readonly StoredRecord[];
}

export interface DeliveryLimits {
  /** By the clock, when whoever runs it is over. Nothing is begun that could take longer, but for a first call: who gets too little time would else hand on for ever. Default: never. */
  readonly endMs?: number;
  /** Ends waits at once and the delivery after its call. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for more, lease in hand, when there is nothing to deliver. Default 0. */
  readonly lingerMs?: number;
}

export interface DeliveryReport {
  /**
   * `done`: nothing is left. `busy`: another delivers it. `later`: it is tried again after `retryAtMs`. `handed-on`: time is short; whoever goes on has to be given `token`.
   * `stopped`: the consumer is paused, gone, or its group was set elsewhere. `ended`: the signal.
   */
  readonly state: "done" | "busy" | "later" | "handed-on" | "stopped" | "ended";
  readonly token?: string;
  readonly retryAtMs?: number;
  readonly calls: number;
  /** Delivered with success. */
  readonly records: number;
  readonly filtered: number;
  readonly failedCalls: number;
  readonly givenUp: number;
}

/**
 * `Disabled`: paused. `NoTopic`: its topic is gone. `NotRunning`: its function is one of a server's own, and this server, which has the log for itself, has not loaded it.
 * `Problem`: a partition's newest call failed, or the server's function cannot be loaded. Else `Enabled`. The first that fits.
 */
export type ConsumerState = "Enabled" | "Disabled" | "Problem" | "NoTopic" | "NotRunning";

export interface ConsumerStatus {
  readonly consumer: Consumer;
  readonly state: ConsumerState;
  readonly partitions: readonly PartitionStatus[];
  readonly deadLetters: number;
}

export interface PartitionStatus {
  readonly partition: number;
  /** The next one to be delivered; undefined where none was committed yet. */
  readonly offset: number | undefined;
  readonly highWatermark: number;
  readonly lag: number;
  /** Of the oldest record that is not delivered; undefined when all are. */
  readonly oldestTimestampMs: number | undefined;
  readonly isLeased: boolean;
  /** Failed calls of the records that are tried now. */
  readonly attempts: number;
  readonly retryAtMs: number | undefined;
  /** Calls since the consumer began with the partition. */
  readonly invocations: number;
  readonly lastError: string;
  readonly lastErrorMs: number | undefined;
}
