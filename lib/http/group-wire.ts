/** What goes over HTTP for consumer groups, as types: as `wire.ts`. All paths are under `/v1/groups`. */
import type { AssignorName } from "../core/groups/assignor.ts";
import type { GroupStateName } from "../core/groups/group-states.ts";
import type { WireNewRecord, WireRecord } from "./wire.ts";

/** Partitions by topic. */
export type WirePartitions = Readonly<Record<string, readonly number[]>>;

/** `POST /{g}/members/{m}`: joins, or says that the member is still there. Either `topics` or `prefix`. */
export interface HeartbeatBody {
  readonly topics?: readonly string[];
  /** All topics whose names start so. */
  readonly prefix?: string;
  /** Of this life of the member: one who joins under an id that is there takes over from it. Default "". */
  readonly session?: string;
  /** Of the newest answer; left out by one who joins. */
  readonly generation?: number;
  /** What it still works on. Default: all that it has, and after the answer of the newest generation all that it is to keep. */
  readonly held?: WirePartitions;
  readonly sessionTimeoutMs?: number;
  readonly assignor?: AssignorName;
}
/** Its answer (200). */
export interface MembershipBody {
  readonly generation: number;
  /** Whether it has joined since the generation that its beat knew: if it was there before, it was taken for gone, and all that it had then is lost. */
  readonly joined: boolean;
  /** What the member may read and commit. */
  readonly assigned: WirePartitions;
  /** What it is to give back: it goes to others once a beat says that it is not held any more. */
  readonly revoked: WirePartitions;
  /** What it will have, once those who have it have given it back. */
  readonly awaited: WirePartitions;
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
}

/** `GET /{g}/offsets`, and with `?member=&session=&generation=` those of the partitions that the member has, which nobody who had them before can commit for then. */
export interface GroupOffsetsBody {
  readonly offsets: readonly GroupOffsetBody[];
}
export interface GroupOffsetBody {
  readonly topic: string;
  readonly partition: number;
  /** The next one that the group needs; null where nothing is committed. */
  readonly offset: number | null;
  readonly metadata: string;
  /** 0 where nothing is committed. */
  readonly committedMs: number;
}
/** `POST /{g}/offsets` (204): all or none. Without a member: for a group that has none, and to any offset. */
export interface CommitBody {
  readonly member?: string;
  readonly session?: string;
  readonly generation?: number;
  readonly offsets: readonly CommitOffsetBody[];
}
export interface CommitOffsetBody {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata?: string;
}

/** `POST /{g}/members/{m}/transactions`: the offsets are committed and the records are in the log, or nothing is. */
export interface TransactionBody {
  /** The transaction's own: one that is sent again under its id is done once. Default: a new one. */
  readonly id?: string;
  readonly session?: string;
  readonly generation: number;
  readonly offsets: readonly CommitOffsetBody[];
  readonly records?: readonly WireOutputRecord[];
}
export interface WireOutputRecord extends WireNewRecord {
  readonly topic: string;
}
/** Its answer (200): where the records are, in their order; null when an earlier attempt has done it, and its answer got lost with the places. */
export interface TransactionAnswer {
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] | null;
}

/** `GET /{g}/records?member=&session=&generation=&positions=&autoOffsetReset=&limit=&maxBytes=&wait=&format=` */
export interface GroupRecordsBody {
  /** Of each partition in order. */
  readonly records: readonly (WireRecord & { readonly topic: string; readonly partition: number })[];
  /** Where to go on, of each partition that was looked at: what `POST /{g}/offsets` takes. */
  readonly offsets: readonly CommitOffsetBody[];
}

/** `GET /{g}/lag` */
export interface GroupLagBody {
  readonly partitions: readonly PartitionLagBody[];
  /** Of all partitions where something is committed. */
  readonly lag: number;
}
export interface PartitionLagBody {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | null;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** Records that are there and that the group has not come to; null where nothing is committed. */
  readonly lag: number | null;
}

/** An element of `GET /groups`. */
export interface GroupBody {
  readonly group: string;
  readonly state: GroupStateName;
  readonly generation: number;
  readonly members: number;
}
/** `GET /groups?prefix=&limit=&cursor=`: `nextCursor` is there when more may follow. */
export interface GroupListBody {
  readonly groups: readonly GroupBody[];
  readonly nextCursor?: string;
}
/** `GET /{g}`. `DELETE /{g}` answers 204: a group without members, with its offsets. */
export interface GroupDetailBody {
  readonly group: string;
  readonly state: GroupStateName;
  readonly generation: number;
  readonly assignor: AssignorName;
  readonly members: readonly MemberBody[];
}
export interface MemberBody {
  readonly member: string;
  readonly topics?: readonly string[];
  readonly prefix?: string;
  readonly assigned: WirePartitions;
  readonly revoked: WirePartitions;
  readonly sessionTimeoutMs: number;
  readonly beatMs: number;
}
