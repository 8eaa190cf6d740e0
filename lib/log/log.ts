import type { TopicConfig } from "../core/topic-config.ts";
import type { LogError } from "../core/errors.ts";
import type { NewRecord } from "../core/record.ts";
import type { Acls } from "./acls.ts";
import type { Consumers } from "./consumers/consumers.ts";
import type { MemberFetch, PartitionFetch } from "./groups/member-fetch.ts";
import type { Groups, MemberIdentity, OffsetCommit } from "./groups/groups.ts";
import type { Quotas } from "./quotas/quotas.ts";
import type { Tokens } from "./tokens.ts";

/** What users of the engine hold: made by `createLog`. Every method throws `LogError` only. */
export interface Log {
  readonly topics: Topics;
  readonly groups: Groups;
  readonly consumers: Consumers;
  /** Rights and credentials are kept here and checked by who serves the log to others: a method of the log itself asks nobody. */
  readonly acls: Acls;
  readonly tokens: Tokens;
  /** Kept here, and asked by who serves the log to others, likewise. */
  readonly quotas: Quotas;
  append(topic: string, request: AppendRequest): Promise<readonly RecordResult[]>;
  /** Raw RecordBatch v2 bytes (one or more batches) for one partition. A batch that carries a producer id is idempotent by Kafka's rules. */
  appendBatches(topic: string, partition: number, batches: Uint8Array, options?: AppendOptions): Promise<AppendedBatches>;
  /** Batches from an offset on; waits up to `waitMs` for the first one. */
  fetch(topic: string, partition: number, request: FetchRequest): Promise<FetchResult>;
  /**
   * Reads what comes next of the partitions that a member of a group has, of each in order; waits for the first record when there is none. Where the group has come
   * nowhere yet, it is committed where it begins.
   * @throws unknown_member_id, fenced_instance_id, group_id_not_found; offset_out_of_range with the reset `none`
   */
  fetchForMember(group: string, fetch: MemberFetch): Promise<readonly PartitionFetch[]>;
  /** The first offset whose record's timestamp is at or after the time (Kafka's ListOffsets), by partition. */
  offsetsForTime(topic: string, timestampMs: number, partitions?: readonly number[]): Promise<readonly TimeOffset[]>;
  /** The log start offset and high watermark of partitions (default: all). */
  watermarks(topic: string, partitions?: readonly number[]): Promise<readonly Watermarks[]>;
  /**
   * Resolves when something was appended to the topic, or it was grown or deleted, after this call was made; or after `waitMs`, or on abort: a hint to look again.
   * @param since the watermarks of all partitions that the caller has seen: when they are others already, it resolves at once
   */
  changed(topic: string, waitMs: number, signal?: AbortSignal, since?: readonly Watermarks[]): Promise<void>;
  /**
   * Kafka's DeleteRecords: raises the log start offset of partitions; what is below it cannot be read any more and is freed later.
   * @returns the log start offsets as they are then
   * @throws offset_out_of_range when an offset is above the high watermark: nothing of its shard was changed
   */
  deleteRecords(topic: string, before: readonly DeleteBefore[]): Promise<readonly Watermarks[]>;
  /**
   * Commits a member's offsets, by the rules of `groups.commit`, and appends records, in one step: all of it or nothing. No offset goes back, and where there are
   * records one at least goes ahead, so that what was handled once is handled again by no retry, however late it comes.
   * @param id the transaction's own: one that comes again under its id is done once, whatever became of the first. Default a new one
   * @returns where the records are; undefined when an earlier attempt has done it, and where they are got lost with its answer
   * @throws what `groups.commit` and `append` throw. An unknown outcome: repeat it with `details.transaction` as its id, until the answer is another one
   */
  commitWith(
    group: string,
    member: MemberIdentity,
    offsets: readonly OffsetCommit[],
    outputs: readonly OutputRecord[],
    id?: string,
  ): Promise<readonly OutputPlace[] | undefined>;
  /** Ends waits, then the engine. */
  close(): Promise<void>;
}

