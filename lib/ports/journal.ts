import type { CatalogWrite } from "./catalog.ts";

/**
 * The journal: each shard's entries in the order of their commit. This is the contract of every engine;
 * `lib/testing/conformance/journal.ts` holds the cases that prove it.
 *
 * - Appends to one shard are ordered and contention-free: no append fails or retries because of another
 *   one, unless a guard says so.
 * - When `append` resolves, the entry is durable and readable, at the offsets it answers, for ever
 *   (until `trim` or `close`). Offsets of a partition are dense and start at 0.
 * - `head`, `entries` and `read` never show an entry that is not durable, nor a high watermark past what
 *   `entries` and `read` can deliver.
 * - Every error is a `LogError` whose `outcome` is true: `not-applied` means certainly not in the log, now or later.
 */
export interface Journal {
  /**
   * Makes the shard, or grows it (more partitions, a higher layout). Repeating a call changes nothing;
   * fewer partitions or a lower layout than it has change nothing either.
   * @throws unknown_topic_or_partition when the shard was closed
   */
  open(shard: ShardKey, shape: ShardShape): Promise<void>;

  /**
   * Commits one entry whole, or nothing of it.
   * @throws unknown_topic_or_partition, conflict (layout), wrong_expected_offset, out_of_order_sequence,
   *   sequence_reused, producer_fenced, storage_full, throttled, unavailable, timeout (unknown)
   */
  append(shard: ShardKey, entry: Entry, guards?: Guards): Promise<Appended>;

  /**
   * Several shards' entries (each shard at most once) and catalog writes in one atomic step: all or nothing, never seen in part.
   * When every append is a duplicate, the step has happened before: the first answers are given and
   * nothing is written. When only some are, nothing is written and `sequence_reused` is thrown.
   * @throws as `append`, and `conflict` when a catalog condition fails
   */
  transact(appends: readonly ShardAppend[], writes: readonly CatalogWrite[]): Promise<readonly Appended[]>;

  /**
   * The shard's newest durable state, by a strongly consistent read.
   * @param producerId when given, the answer has this producer's states too
   * @throws unknown_topic_or_partition when the shard was never opened or was closed
   */
  head(shard: ShardKey, producerId?: bigint): Promise<ShardHead>;

  /**
   * Committed entries in commit order, from a place: an entry number, the entry that holds an offset of a partition
   * (index in the shard), or the first entry whose records of a partition reach a timestamp. With an index, only the entries that touch that partition.
   * At most `limit` (1 to `limits.journalEntriesMax`); empty at the end.
   * @throws offset_out_of_range when the place is before the start (trimmed) or after the end
   */
  entries(shard: ShardKey, from: EntryPosition, limit: number): Promise<readonly EntryRef[]>;

  /**
   * The stored batches of each slice, in the same order: bytes as they were appended (base offsets relative to the entry's).
   * Engines join adjacent slices into one read.
   * @throws corrupt_log when bytes fail their checksum: they are never returned
   */
  read(slices: readonly EntrySlice[]): Promise<readonly Uint8Array[]>;

  /** Forgets entries numbered below `toSeq`: their records are in segments now. Forward only; beyond the end means the end. */
  trim(shard: ShardKey, toSeq: number): Promise<void>;

  /** Ends the shard: later appends and reads are refused and its bytes may be reclaimed. Repeating a call changes nothing. */
  close(shard: ShardKey): Promise<void>;
}

/** A run of up to 16 partitions of one topic: the unit of order and atomicity. */
export interface ShardKey {
  readonly topicId: string;
  /** From 0. Partition `p` is index `p % partitionsPerShard` of shard `floor(p / partitionsPerShard)`. */
  readonly shard: number;
}

export interface ShardShape {
  /** How many partitions the shard has, 1 to 16. */
  readonly partitions: number;
  /** The topic's layout number: 0, and one more each time partitions are added. */
  readonly layout: number;
}

/** What one commit adds to a shard. Parts are in ascending order of index, each index at most once, at least one part. */
export interface Entry {
  readonly parts: readonly EntryPart[];
  /** A wish: entries of up to this many bytes are better kept where they are found fastest. Engines with one kind of storage ignore it. */
  readonly inlineBytesMax?: number;
}

