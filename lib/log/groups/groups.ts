import type { AssignorName } from "../../core/groups/assignor.ts";
import type { GroupStateName } from "../../core/groups/group-states.ts";
import type { Partitions, Report, Subscription } from "./group-state.ts";

/**
 * Consumer groups. Any process serves any member: all that is known of a group is in the catalog. Every method throws `LogError` only.
 *
 * A member beats; each beat answers what it may read. A partition goes to another member once who has it has given it back, or has not beaten for its session's
 * timeout. Each time partitions change hands a generation begins, and who has lost one can commit no offset for it any more (P11).
 */
export interface Groups {
  /**
   * Joins, or says that the member is still there.
   * @throws invalid_group_id, invalid_request; unknown_member_id for one with a generation who is not there any more; fenced_instance_id when another one has joined under its id; conflict when others change the group all the time
   */
  heartbeat(group: string, member: string, beat: Heartbeat): Promise<Membership>;
  /** What it had goes to others at once. One who is not there, or has been replaced, leaves nothing. */
  leave(group: string, member: string, session?: string): Promise<void>;
  /**
   * Where to go on with each partition that the member has. From then on nobody who had one before can commit for it.
   * @returns by topic and partition, in their order; `offset` undefined where nothing was committed
   * @throws unknown_member_id, fenced_instance_id, group_id_not_found
   */
  acquire(group: string, member: MemberIdentity): Promise<readonly CommittedOffset[]>;
  /**
   * Says how far the member has come: the next offset that it needs. Within a generation of the partition's it never goes back. All of one topic partition or nothing of it.
   * @throws illegal_generation when it does not have one of the partitions, or has got it anew since; invalid_request for an offset below the committed one; unknown_member_id, fenced_instance_id, group_id_not_found
   */
  commit(group: string, member: MemberIdentity, offsets: readonly OffsetCommit[]): Promise<void>;
  /** As nobody's member: for a group without members. Any offset, also one below. @throws non_empty_group, unknown_topic_or_partition */
  set(group: string, offsets: readonly OffsetCommit[]): Promise<void>;
  /** What is committed, by topic and partition. Of topics that are gone, nothing. @throws group_id_not_found */
  committed(group: string): Promise<readonly CommittedOffset[]>;
  /** By name, ascending. */
  list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly GroupSummary[]>;
  /** @throws group_id_not_found */
  describe(group: string): Promise<GroupDescription>;
  /** Takes out the members that are gone: what they have goes to others. */
  settle(group: string): Promise<void>;
  /** With all its offsets. @throws group_id_not_found, non_empty_group */
  delete(group: string): Promise<void>;
}

export interface MemberIdentity {
  readonly member: string;
  /** As in its beats. Default "". */
  readonly session?: string | undefined;
  /** Of the newest answer to a beat that it has got. */
  readonly generation: number;
}

export interface Heartbeat extends Partial<Report> {
  readonly subscription: Subscription;
  /** Of this life of the member. One who joins (without a generation) under an id that is there takes over from it. Default "". */
  readonly session?: string | undefined;
  /** Without a beat for so long it counts as gone. Default `limits.sessionTimeoutMsDefault`. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Where members name different ones, cooperative-sticky. Default that. */
  readonly assignor?: AssignorName | undefined;
}

export interface Membership {
  readonly generation: number;
  /** Whether it has joined since the generation that its beat knew: if it was there before, it was taken for gone, and all that it had then is lost. */
  readonly joined: boolean;
  /** What the member has and keeps: it may read these and commit for them. */
  readonly assigned: Partitions;
  /** What it has and is to give back: the sooner a beat says that it does not hold them any more, the sooner another one goes on there. */
  readonly revoked: Partitions;
  /** What it is to have, and another one still has. */
  readonly awaited: Partitions;
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
}

export interface OffsetCommit {
  readonly topic: string;
  readonly partition: number;
  /** The next one that is needed. */
  readonly offset: number;
  readonly metadata?: string | undefined;
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | undefined;
  readonly metadata: string;
  /** By the clock of who took it; 0 where nothing was committed. */
  readonly committedMs: number;
}

export interface GroupSummary {
  readonly group: string;
  readonly state: GroupStateName;
  readonly generation: number;
  readonly members: number;
}

export interface GroupDescription extends Omit<GroupSummary, "members"> {
  readonly assignor: AssignorName;
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  readonly member: string;
  readonly subscription: Subscription;
  readonly assigned: Partitions;
  readonly revoked: Partitions;
  readonly sessionTimeoutMs: number;
  /** By the clock of who took it. */
  readonly beatMs: number;
}
