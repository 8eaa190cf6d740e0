import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { groupFacts, lagTable, memberTable, ownersOf } from "./groups-text.ts";

export const groupsDescribe: Command = {
  path: ["groups", "describe"],
  hints: ["lag", "show", "status", "state", "members", "offsets"],
  summary: "Show a group: who is in it and has what, and how far behind it is.",
  details: [
    "LAG counts the offsets from where the group is to the end, those too of which compaction has left no record. Where nothing is committed there is none:",
    "where a member starts there is its own setting (auto.offset.reset in Kafka).",
  ],
  client: true,
  positionals: [{ name: "GROUP", doc: "the group's id" }],
  flags: {
    members: { type: "boolean", doc: "Only the members." },
    offsets: { type: "boolean", doc: "Only the offsets." },
    ...jsonFlag,
  },
  examples: [
    "stratalog groups describe billing",
    "stratalog groups describe billing --offsets",
    "stratalog groups describe billing --json",
  ],
  run: async (context) => {
    const { args, client } = context;
    const group = args.positional(0);
    const [onlyMembers, onlyOffsets] = [args.has("members") && !args.has("offsets"), args.has("offsets") && !args.has("members")];
    const [detail, behind] = await Promise.all([
      client().groups.get(group),
      onlyMembers ? { partitions: [], lag: 0 } : client().groups.lag(group),
    ]);
    const { members, ...facts } = detail;
    const owners = ownersOf(members);
    const partitions = behind.partitions.map((at) => ({ ...at, member: owners.get(`${at.topic}/${at.partition}`) ?? null }));
    if (onlyMembers && members.length === 0) await say(context, `Group ${group} has no members now.`);
    if (!onlyMembers && partitions.length === 0) await say(context, `Group ${group} has no offsets.`);
    const data = { ...facts, ...(!onlyOffsets && { members }), ...(!onlyMembers && { partitions, lag: behind.lag }) };
    await answer(context, data, () =>
      [
        onlyMembers || onlyOffsets ? "" : groupFacts(detail, behind),
        onlyOffsets || members.length === 0 ? "" : memberTable(members, Date.now()),
        partitions.length === 0 ? "" : lagTable(behind.partitions, members),
      ]
        .filter((text) => text !== "")
        .join("\n"),
    );
    return 0;
  },
};
