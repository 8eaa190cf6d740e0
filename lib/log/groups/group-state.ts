import { assign, type AssignorName, type Owners } from "../../core/groups/assignor.ts";
import type { JsonValue } from "../../ports/catalog.ts";
import { newerFormat } from "../newer-format.ts";

/** What a member reads: topics by name, or all whose names start so. */
export type Subscription = { readonly topics: readonly string[] } | { readonly prefix: string };

export interface LiveMember {
  /** Of one life of the member: another one under its id takes over from it. */
  readonly session: string;
  readonly subscription: Subscription;
}

export interface GroupMember extends LiveMember {
  /** The generation in which it joined: what it was told before that is of an earlier stay. */
  readonly since: number;
}

export interface GroupPartition {
  /** Who is to have it. */
  readonly target: string | undefined;
  /** Who has it: who is to have it waits until this one has given it back, or is gone. */
  readonly owner: string | undefined;
  /** The generation in which the owner got it: nothing that it was told before can commit for it. */
  readonly since: number;
  /** The generation in which the target became who is to have it. */
  readonly aimed: number;
}

export interface GroupTopic {
  readonly topicId: string;
  readonly partitions: readonly GroupPartition[];
}

/**
 * A group: the catalog's row `groups`, its name. It changes when members come, go or change what they read, and when a partition changes hands; each time under a new
 * generation. Beats and commits are rows of their own.
 */
export interface GroupState {
  readonly generation: number;
  readonly assignor: AssignorName;
  readonly members: ReadonlyMap<string, GroupMember>;
  readonly topics: ReadonlyMap<string, GroupTopic>;
  /** Since when it has no members; 0 while it has some. */
  readonly emptySinceMs: number;
}

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** A topic as it is now. */
export interface TopicShape {
  readonly topicId: string;
  readonly partitions: number;
}

/** Those that live now, and what there is to read for them. */
export interface Situation {
  readonly assignor: AssignorName;
  readonly members: ReadonlyMap<string, LiveMember>;
  /** By member, the topics that its subscription comes to. */
  readonly wanted: ReadonlyMap<string, ReadonlySet<string>>;
  readonly shapes: ReadonlyMap<string, TopicShape>;
  readonly nowMs: number;
}

/** The group as it has to be in a situation; the same object when it is so already. Owners who are gone, or have begun anew, own nothing. */
export function rebalanced(state: GroupState, situation: Situation): GroupState {
  const { assignor, members, wanted, shapes, nowMs } = situation;
  if (isAsItWas(state, situation)) return state;
  const isStill = (id: string | undefined): boolean =>
    id !== undefined && members.get(id)?.session === state.members.get(id)?.session && members.has(id);
  const known = (topic: string): GroupTopic | undefined => {
    const found = state.topics.get(topic);
    return found?.topicId === shapes.get(topic)?.topicId ? found : undefined;
  };
  const before: Owners = new Map(
    [...shapes].map(([topic]) => [topic, (known(topic)?.partitions ?? []).map(({ owner, target }) => (isStill(owner) ? owner : target))]),
  );
  const counts = new Map([...shapes].map(([topic, { partitions }]) => [topic, partitions]));
  const assignable = [...members.keys()].map((id) => ({ id, topics: wanted.get(id) ?? new Set<string>() }));
  const generation = state.generation + 1;
  const targets = assign(assignor, assignable, counts, before);
  const topics = new Map(
    [...shapes].map(([topic, { topicId, partitions }]) => [
      topic,
      {
        topicId,
        partitions: Array.from({ length: partitions }, (_, partition): GroupPartition => {
          const was = known(topic)?.partitions[partition];
          const owner = isStill(was?.owner) ? was?.owner : undefined;
          const target = targets.get(topic)?.[partition];
          return { target, owner, since: was?.since ?? 0, aimed: was !== undefined && was.target === target ? was.aimed : generation };
        }),
      },
    ]),
  );
  return {
    generation,
    assignor,
    members: new Map(
      [...members].map(([id, member]) => [
        id,
        { ...member, since: isStill(id) ? (state.members.get(id)?.since ?? generation) : generation },
      ]),
    ),
    topics,
    emptySinceMs: members.size > 0 ? 0 : state.members.size === 0 ? state.emptySinceMs : nowMs,
  };
}

/** What a member says of itself. */
export interface Report {
  /** Of the newest answer that it has got; 0 when it has none. */
  readonly generation: number;
  /** What it still works on. Default: all that it has, and after the answer of the newest generation all that it is to keep. */
  readonly held?: Partitions | undefined;
}

/**
 * What a member gives back and what it gets. It gets what nobody has, under a generation in which nobody had it. It gives back what it knew that it had and
 * was to give back: a report that is late says nothing of what it has got, or was left, since.
 * @param isNewGeneration whether the generation has begun with this very step
 * @returns the same object when nothing changes hands
 */
