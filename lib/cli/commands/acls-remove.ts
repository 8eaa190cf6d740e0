import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { count } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { aclTable, operationOf, resourceFlags, resourceOf } from "./acl-text.ts";

export const aclsRemove: Command = {
  path: ["acls", "remove"],
  aliases: ["rm", "delete"],
  summary: "Take rules away: all that have what is given.",
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: "Only this principal's." },
    operation: { type: "string", value: "NAME", doc: "Only those for this operation." },
    ...resourceFlags,
    ...jsonFlag,
  },
  examples: ["stratalog acls remove --principal User:ci --topic orders", "stratalog acls remove --principal User:ci"],
  run: async (context) => {
    const { args, client } = context;
    const [principal, operation] = [args.text("principal"), args.text("operation")];
    const filter = {
      ...resourceOf(args),
      ...(principal !== undefined && { principal }),
      ...(operation !== undefined && { operation: operationOf(operation) }),
    };
    if (Object.keys(filter).length === 0) throw new UsageError("Which ones? Give --principal, --operation, --topic, --group or --cluster.");
    const removed = await client().acls.delete(filter);
    await say(context, removed.length === 0 ? "There were none such." : `Removed ${count(removed.length, "rule")}:`);
    await answer(context, { removed }, () => (removed.length === 0 ? "" : aclTable(removed)));
    return 0;
  },
};
