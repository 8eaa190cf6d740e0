import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import { topicGone } from "../topic-gone.ts";
import { transactIf } from "../transact-if.ts";
import { checkCommits, checkGroupId } from "./check-group.ts";
import { groupMarkWrite } from "./group-marks.ts";
import { busy, groupNotFound, nonEmpty } from "./group-errors.ts";
import { encodeGroup, type GroupState, sharesOf } from "./group-state.ts";
import type { CommittedOffset, MemberIdentity, OffsetCommit } from "./groups.ts";
import { groupKey, type GroupServices, type Members, newGroup } from "./members.ts";
import { findOffset, offsetKey, offsetRows, type OffsetRow, offsetWrite, ofTopic, readOffset } from "./offset-row.ts";

/** How far a group has come: a row for each partition. */
export class Offsets {
  readonly #services: GroupServices;
  readonly #members: Members;

  constructor(services: GroupServices, members: Members) {
    this.#services = services;
    this.#members = members;
  }

  async acquire(group: string, identity: MemberIdentity): Promise<readonly CommittedOffset[]> {
    checkGroupId(group);
    const { state } = await this.#members.memberOf(group, identity);
    const { assigned } = sharesOf(state, identity.member);
    const places = [...assigned].flatMap(([topic, numbers]) => numbers.map((partition) => ({ topic, partition })));
    const found = await mapBounded(places, limits.shardConcurrency, async ({ topic, partition }) => {
      const { topicId, since } = placeIn(state, topic, partition);
      const row = await this.#fence(group, topic, partition, topicId, { member: identity.member, since });
      return row === undefined ? [] : [shownOffset(topic, partition, row)];
    });
    return found.flat();
  }

