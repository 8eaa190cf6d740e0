import type { CommitOffsetBody, GroupDetailBody, GroupOffsetsBody, HeartbeatBody, MembershipBody } from "../../../http/group-wire.ts";
import { type Api, freshName, type HttpCase, jsonBody, type NewTopic, topicCase } from "./target.ts";

/** Whose the request is, as a member says it. */
export interface Identity {
  readonly member: string;
  readonly session: string;
  readonly generation: number;
}

/** A case with a topic and a group of its own, both deleted in the end. */
export function groupCase(name: string, topic: NewTopic, run: (api: Api, world: GroupWorld) => Promise<void>): HttpCase {
  return topicCase(name, topic, async (api, topicName) => {
    const world = new GroupWorld(api, topicName);
    try {
      await run(api, world);
    } finally {
      await world.clear();
    }
  });
}

export class GroupWorld {
  readonly #api: Api;
  readonly #members: GroupMember[] = [];
  readonly topic: string;
  readonly group = freshName();

  constructor(api: Api, topic: string) {
    this.#api = api;
    this.topic = topic;
  }

  get path(): string {
    return groupPath(this.group);
  }

  /** Beats for the first time. @param body default: the case's topic */
  async join(member: string, body: HeartbeatBody = { topics: [this.topic] }, group = this.group): Promise<GroupMember> {
    const joined = new GroupMember(this.#api, group, member, { session: `${member}-1`, ...body });
    this.#members.push(joined);
    await joined.beat();
    return joined;
  }

  describe(): Promise<GroupDetailBody> {
    return this.#api.json(this.path);
  }

  async committed(): Promise<string> {
    return shownOffsets(await this.#api.json<GroupOffsetsBody>(`${this.path}/offsets`));
  }

  async clear(): Promise<void> {
    for (const member of this.#members) await member.leave();
    for (const group of new Set([this.group, ...this.#members.map(({ group }) => group)])) {
      await (await this.#api.send(groupPath(group), { method: "DELETE" })).arrayBuffer();
    }
  }
}

/** A member as it would run: each beat has the generation of the answer before. */
export class GroupMember {
  readonly #api: Api;
  readonly #body: HeartbeatBody;
  readonly group: string;
  readonly member: string;
  last: MembershipBody | undefined;

  constructor(api: Api, group: string, member: string, body: HeartbeatBody) {
    this.#api = api;
    this.#body = body;
    this.group = group;
    this.member = member;
  }

  get path(): string {
    return memberPath(this.group, this.member);
  }

  get identity(): Identity {
    return { member: this.member, session: this.#body.session ?? "", generation: this.last?.generation ?? 0 };
  }

  /** The body of its next beat. */
  get body(): HeartbeatBody {
    return { ...this.#body, ...(this.last !== undefined && { generation: this.last.generation }) };
  }

  /** @param more such as what it holds */
  async beat(more: Partial<HeartbeatBody> = {}): Promise<MembershipBody> {
    this.last = await this.#api.post<MembershipBody>(this.path, { ...this.body, ...more });
    return this.last;
  }

  async acquire(): Promise<string> {
    return shownOffsets(await this.#api.json<GroupOffsetsBody>(`${groupPath(this.group)}/offsets?${queryOf(this.identity)}`));
  }

  commit(...offsets: readonly CommitOffsetBody[]): Promise<void> {
    return commit(this.#api, this.group, { ...this.identity, offsets });
  }

  async leave(): Promise<void> {
    const response = await this.#api.send(`${this.path}?session=${encodeURIComponent(this.identity.session)}`, { method: "DELETE" });
    await expectEmpty(response);
  }
}

/** Sends a commit that is to be taken. */
export async function commit(api: Api, group: string, body: unknown): Promise<void> {
  await expectEmpty(await api.send(`${groupPath(group)}/offsets`, jsonBody(body)));
}

export async function expectEmpty(response: Response): Promise<void> {
  const text = await response.text();
  if (response.status !== 204 || text !== "") throw new Error(`204 without a body was due, and there came ${response.status}: ${text}`);
}

export function groupPath(group: string): string {
  return `/groups/${encodeURIComponent(group)}`;
}

export function memberPath(group: string, member: string): string {
  return `${groupPath(group)}/members/${encodeURIComponent(member)}`;
}

export function queryOf({ member, session, generation }: Identity): string {
  return `member=${encodeURIComponent(member)}&session=${encodeURIComponent(session)}&generation=${generation}`;
}

/** Such as "0@4 1@-", without the topics. */
function shownOffsets({ offsets }: GroupOffsetsBody): string {
  return offsets.map(({ partition, offset }) => `${partition}@${offset ?? "-"}`).join(" ");
}
