import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { withMembersNamed } from "./groups-text.ts";
import { confirmed } from "./topics-delete.ts";

export const groupsDelete: Command = {
  path: ["groups", "delete"],
  aliases: ["rm"],
  summary: "Delete groups without members, with their offsets, for good.",
  details: ["Records stay as they are. On a terminal it asks first, unless --yes is given."],
  client: true,
  positionals: [{ name: "GROUP", doc: "the group's id", many: true }],
  flags: {
    yes: { type: "boolean", doc: "Do not ask." },
    ...jsonFlag,
  },
  examples: ["stratalog groups delete billing", "stratalog groups delete tmp-1 tmp-2 --yes"],
  run: async (context) => {
    const { args, client, io } = context;
    const groups = args.positionals;
    if (!args.has("yes") && io.stdin.isTTY === true && !(await confirmed(context, `Delete ${groups.join(", ")} with all offsets?`))) {
      await say(context, "Nothing was deleted.");
      return 1;
    }
    for (const group of groups) {
      try {
        await client().groups.delete(group);
      } catch (reason) {
        throw await withMembersNamed(client(), group, reason);
      }
      await answer(context, { deleted: group }, () => `Deleted group ${group}.\n`);
    }
    return 0;
  },
};