  async commit(group: string, identity: MemberIdentity, offsets: readonly OffsetCommit[]): Promise<void> {
    checkGroupId(group);
    checkCommits(offsets);
    const { catalog } = this.#services;
    for (let attempt = 1; ; attempt++) {
      if (await transactIf(catalog, await this.#commitWrites(group, identity, offsets))) return;
      if (attempt === limits.redecisionsMax) throw busy(group);
    }
  }

  async set(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    checkGroupId(group);
    checkCommits(offsets);
    const { catalog, clock, topics } = this.#services;
    const { state } = await this.#members.read(group);
    const rows = await mapBounded(offsets, limits.shardConcurrency, async ({ topic, partition, offset, metadata = "" }) => {
      const { id, partitions } = await topics.get(topic);
      if (partition >= partitions)
        throw new LogError(
          "unknown_topic_or_partition",
          `Topic ${topic} has ${partitions} partitions: there is no partition ${partition}.`,
        );
      const key = offsetKey(group, topic, partition);
      const before = await readOffset(catalog, key, id);
      // Above all that members had: what comes late of one is refused.
      return offsetWrite(key, before, { topicId: id, offset, metadata, committedMs: clock.nowMs(), member: "", since: state.generation });
    });
    await this.ensure(group);
    await this.withoutMembers(group, rows);
  }

  async committed(group: string): Promise<readonly CommittedOffset[]> {
    checkGroupId(group);
    const { version } = await this.#members.read(group);
    const ids = new Map<string, string | undefined>();
    const found: CommittedOffset[] = [];
    for await (const row of offsetRows(this.#services.catalog, group)) {
      if (!ids.has(row.topic)) ids.set(row.topic, (await this.#services.topics.get(row.topic).catch(topicGone))?.id);
      if (ids.get(row.topic) === row.topicId && row.offset >= 0) found.push(shownOffset(row.topic, row.partition, row));
    }
    if (version === 0 && found.length === 0) throw groupNotFound(group);
    // Keys sort "orders-eu/…" before "orders/…".
    return found.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  /** All of the writes or none, and none while the group has members. */
  async withoutMembers(group: string, writes: readonly CatalogWrite[]): Promise<void> {
    const { version, state } = await this.#members.withoutExpired(group);
    if (state.members.size > 0) throw nonEmpty(group, state.members.size);
    const isThere = { key: groupKey(group), check: true, if: version === 0 ? "absent" : version } as const;
    await this.#services.catalog.transact([isThere, ...writes]);
  }

  /** Makes a group without members, unless it is there. */
  async ensure(group: string): Promise<void> {
    const { catalog, clock } = this.#services;
    if ((await this.#members.read(group)).version > 0) return;
    const empty = newGroup(clock.nowMs());
    await transactIf(catalog, [{ key: groupKey(group), put: encodeGroup(empty), if: "absent" }, groupMarkWrite(group, empty.emptySinceMs)]);
  }

  /** Says in a partition's row who may commit, and reads it by the same step. @returns undefined when another one has got it since */
  async #fence(
    group: string,
    topic: string,
    partition: number,
    topicId: string,
    owner: { readonly member: string; readonly since: number },
  ): Promise<OffsetRow | undefined> {
    const { catalog } = this.#services;
    const key = offsetKey(group, topic, partition);
    for (let attempt = 1; ; attempt++) {
      const before = await readOffset(catalog, key, topicId);
      if (before.since > owner.since) return undefined;
      if (before.since === owner.since) return before;
      const next = { ...before, ...owner, delivery: undefined };
      if (await transactIf(catalog, [offsetWrite(key, before, next)])) return { ...next, version: before.version + 1 };
      if (attempt === limits.redecisionsMax) throw busy(group);
    }
  }

  /** The rows of offsets as they are after a commit. */
  async #commitWrites(group: string, identity: MemberIdentity, offsets: readonly OffsetCommit[]): Promise<readonly CatalogWrite[]> {
    return (await this.planned(group, identity, offsets)).map(({ write }) => write);
  }

  /**
   * What a commit would write.
   * @param of the transaction of which it is a part, and the rows as they were read for it: its offsets go back in no generation
   * @throws what `commit` throws
   */
  async planned(
    group: string,
    identity: MemberIdentity,
    offsets: readonly OffsetCommit[],
    of?: { readonly transaction: string; readonly rows: readonly (OffsetRow | undefined)[] },
  ): Promise<readonly PlannedCommit[]> {
    const { catalog, clock } = this.#services;
    const { state } = await this.#members.memberOf(group, identity);
    return await mapBounded([...offsets.entries()], limits.shardConcurrency, async ([at, { topic, partition, offset, metadata = "" }]) => {
      const { topicId, since } = checkOwner(state, identity, topic, partition);
      const key = offsetKey(group, topic, partition);
      const before = of === undefined ? await readOffset(catalog, key, topicId) : ofTopic(of.rows[at], topicId);
      if (before.since > since) throw lost(group, topic, partition);
      const isOrdered = before.since === since || of !== undefined;
      if (isOrdered && offset < before.offset) throw isBefore(group, topic, partition, offset, before.offset);
      const committed = { topicId, offset, metadata, committedMs: clock.nowMs(), member: identity.member, since };
      return { before, offset, write: offsetWrite(key, before, { ...committed, transaction: of?.transaction }) };
    });
  }

  /** The rows that are there of these partitions, whatever topic they are of. */
  rows(group: string, offsets: readonly OffsetCommit[]): Promise<readonly (OffsetRow | undefined)[]> {
    const { catalog } = this.#services;
    return mapBounded(offsets, limits.shardConcurrency, ({ topic, partition }) => findOffset(catalog, offsetKey(group, topic, partition)));
  }
}

/** One offset of a commit that is decided and not written yet. */
export interface PlannedCommit {
  readonly before: OffsetRow;
  readonly offset: number;
  readonly write: CatalogWrite;
}

function placeIn(
  state: GroupState,
  topic: string,
  partition: number,
): { readonly topicId: string; readonly since: number; readonly owner: string | undefined } {
  const known = state.topics.get(topic);
  const place = known?.partitions[partition];
  return { topicId: known?.topicId ?? "", since: place?.since ?? 0, owner: place?.owner };
}

/** @throws illegal_generation */
function checkOwner(
  state: GroupState,
  { member, generation }: MemberIdentity,
  topic: string,
  partition: number,
): { readonly topicId: string; readonly since: number } {
  const place = placeIn(state, topic, partition);
  if (place.owner === member && place.since <= generation && generation <= state.generation) return place;
  throw new LogError(
    "illegal_generation",
    `Member ${member} does not have partition ${partition} of ${topic}, or has got it anew after generation ${generation}: nothing is committed. Beat, and go on with what that answers.`,
  );
}

function shownOffset(topic: string, partition: number, { offset, metadata, committedMs }: OffsetRow): CommittedOffset {
  return { topic, partition, offset: offset < 0 ? undefined : offset, metadata, committedMs };
}

function isBefore(group: string, topic: string, partition: number, offset: number, committedOffset: number): LogError {
  const message = `Group ${group} has committed ${committedOffset} of partition ${partition} of ${topic} already, and ${offset} is before it: nothing is committed.`;
  return new LogError("invalid_request", message, { details: { committedOffset } });
}

function lost(group: string, topic: string, partition: number): LogError {
  return new LogError(
    "illegal_generation",
    `Another member of group ${group} has got partition ${partition} of ${topic}: nothing is committed. Beat, and go on with what that answers.`,
  );
}