export function handedOver(state: GroupState, member: string, report: Report, isNewGeneration: boolean): GroupState {
  const knowsAll = !isNewGeneration && report.generation === state.generation;
  const held = report.held ?? (knowsAll ? sharesOf(state, member).assigned : undefined);
  let [isChanged, isTaken] = [false, false];
  const topics = new Map<string, GroupTopic>();
  for (const [topic, { topicId, partitions }] of state.topics) {
    const kept = held === undefined ? undefined : new Set(held.get(topic) ?? []);
    const next = partitions.map((partition, number) => {
      const isKnown = partition.owner === member && report.generation >= Math.max(partition.since, partition.aimed);
      const isBack = isKnown && partition.target !== member && kept?.has(number) === false;
      if (isBack) isChanged = true;
      const isFree = partition.owner === undefined;
      if (partition.target !== member || !isFree) return isBack ? { ...partition, owner: undefined } : partition;
      [isChanged, isTaken] = [true, true];
      return { ...partition, owner: member, since: -1 };
    });
    topics.set(topic, { topicId, partitions: next });
  }
  if (!isChanged) return state;
  const generation = isTaken && !isNewGeneration ? state.generation + 1 : state.generation;
  for (const [topic, { topicId, partitions }] of topics) {
    topics.set(topic, { topicId, partitions: partitions.map((each) => (each.since === -1 ? { ...each, since: generation } : each)) });
  }
  return { ...state, generation, topics };
}

export interface Shares {
  /** Has it and keeps it. */
  readonly assigned: Partitions;
  /** Has it and is to give it back. */
  readonly revoked: Partitions;
  /** Is to have it, and another one has it still. */
  readonly awaited: Partitions;
}

export function sharesOf(state: GroupState, member: string): Shares {
  const shares = { assigned: new Map<string, number[]>(), revoked: new Map<string, number[]>(), awaited: new Map<string, number[]>() };
  for (const [topic, { partitions }] of state.topics) {
    for (const [number, { owner, target }] of partitions.entries()) {
      if (owner !== member && target !== member) continue;
      const share = shares[owner !== member ? "awaited" : target === member ? "assigned" : "revoked"];
      share.set(topic, [...(share.get(topic) ?? []), number]);
    }
  }
  return shares;
}

/** Whether the group is as it has to be in a situation. */
export function isAsItWas(state: GroupState, { assignor, members, shapes }: Situation): boolean {
  if (state.assignor !== assignor || state.members.size !== members.size || state.topics.size !== shapes.size) return false;
  for (const [id, { session, subscription }] of members) {
    const was = state.members.get(id);
    if (was?.session !== session || JSON.stringify(was.subscription) !== JSON.stringify(subscription)) return false;
  }
  for (const [topic, { topicId, partitions }] of shapes) {
    const was = state.topics.get(topic);
    if (was?.topicId !== topicId || was.partitions.length !== partitions) return false;
  }
  return true;
}

const formatVersion = 1;

interface StoredGroup {
  readonly v: number;
  readonly generation: number;
  readonly assignor: AssignorName;
  readonly members: readonly (readonly [id: string, session: string, subscription: Subscription, since: number])[];
  /** Of each partition: who is to have it and who has it, as places in `members`, -1 for nobody; since when it has it, and since when it is to. */
  readonly topics: readonly (readonly [
    topic: string,
    topicId: string,
    targets: readonly number[],
    owners: readonly number[],
    since: readonly number[],
    aimed: readonly number[],
  ])[];
  readonly emptySinceMs: number;
}

export function encodeGroup({ generation, assignor, members, topics, emptySinceMs }: GroupState): JsonValue {
  const ids = [...members.keys()];
  const place = (id: string | undefined): number => (id === undefined ? -1 : ids.indexOf(id));
  const stored: StoredGroup = {
    v: formatVersion,
    generation,
    assignor,
    members: [...members].map(([id, { session, subscription, since }]) => [id, session, subscription, since]),
    topics: [...topics].map(([topic, { topicId, partitions }]) => [
      topic,
      topicId,
      partitions.map(({ target }) => place(target)),
      partitions.map(({ owner }) => place(owner)),
      partitions.map(({ since }) => since),
      partitions.map(({ aimed }) => aimed),
    ]),
    emptySinceMs,
  };
  return stored as unknown as JsonValue;
}

/** @throws unsupported_version */
export function decodeGroup(value: JsonValue, name: string): GroupState {
  const { v, generation, assignor, members, topics, emptySinceMs } = value as unknown as StoredGroup;
  if (v !== formatVersion) throw newerFormat(`Group ${name}`, v, formatVersion);
  const idOf = (place: number | undefined): string | undefined => members[place ?? -1]?.[0];
  return {
    generation,
    assignor,
    members: new Map(members.map(([id, session, subscription, since]) => [id, { session, subscription, since }])),
    topics: new Map(
      topics.map(([topic, topicId, targets, owners, since, aimed]) => [
        topic,
        {
          topicId,
          partitions: targets.map((target, nth) => ({
            target: idOf(target),
            owner: idOf(owners[nth]),
            since: since[nth] ?? 0,
            aimed: aimed[nth] ?? 0,
          })),
        },
      ]),
    ),
    emptySinceMs,
  };
}
