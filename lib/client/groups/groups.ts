import type {
  CommitBody,
  CommitOffsetBody,
  GroupDetailBody,
  GroupLagBody,
  GroupListBody,
  GroupOffsetBody,
  GroupOffsetsBody,
  HeartbeatBody,
  MembershipBody,
} from "../../http/group-wire.ts";
import type { Transport } from "../transport.ts";
import { jsonBody } from "../transport.ts";

/** A page of groups, by name. */
export interface ListGroups {
  /** Only names that start with this. */
  readonly prefix?: string;
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** A member, as its group knows it. */
export interface Membership {
  readonly member: string;
  readonly session: string;
  /** Of the newest answer to a beat. */
  readonly generation: number;
}

/** Consumer groups: listed, described, set and deleted. To read as a member of one, use `client.consumer`. Every error is a `LogError`; nothing is retried. */
export class GroupsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page. `nextCursor` is there when more may follow. */
  async list(page: ListGroups = {}): Promise<GroupListBody> {
    return (await this.#transport.json({ method: "GET", path: ["groups"], query: { ...page } })) as GroupListBody;
  }

  /** With its members and what they have. @throws group_id_not_found */
  async get(group: string): Promise<GroupDetailBody> {
    return (await this.#transport.json({ method: "GET", path: ["groups", group] })) as GroupDetailBody;
  }

  /** How far behind it is, partition by partition. @throws group_id_not_found */
  async lag(group: string): Promise<GroupLagBody> {
    return (await this.#transport.json({ method: "GET", path: ["groups", group, "lag"] })) as GroupLagBody;
  }

  /** What it has committed. @throws group_id_not_found */
  async offsets(group: string): Promise<readonly GroupOffsetBody[]> {
    const answer = await this.#transport.json({ method: "GET", path: ["groups", group, "offsets"] });
    return (answer as GroupOffsetsBody).offsets;
  }

  /** Sets where a group without members goes on: any offset, up to 99 partitions at once, all or none. @throws non_empty_group, unknown_topic_or_partition */
  async setOffsets(group: string, offsets: readonly CommitOffsetBody[]): Promise<void> {
    await this.#post(["groups", group, "offsets"], { offsets } satisfies CommitBody);
  }

  /** A group without members, with its offsets. @throws group_id_not_found, non_empty_group */
  async delete(group: string): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: ["groups", group] });
  }

  /** One beat of a member. @throws fenced_instance_id */
  async beat(group: string, member: string, beat: HeartbeatBody, signal?: AbortSignal): Promise<MembershipBody> {
    return (await this.#post(["groups", group, "members", member], beat, signal)) as MembershipBody;
  }

  async leave(group: string, { member, session }: Pick<Membership, "member" | "session">): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: ["groups", group, "members", member], query: { session } });
  }

  /** Where a member goes on with what it has; nobody who had it before can commit for it from then on. @throws unknown_member_id, fenced_instance_id */
  async acquire(group: string, membership: Membership, signal?: AbortSignal): Promise<readonly GroupOffsetBody[]> {
    const call = { method: "GET", path: ["groups", group, "offsets"], query: { ...membership } } as const;
    return ((await this.#transport.json(signal === undefined ? call : { ...call, signal })) as GroupOffsetsBody).offsets;
  }

  /** As a member: up to 99 partitions at once, all or none. @throws illegal_generation, unknown_member_id, fenced_instance_id */
  async commit(group: string, membership: Membership, offsets: readonly CommitOffsetBody[]): Promise<void> {
    await this.#post(["groups", group, "offsets"], { ...membership, offsets } satisfies CommitBody);
  }

  async #post(path: readonly string[], body: unknown, signal?: AbortSignal): Promise<unknown> {
    return await this.#transport.json({ method: "POST", path, body: jsonBody(body), ...(signal !== undefined && { signal }) });
  }
}
