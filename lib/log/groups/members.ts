import type { AssignorName } from "../../core/groups/assignor.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogItem, CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import { consumerKey } from "../consumers/consumer-row.ts";
import { transactIf } from "../transact-if.ts";
import { checkGroupId, checkHeartbeat, checkMemberId } from "./check-group.ts";
import { groupMarkWrite } from "./group-marks.ts";
import { busy, full, groupNotFound, replaced, triggered, unknownMember } from "./group-errors.ts";
import { decodeGroup, encodeGroup, type GroupState, handedOver, isAsItWas, type Partitions, rebalanced, sharesOf } from "./group-state.ts";
import type { Heartbeat, MemberIdentity, Membership } from "./groups.ts";
import { isLive, memberKey, type MemberRow, memberRows, memberValue, readMember } from "./member-row.ts";
import { situationOf, type TopicSources } from "./situation.ts";

export const groupsPk = "groups";
/** Everyone who joins at once changes the same row. */
const changesMax = 4 * limits.redecisionsMax;

export interface GroupServices extends TopicSources {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Partitions that this process delivers now to triggered functions (`placeOf`). Default: it delivers none. */
  readonly held?: ReadonlySet<string>;
}

/** A group as a read has shown it. */
export interface Found {
  /** Of its row; 0 when there is none. */
  readonly version: number;
  readonly state: GroupState;
}

/** What a group is to be, and the rows of members that are gone. */
interface Decided {
  readonly state: GroupState;
  readonly gone: readonly CatalogWrite[];
}

/** Who is in a group and has what: its row and those of its members. */
export class Members {
  readonly #services: GroupServices;

  constructor(services: GroupServices) {
    this.#services = services;
  }

  async heartbeat(group: string, member: string, beat: Heartbeat): Promise<Membership> {
    checkGroupId(group);
    checkMemberId(member, beat.session);
    checkHeartbeat(beat);
    const row = memberRowOf(beat, this.#services.clock.nowMs());
    await this.#beat(group, member, row, beat.generation ?? 0);
    const state = await this.#change(group, (was) => this.#afterBeat(group, member, row, beat, was));
    const { sessionTimeoutMs } = row;
    const heartbeatIntervalMs = Math.floor(sessionTimeoutMs / limits.heartbeatsPerSession);
    const joined = (beat.generation ?? 0) < (state.members.get(member)?.since ?? 0);
    const shares = sharesOf(state, member);
    const assigned = joined ? shares.assigned : withoutNewerLives(state, shares.assigned, beat);
    return { generation: state.generation, joined, ...shares, assigned, heartbeatIntervalMs, sessionTimeoutMs };
  }

  async leave(group: string, member: string, session = ""): Promise<void> {
    checkGroupId(group);
    checkMemberId(member, session);
    const { catalog } = this.#services;
    const key = memberKey(group, member);
    for (let attempt = 1; ; attempt++) {
      const own = await catalog.get(key);
      if (own === undefined || readMember(own).session !== session) break;
      if (await transactIf(catalog, [{ key, delete: true, if: own.version }])) break;
      if (attempt === limits.redecisionsMax) throw busy(group);
    }
    await this.#change(group, (state) => this.#rebalance(group, state));
  }

  /** Takes out who has not beaten for too long. */
  async withoutExpired(group: string): Promise<Found> {
    await this.#change(group, (was) => this.#rebalance(group, was));
    return await this.read(group);
  }

  /** A group in which a member is. @throws group_id_not_found, unknown_member_id, fenced_instance_id */
  async memberOf(group: string, { member, session = "" }: MemberIdentity): Promise<Found> {
    checkMemberId(member, session);
    const found = await this.read(group);
    if (found.version === 0) throw groupNotFound(group);
    const known = found.state.members.get(member);
    if (known === undefined) throw unknownMember(group, member);
    if (known.session !== session) throw replaced(group, member);
    return found;
  }

  async read(group: string): Promise<Found> {
    const item = await this.#services.catalog.get(groupKey(group));
    return item === undefined ? { version: 0, state: newGroup(this.#services.clock.nowMs()) } : foundIn(item);
  }

  /** Writes a member's own row. @throws unknown_member_id, fenced_instance_id */
  async #beat(group: string, member: string, row: Omit<MemberRow, "version">, generation: number): Promise<void> {
    const { catalog, clock } = this.#services;
    const key = memberKey(group, member);
    for (let attempt = 1; ; attempt++) {
      const item = await catalog.get(key);
      const before = item && readMember(item);
      // It has left, or was taken for gone: what comes late of it, or does not know that yet, brings nothing back.
      if (before === undefined && generation > 0) throw unknownMember(group, member);
      if (before === undefined) await this.#checkJoin(group);
      const isOther = before !== undefined && before.session !== row.session && isLive(before, clock.nowMs());
      if (isOther && generation > 0) throw replaced(group, member);
      // A beat that comes late sets no newer one back.
      const beatMs = before?.session === row.session ? Math.max(before.beatMs, row.beatMs) : row.beatMs;
      const own = { key, put: memberValue({ ...row, beatMs }), if: before?.version ?? "absent" } as const;
      // Whoever makes a consumer of the group looks at the members once more after that: one of the two sees the other.
      const untriggered = { key: consumerKey(group), check: true, if: "absent" } as const;
      if (await transactIf(catalog, before === undefined ? [own, untriggered] : [own])) return;
      if (attempt === limits.redecisionsMax) throw busy(group);
    }
  }

  /** @throws invalid_request when the group is full, non_empty_group when a function reads for it */
  async #checkJoin(group: string): Promise<void> {
    const { catalog } = this.#services;
    const [rows, consumer] = await Promise.all([memberRows(catalog, group), catalog.get(consumerKey(group))]);
    if (consumer !== undefined) throw triggered(group, "join another group");
    if (rows.size >= limits.groupMembersMax) throw full(group);
  }

  async #afterBeat(group: string, member: string, row: Omit<MemberRow, "version">, beat: Heartbeat, was: GroupState): Promise<Decided> {
    const { state, gone } = await this.#rebalance(group, was);
    const known = state.members.get(member);
    // Its own beat was too old already when it was looked at: the next one comes in time, or joins.
    if (known === undefined) throw busy(group);
    if (known.session !== row.session) throw replaced(group, member);
    return { state: handedOver(state, member, { generation: beat.generation ?? 0, held: beat.held }, state !== was), gone };
  }

