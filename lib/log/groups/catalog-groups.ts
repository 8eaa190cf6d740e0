import type { GroupStateName } from "../../core/groups/group-states.ts";
import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import { consumerKey } from "../consumers/consumer-row.ts";
import { placeOf } from "../consumers/held.ts";
import { lettersPk } from "../consumers/letter-row.ts";
import { eachItem } from "../each-item.ts";
import { checkGroupId } from "./check-group.ts";
import { delivering, groupNotFound, nonEmpty, triggered } from "./group-errors.ts";
import { type GroupState, sharesOf } from "./group-state.ts";
import type {
  CommittedOffset,
  GroupDescription,
  Groups,
  GroupSummary,
  Heartbeat,
  MemberIdentity,
  Membership,
  OffsetCommit,
} from "./groups.ts";
import { isLive, type MemberRow, memberRows } from "./member-row.ts";
import { foundIn, groupKey, groupsPk, type GroupServices, Members } from "./members.ts";
import { offsetRows, offsetsPk } from "./offset-row.ts";
import { Offsets } from "./offsets.ts";

/** Groups in rows of the catalog (P11). */
export class CatalogGroups implements Groups {
  readonly #services: GroupServices;
  readonly #members: Members;
  readonly #offsets: Offsets;

  constructor(services: GroupServices) {
    this.#services = services;
    this.#members = new Members(services);
    this.#offsets = new Offsets(services, this.#members);
  }

  heartbeat(group: string, member: string, beat: Heartbeat): Promise<Membership> {
    return this.#members.heartbeat(group, member, beat);
  }

  leave(group: string, member: string, session?: string): Promise<void> {
    return this.#members.leave(group, member, session);
  }

  acquire(group: string, identity: MemberIdentity): Promise<readonly CommittedOffset[]> {
    return this.#offsets.acquire(group, identity);
  }

  commit(group: string, identity: MemberIdentity, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#offsets.commit(group, identity, offsets);
  }

  set(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#offsets.set(group, offsets);
  }

  committed(group: string): Promise<readonly CommittedOffset[]> {
    return this.#offsets.committed(group);
  }

  async list(page: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): Promise<readonly GroupSummary[]> {
    const { limit = limits.listLimitDefault, ...range } = page;
    const { catalog, clock } = this.#services;
    const items = await catalog.query(groupsPk, { ...range, limit });
    return await mapBounded(items, limits.shardConcurrency, async (item) => {
      const group = item.key.sk;
      const { state } = foundIn(item);
      const rows = state.members.size === 0 ? new Map<string, MemberRow>() : await memberRows(catalog, group);
      const live = liveIn(state, rows, clock.nowMs());
      return { group, state: shownName(state, live.length), generation: state.generation, members: live.length };
    });
  }

  async describe(group: string): Promise<GroupDescription> {
    checkGroupId(group);
    const { catalog, clock } = this.#services;
    const [{ version, state }, rows] = await Promise.all([this.#members.read(group), memberRows(catalog, group)]);
    if (version === 0) throw groupNotFound(group);
    const { assignor, generation } = state;
    const nowMs = clock.nowMs();
    const members = liveIn(state, rows, nowMs).map(([member, { sessionTimeoutMs, beatMs, subscription }]) => {
      const { assigned, revoked } = sharesOf(state, member);
      return { member, subscription, assigned, revoked, sessionTimeoutMs, beatMs };
    });
    return { group, state: shownName(state, members.length), generation, assignor, members };
  }

  async settle(group: string): Promise<void> {
    checkGroupId(group);
    await this.#members.withoutExpired(group);
  }

  /** Makes the group, unless it is there. @returns how many members it has */
  async ensure(group: string): Promise<number> {
    checkGroupId(group);
    await this.#offsets.ensure(group);
    return (await this.#members.withoutExpired(group)).state.members.size;
  }

  /** All of the writes or none, and none while the group has members. @throws non_empty_group, conflict */
  withoutMembers(group: string, writes: readonly CatalogWrite[]): Promise<void> {
    return this.#offsets.withoutMembers(group, writes);
  }

  async delete(group: string): Promise<void> {
    checkGroupId(group);
    const { catalog } = this.#services;
    if ((await catalog.get(consumerKey(group))) !== undefined) throw triggered(group, "delete the consumer first");
    const found = await this.#members.withoutExpired(group);
    if (found.state.members.size > 0) throw nonEmpty(group, found.state.members.size);
    if (found.version === 0 && (await catalog.query(offsetsPk(group), { limit: 1 })).length === 0) throw groupNotFound(group);
    let rows: CatalogWrite[] = [];
    for await (const row of this.#rows(group)) {
      rows.push(row);
      if (rows.length < limits.transactWritesMax - 1) continue;
      await this.#offsets.withoutMembers(group, rows);
      rows = [];
    }
    if (rows.length > 0) await this.#offsets.withoutMembers(group, rows);
    await catalog.transact([{ key: groupKey(group), delete: true, if: found.version === 0 ? "absent" : found.version }]);
  }

  /** Deletes what there is of a group beside itself and its members. @throws non_empty_group while one of its partitions is delivered */
  async *#rows(group: string): AsyncGenerator<CatalogWrite> {
    const { catalog, clock, held } = this.#services;
    // What was begun before would commit to one made anew, whose rows begin with the same versions.
    const own = placeOf({ pk: offsetsPk(group), sk: "" });
    for (const place of held ?? []) if (place.startsWith(own)) throw delivering(group, place.slice(own.length), 0);
    for await (const { key, version, delivery } of offsetRows(catalog, group)) {
      const leftMs = (delivery?.untilMs ?? 0) - clock.nowMs();
      if (leftMs > 0) throw delivering(group, key.sk, leftMs);
      yield { key, delete: true, if: version };
    }
    for await (const { key } of eachItem(catalog, lettersPk(group))) yield { key, delete: true, if: "any" };
  }
}

/** Members that are not gone: of those that are, nobody may have come by since who would have to know. */
function liveIn(
  { members }: GroupState,
  rows: ReadonlyMap<string, MemberRow>,
  nowMs: number,
): readonly (readonly [member: string, row: Pick<MemberRow, "subscription" | "sessionTimeoutMs" | "beatMs">])[] {
  return [...members].flatMap(([member, { session, subscription }]) => {
    const row = rows.get(member);
    return row?.session === session && isLive(row, nowMs) ? [[member, { ...row, subscription }] as const] : [];
  });
}

function shownName(state: GroupState, live: number): GroupStateName {
  if (live === state.members.size) return nameOf(state);
  return live === 0 ? "Empty" : "Reconciling";
}

function nameOf(state: GroupState): GroupStateName {
  if (state.members.size === 0) return "Empty";
  const isSettled = [...state.topics.values()].every(({ partitions }) => partitions.every(({ owner, target }) => owner === target));
  return isSettled ? "Stable" : "Reconciling";
}