/** `offset`: the first that stays; "latest": none does. */
export interface DeleteBefore {
  readonly partition: number;
  readonly offset: number | "latest";
}

export interface Topics {
  /** @throws topic_already_exists, invalid_topic, invalid_partitions, invalid_config */
  create(request: CreateTopic): Promise<Topic>;
  /** By name, ascending. */
  list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly Topic[]>;
  /** @throws unknown_topic_or_partition, invalid_topic */
  get(name: string): Promise<Topic>;
  /** More partitions and changed configs; `null` sets a config back to its default. @throws invalid_partitions when partitions would shrink */
  alter(name: string, change: AlterTopic): Promise<Topic>;
  delete(name: string): Promise<void>;
}

export interface CreateTopic {
  readonly name: string;
  /** Default `limits.partitionsDefault`. */
  readonly partitions?: number;
  /** 1 to 16, default 4, fixed from then on. */
  readonly partitionsPerShard?: number;
  /** Kafka's config names; values as strings, numbers or booleans. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface AlterTopic {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface Topic {
  readonly name: string;
  /** Never used again, not even by a topic made anew under the same name. */
  readonly id: string;
  readonly partitions: number;
  readonly partitionsPerShard: number;
  /** The partition counts that the topic has had, oldest first; the last is `partitions`. Its length - 1 is the layout number. */
  readonly partitionCounts: readonly number[];
  /** Every config with its value in force. */
  readonly config: TopicConfig;
  /** The configs that were set for this topic; the others have their defaults. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly createdMs: number;
}

export interface AppendOptions {
  /** Compare-and-append; needs all records in one partition. */
  readonly expectedOffset?: number;
  /** Makes the request idempotent: one sequence number a request. */
  readonly producer?: Producer;
}

export interface AppendRequest extends AppendOptions {
  /** At least one. */
  readonly records: readonly PartitionedRecord[];
  /** All or nothing over all shards. Default false: each shard's part is one atomic entry. */
  readonly atomic?: boolean;
}

/** Without a partition: by Kafka's murmur2 of the key; without a key, one partition for the request. */
export interface PartitionedRecord extends NewRecord {
  readonly partition?: number;
}

/** A record for a topic: what is appended together with other changes. */
export interface OutputRecord extends PartitionedRecord {
  readonly topic: string;
}

/** Where an output is. */
export interface OutputPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Producer {
  readonly id: bigint;
  readonly epoch: number;
  readonly sequence: number;
}

/** In the order of the request. */
export type RecordResult =
  | { readonly partition: number; readonly offset: number; readonly duplicate: boolean }
  | { readonly partition: number; readonly error: LogError };

export interface AppendedBatches {
  readonly partition: number;
  readonly baseOffset: number;
  /** Of the last record. */
  readonly lastOffset: number;
  readonly duplicate: boolean;
}

/** `timestampMs`: the first record at or after that time, else the high watermark. */
export type FetchFrom = number | "earliest" | "latest" | { readonly timestampMs: number };

export interface FetchRequest {
  readonly from: FetchFrom;
  /** A batch is given whole; at least one is given when there is one. Default `limits.fetchBytesDefault`. */
  readonly bytesMax?: number;
  /** Stop after the batch that reaches this many records from the asked offset. Default none. */
  readonly recordsMax?: number;
  /** 0 to `limits.fetchWaitMsMax`, default 0. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface FetchResult {
  /** Where the fetch started: `from`, resolved. Records of the first batch below it are to be dropped. */
  readonly offset: number;
  /** Whole RecordBatch v2 batches with their real base offsets, in order, back to back. May be empty. */
  readonly batches: Uint8Array;
  /**
   * Where to go on: after the last record of `batches`, and after offsets that compaction has emptied. It may be above `offset` when `batches` is empty; equal to
   * it, there is nothing more yet.
   */
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

export interface TimeOffset {
  readonly partition: number;
  /** `undefined` when no record is that late. */
  readonly offset: number | undefined;
  readonly timestampMs: number | undefined;
}

export interface Watermarks {
  readonly partition: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
}
