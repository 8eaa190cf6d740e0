import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { withAdvice } from "./consumers-text.ts";
import { confirmed } from "./topics-delete.ts";

export const consumersDelete: Command = {
  path: ["consumers", "delete"],
  aliases: ["rm"],
  summary: "Delete triggered consumers: their functions are called no more.",
  details: [
    "Offsets and dead letters stay, for a consumer that is made anew, until the group is deleted: stratalog groups delete GROUP",
    "On a terminal it asks first, unless --yes is given.",
  ],
  client: true,
  positionals: [{ name: "GROUP", doc: "the consumer's group", many: true }],
  flags: {
    yes: { type: "boolean", doc: "Do not ask." },
    ...jsonFlag,
  },
  examples: ["stratalog consumers delete billing", "stratalog consumers delete tmp-1 tmp-2 --yes"],
  run: async (context) => {
    const { args, client, io } = context;
    const groups = args.positionals;
    if (!args.has("yes") && io.stdin.isTTY === true && !(await confirmed(context, `Delete the consumers ${groups.join(", ")}?`))) {
      await say(context, "Nothing was deleted.");
      return 1;
    }
    for (const group of groups) {
      await client().consumers.delete(group).catch(withAdvice);
      await answer(context, { deleted: group }, () => `Deleted consumer ${group}.\n`);
    }
    return 0;
  },
};