export interface EntryPart {
  /** The partition's index in its shard, 0 to 15. */
  readonly index: number;
  /** Offsets that the part takes, at least 1. */
  readonly records: number;
  readonly maxTimestampMs: number;
  /** One or more RecordBatch v2 whose base offsets are relative: the first is 0, each next one follows densely. */
  readonly batches: Uint8Array;
}

/** Conditions of an append. Each that fails makes the append certainly not applied. */
export interface Guards {
  /** The shard's layout must be this. */
  readonly layout?: number;
  /** Compare-and-append: the next offset of a partition must be this. At most one a partition of the entry. */
  readonly expected?: readonly { readonly index: number; readonly offset: number }[];
  /** The idempotent producers whose batches the entry holds. Each (producer, index) at most once. */
  readonly producers?: readonly ProducerStep[];
}

/**
 * One producer's step. Two ways of counting, told apart by `index`:
 * - `index: null` (HTTP): one sequence number a request; it covers all parts of the entry, and a shard sees only some of them,
 *   so a higher number follows a lower one with gaps allowed.
 * - `index: n` (Kafka's protocol): a number a record, for that part alone; dense, wrapping from 2147483647 to 0.
 *
 * An older epoch is `producer_fenced`; a newer epoch starts anew (Kafka's: at sequence 0, else `out_of_order_sequence`;
 * a producer that is not known may start at any sequence). The same sequence, count and crc as committed before gets the first answer, whether
 * it is the newest of its epoch or an older one; with another crc or count it is `sequence_reused`; a lower one that is not
 * in the log, and for Kafka's a gap, is `out_of_order_sequence`. Where `trim` has made a shard forget older steps, that one's outcome is `unknown`.
 */
export interface ProducerStep {
  readonly producerId: bigint;
  /** 0 to 32767. */
  readonly epoch: number;
  readonly index: number | null;
  /** The first sequence number, 0 to 2147483647. */
  readonly sequence: number;
  /** How many sequence numbers it takes: 1 for HTTP, the records for Kafka's. */
  readonly count: number;
  /** CRC32C of what the producer sent: tells a retry from other records under the same number. */
  readonly crc: number;
}

export interface ShardAppend {
  readonly shard: ShardKey;
  readonly entry: Entry;
  readonly guards?: Guards;
}

export interface Appended {
  /** The number of the entry that holds the parts that are not duplicates; of the first entry when all are. */
  readonly seq: number;
  /** One for each part of the entry, in its order. */
  readonly parts: readonly AppendedPart[];
}

export interface AppendedPart {
  readonly index: number;
  readonly baseOffset: number;
  /** True when a producer's earlier attempt is in the log: nothing was added, this is its first answer. */
  readonly duplicate: boolean;
}

export interface ShardHead {
  readonly partitions: number;
  readonly layout: number;
  /** The number of the next entry: entries are numbered from 0. */
  readonly seq: number;
  /** The lowest entry number that is still here. */
  readonly startSeq: number;
  /** By index: the next offset of each partition. */
  readonly highWatermarks: readonly number[];
  /** By index: the lowest offset that is still in the journal; the high watermark when none is. */
  readonly startOffsets: readonly number[];
  /** Only when asked for, one for each way and index that the producer has used here. */
  readonly producers: readonly ProducerState[];
}

export interface ProducerState {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly index: number | null;
  /** The newest step's. */
  readonly sequence: number;
  readonly count: number;
  readonly crc: number;
  /** The layout of the shard when the newest step was committed. */
  readonly layout: number;
}

export type EntryPosition =
  | { readonly seq: number }
  | { readonly index: number; readonly offset: number }
  | { readonly index: number; readonly timestampMs: number };

/** A committed entry without its bytes. */
export interface EntryRef {
  readonly shard: ShardKey;
  readonly seq: number;
  readonly parts: readonly PartRef[];
  /** Where the engine has it: its own business. */
  readonly place: unknown;
}

export interface PartRef {
  readonly index: number;
  readonly baseOffset: number;
  readonly records: number;
  readonly bytes: number;
  readonly maxTimestampMs: number;
}

export interface EntrySlice {
  readonly entry: EntryRef;
  /** Which part, by the partition's index in its shard. */
  readonly index: number;
}
