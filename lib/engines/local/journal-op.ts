import type { CatalogKey } from "../../ports/catalog.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";

/** One change of state, as a frame holds it. What a start replays is what a commit applied. */
export type JournalOp = OpenOp | AppendOp | TrimOp | CloseOp | PutOp | DeleteOp;
export type ShardOp = OpenOp | AppendOp | TrimOp | CloseOp;

/** The shard is there from now on, with this shape. */
export interface OpenOp {
  readonly kind: "open";
  readonly shard: ShardKey;
  readonly partitions: number;
  readonly layout: number;
}

/** One entry. Its parts' bytes follow each other in the frame's payload. */
export interface AppendOp {
  readonly kind: "append";
  readonly shard: ShardKey;
  readonly seq: number;
  readonly parts: readonly StoredPart[];
  /** The producers' states after this entry: each is also the step that this entry holds. */
  readonly producers: readonly ProducerState[];
}

/** Entries below `toSeq` are forgotten. */
export interface TrimOp {
  readonly kind: "trim";
  readonly shard: ShardKey;
  readonly toSeq: number;
  /** By index: the lowest offset that is left. */
  readonly startOffsets: readonly number[];
}

export interface CloseOp {
  readonly kind: "close";
  readonly shard: ShardKey;
}

export interface PutOp {
  readonly kind: "put";
  readonly key: CatalogKey;
  readonly version: number;
  /** JSON text. */
  readonly value: string;
}

export interface DeleteOp {
  readonly kind: "delete";
  readonly key: CatalogKey;
}

/** One partition's part of an entry. */
export interface StoredPart {
  readonly index: number;
  readonly records: number;
  readonly baseOffset: number;
  readonly maxTimestampMs: number;
  readonly bytes: number;
  /** Checksum of the part's bytes. */
  readonly checksum: number;
}

/** A shard as a key of a map. */
export function shardName(shard: ShardKey): string {
  return `${shard.topicId}/${shard.shard}`;
}

/** How many payload bytes an operation has. */
export function payloadBytes(op: JournalOp): number {
  if (op.kind !== "append") return 0;
  let bytes = 0;
  for (const part of op.parts) bytes += part.bytes;
  return bytes;
}