  /** The group for those who live now. */
  async #rebalance(group: string, was: GroupState): Promise<Decided> {
    const { catalog, clock } = this.#services;
    const rows = [...(await memberRows(catalog, group))];
    const nowMs = clock.nowMs();
    const live = new Map(rows.filter(([, row]) => isLive(row, nowMs)));
    const gone = rows
      .filter(([id]) => !live.has(id))
      .map(([id, { version }]) => ({ key: memberKey(group, id), delete: true, if: version }) as const);
    if (isAsItWas(was, await situationOf(this.#services, live, nowMs, false))) return { state: was, gone };
    // What others see of topics may be a little older or newer: what changes a group has to be so now.
    return { state: rebalanced(was, await situationOf(this.#services, live, nowMs, true)), gone };
  }

  /**
   * Decides and writes, again when another one has written meanwhile. The members are read after the group: who joined before that read is seen, and who comes after it
   * finds what was written, or has it decided again.
   */
  async #change(group: string, decide: (was: GroupState) => Promise<Decided>): Promise<GroupState> {
    const { catalog } = this.#services;
    for (let attempt = 1; ; attempt++) {
      const { version, state: was } = await this.read(group);
      const { state, gone } = await decide(was);
      const key = groupKey(group);
      const put = state === was ? [] : [{ key, put: encodeGroup(state), if: version === 0 ? ("absent" as const) : version }];
      const mark = version === 0 && state !== was ? [groupMarkWrite(group, this.#services.clock.nowMs())] : [];
      const writes = [...put, ...mark, ...gone.slice(0, limits.transactWritesMax - 2)];
      if (writes.length === 0 || (await transactIf(catalog, writes))) return state;
      if (attempt === changesMax) throw busy(group);
    }
  }
}

/**
 * What a member works on is of a topic that is gone where it has got the partition after the generation that it knows: the topic of that name now is another one. It is
 * left out of one answer, so that the member lets go of it and begins anew.
 */
function withoutNewerLives(state: GroupState, assigned: Partitions, { generation = 0, held }: Heartbeat): Partitions {
  if (held === undefined) return assigned;
  const isKnown = (topic: string, partition: number): boolean =>
    held.get(topic)?.includes(partition) !== true || (state.topics.get(topic)?.partitions[partition]?.since ?? 0) <= generation;
  const known = [...assigned].map(([topic, numbers]) => [topic, numbers.filter((each) => isKnown(topic, each))] as const);
  return new Map(known.filter(([, numbers]) => numbers.length > 0));
}

/** Generations begin with the time: they go on rising when a group is made anew, so that nobody of the one before can commit. */
export function newGroup(nowMs: number): GroupState {
  return {
    generation: Math.floor(nowMs / 1_000),
    assignor: "cooperative-sticky",
    members: new Map(),
    topics: new Map(),
    emptySinceMs: nowMs,
  };
}

export function groupKey(group: string): CatalogKey {
  return { pk: groupsPk, sk: group };
}

export function foundIn({ key, version, value }: CatalogItem): Found {
  return { version, state: decodeGroup(value, key.sk) };
}

function memberRowOf(beat: Heartbeat, beatMs: number): Omit<MemberRow, "version"> {
  const { subscription, session = "", sessionTimeoutMs = limits.sessionTimeoutMsDefault } = beat;
  const assignor: AssignorName = beat.assignor ?? "cooperative-sticky";
  return { session, subscription, assignor, sessionTimeoutMs, beatMs };
}
