import { LogError } from "../../core/errors.ts";
import type { AssignorName } from "../../core/groups/assignor.ts";
import { limits } from "../../core/limits.ts";
import { checkedId, checkedTopic, checkOptionNames, type OptionNames } from "../check-options.ts";
import type { StallCallbacks } from "../stalls.ts";
import type { ConsumedRecord, Format } from "../types.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A record, and the topic that it is of. */
export interface GroupRecord<F extends Format = "text"> extends ConsumedRecord<F> {
  readonly topic: string;
}

type Rebalanced = (partitions: readonly TopicPartition[]) => void | Promise<void>;

/** Names, meanings and defaults as Kafka's consumer has them, where it has them. */
export interface GroupConsumerOptions<F extends Format = "text"> extends StallCallbacks {
  readonly group: string;
  /** The topics to read. Either these or `prefix`. */
  readonly topics?: readonly string[];
  /** All topics whose names start so, also those that come later. */
  readonly prefix?: string;
  /** Default `text`. */
  readonly format?: F;
  /** A member of this id that joins anew takes over from the one before. Default a random one. */
  readonly memberId?: string;
  /** Where to start with a partition that the group has committed nothing of, or whose committed offset is not there any more. Default `latest`. */
  readonly autoOffsetReset?: "earliest" | "latest" | "none";
  /** Commits what was handled: the records before the one that was given last. Default true. */
  readonly enableAutoCommit?: boolean;
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number;
  /** Without a beat for so long the group takes the member for gone. 6,000 to 1,800,000, default 45,000. */
  readonly sessionTimeoutMs?: number;
  /** A member that takes longer for a record leaves, until it asks for the next one. Default 300,000. */
  readonly maxPollIntervalMs?: number;
  /** Default `cooperative-sticky`. */
  readonly assignor?: AssignorName;
  /** Read-ahead stops at about this many characters. Default 8,388,608. */
  readonly prefetchBytes?: number;
  /** Fetches in flight. Default 4 in a web page, else 16. */
  readonly requestsMax?: number;
  /** Told before records of these come. */
  readonly onPartitionsAssigned?: Rebalanced;
  /** Told when no more records of these come; what was handled can still be committed. */
  readonly onPartitionsRevoked?: Rebalanced;
  /** Told when these are another member's already. */
  readonly onPartitionsLost?: Rebalanced;
  /** Aborting it closes the consumer. */
  readonly signal?: AbortSignal;
}

export type GroupConsumerSettings<F extends Format> = Required<
  Omit<
    GroupConsumerOptions<F>,
    "topics" | "prefix" | "signal" | "memberId" | "onPartitionsAssigned" | "onPartitionsRevoked" | "onPartitionsLost" | keyof StallCallbacks
  >
>;

const optionNames: OptionNames<GroupConsumerOptions> = {
  group: true,
  topics: true,
  prefix: true,
  format: true,
  memberId: true,
  autoOffsetReset: true,
  enableAutoCommit: true,
  autoCommitIntervalMs: true,
  sessionTimeoutMs: true,
  maxPollIntervalMs: true,
  assignor: true,
  prefetchBytes: true,
  requestsMax: true,
  onPartitionsAssigned: true,
  onPartitionsRevoked: true,
  onPartitionsLost: true,
  onStalled: true,
  onRecovered: true,
  signal: true,
};

/** @throws invalid_request, invalid_group_id, invalid_topic */
export function groupConsumerSettings<F extends Format>(options: GroupConsumerOptions<F>): GroupConsumerSettings<F> {
  checkOptionNames("group consumer", options, optionNames);
  const group = checkedId("group consumer's group", options.group, limits.groupIdLengthMax, "invalid_group_id");
  checkSubscription(options);
  if (options.memberId !== undefined)
    checkedId("group consumer's memberId", options.memberId, limits.groupMemberIdLengthMax, "invalid_request");
  const { sessionTimeoutMsMin, sessionTimeoutMsMax, sessionTimeoutMsDefault } = limits;
  const dayMs = 24 * 3_600_000;
  return {
    group,
    format: options.format ?? ("text" as F),
    autoOffsetReset: options.autoOffsetReset ?? "latest",
    enableAutoCommit: options.enableAutoCommit ?? true,
    autoCommitIntervalMs: checked("autoCommitIntervalMs", options.autoCommitIntervalMs ?? 5_000, 1, dayMs),
    sessionTimeoutMs: checked(
      "sessionTimeoutMs",
      options.sessionTimeoutMs ?? sessionTimeoutMsDefault,
      sessionTimeoutMsMin,
      sessionTimeoutMsMax,
    ),
    maxPollIntervalMs: checked("maxPollIntervalMs", options.maxPollIntervalMs ?? 300_000, 1, dayMs),
    assignor: options.assignor ?? "cooperative-sticky",
    prefetchBytes: checked("prefetchBytes", options.prefetchBytes ?? 8 * 1024 * 1024, 1, 1024 * 1024 * 1024),
    requestsMax: checked("requestsMax", options.requestsMax ?? ("document" in globalThis ? 4 : 16), 1, 1_000),
  };
}

function checkSubscription({ topics, prefix }: { readonly topics?: unknown; readonly prefix?: unknown }): void {
  if ((topics === undefined) === (prefix === undefined)) {
    throw new LogError("invalid_request", "A group's consumer needs `topics` or `prefix`, and not both.");
  }
  if (prefix !== undefined) checkedTopic("group consumer's prefix", prefix);
  else if (Array.isArray(topics)) for (const topic of topics as readonly unknown[]) checkedTopic("group consumer's topics", topic);
  else throw new LogError("invalid_request", "A group consumer's topics must be a list of names.");
}

function checked(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new LogError("invalid_request", `A group consumer's ${name} must be from ${min} to ${max}, not ${value}.`);
}

/** For a partition of which nothing is committed, where `autoOffsetReset` is none. */
export function noCommittedOffset(group: string, { topic, partition }: TopicPartition): LogError {
  return new LogError(
    "offset_out_of_range",
    `Group ${group} has committed nothing of partition ${partition} of ${topic}, and autoOffsetReset is none: set its offset, or say where to start.`,
  );
}

export function withAutoCommit(): LogError {
  return new LogError(
    "invalid_request",
    "commitWith takes a consumer with enableAutoCommit: false: else records may be committed without what is made of them.",
  );
}

export function lostRecords(): LogError {
  return new LogError(
    "illegal_generation",
    "A partition of which records were given since the last commit is another member's by now: nothing is committed or appended. Drop what was made of records since then: they come again.",
  );
}
