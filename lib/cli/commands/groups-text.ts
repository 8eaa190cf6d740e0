import type { GroupBody, GroupDetailBody, GroupLagBody, LogClient, MemberBody } from "../../client/index.ts";
import { LogError } from "../../core/errors.ts";
import { count, table } from "../table.ts";
import { duration } from "../times.ts";

type Partitions = Readonly<Record<string, readonly number[]>>;

export function groupTable(groups: readonly GroupBody[]): string {
  const rows = groups.map(({ group, state, members, generation }) => [group, state, members, generation]);
  return table(["GROUP", "STATE", "MEMBERS", "GENERATION"], rows);
}

export function groupFacts({ group, state, generation, assignor, members }: GroupDetailBody, { lag, partitions }: GroupLagBody): string {
  const untouched = partitions.filter(({ offset }) => offset === null).length;
  const facts = [
    ["Group", group],
    ["State", state],
    ["Members", String(members.length)],
    ["Generation", String(generation)],
    ["Assignor", assignor],
    ["Lag", `${count(lag, "record")}${untouched === 0 ? "" : `, and ${count(untouched, "partition")} where nothing is committed`}`],
  ];
  return `${facts.map(([name = "", value = ""]) => `${name.padEnd(12)}${value}`).join("\n")}\n`;
}

export function memberTable(members: readonly MemberBody[], nowMs: number): string {
  const rows = members.map(({ member, topics, prefix = "", assigned, revoked, beatMs, sessionTimeoutMs }) => [
    member,
    topics === undefined ? `${prefix}*` : topics.join(" "),
    partitionsText(assigned),
    partitionsText(revoked),
    `${duration(nowMs - beatMs)} ago`,
    // Who was killed stays until somebody beats, or changes the group.
    `${duration(sessionTimeoutMs)}${nowMs - beatMs > sessionTimeoutMs ? " (over)" : ""}`,
  ]);
  return table(["MEMBER", "READS", "HAS", "GIVES BACK", "LAST BEAT", "SESSION"], rows);
}

/** @param members who they are, for the last column */
export function lagTable(partitions: GroupLagBody["partitions"], members: readonly MemberBody[]): string {
  const owners = ownersOf(members);
  const rows = partitions.map(({ topic, partition, offset, logStartOffset, highWatermark, lag }) => [
    topic,
    partition,
    logStartOffset,
    highWatermark,
    offset ?? "-",
    lag ?? "-",
    owners.get(`${topic}/${partition}`) ?? "-",
  ]);
  return table(["TOPIC", "PARTITION", "START", "END", "COMMITTED", "LAG", "MEMBER"], rows);
}

/** By `topic/partition`, the member that has it. */
export function ownersOf(members: readonly MemberBody[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { member, assigned, revoked } of members) {
    // What a member is still to give back is its own until it has.
    for (const [topic, numbers] of [...Object.entries(assigned), ...Object.entries(revoked)]) {
      for (const partition of numbers) owners.set(`${topic}/${partition}`, member);
    }
  }
  return owners;
}

/** Such as `orders:0-2,5 payments:1`: as `groups reset --topic` takes them. */
export function partitionsText(partitions: Partitions): string {
  const texts = Object.entries(partitions).map(([topic, numbers]) => `${topic}:${rangesText(numbers)}`);
  return texts.length === 0 ? "-" : texts.join(" ");
}

/** Such as `0-2,5`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const newest = ranges.at(-1);
    if (newest !== undefined && newest[1] === number - 1) newest[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

const namedMax = 5;

/** The first of them by name. */
export function membersText(members: readonly string[]): string {
  return `${members.slice(0, namedMax).join(", ")}${members.length > namedMax ? ", …" : ""}`;
}

/** `Group g has 2 members (a, b)`, and what to do; undefined for nobody, and where there is no such group. */
export async function inTheWay(client: LogClient, group: string): Promise<string | undefined> {
  const members = await client.groups.get(group).then(
    (found) => found.members.map(({ member }) => member),
    (reason: unknown) => {
      if (LogError.from(reason).code === "group_id_not_found") return [];
      throw reason;
    },
  );
  if (members.length === 0) return undefined;
  const who = `${count(members.length, "member")} (${membersText(members)})`;
  return `Group ${group} has ${who}: stop them first. One that was killed is gone once its session is over.`;
}

/** Tells who is in the way where only a group without members will do; any other error as it is. */
export async function withMembersNamed(client: LogClient, group: string, reason: unknown): Promise<unknown> {
  const { code, details } = LogError.from(reason);
  if (code !== "non_empty_group") return reason;
  const message = await inTheWay(client, group).catch(() => undefined);
  return message === undefined ? reason : new LogError(code, message, { details });
}
