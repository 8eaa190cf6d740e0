import type { WireAcl } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { aclTable, resourceFlags, resourceOf } from "./acl-text.ts";

export const aclsList: Command = {
  path: ["acls", "list"],
  aliases: ["ls"],
  summary: "List who may do what.",
  details: ["With --topic or --group: the rules that decide on that name, those by prefix and for every name included."],
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: "Only this principal's." },
    ...resourceFlags,
    ...jsonFlag,
  },
  examples: ["stratalog acls list", "stratalog acls list --topic orders", "stratalog acls list --principal User:ci --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const principal = args.text("principal");
    const resource = resourceOf(args);
    const acls: WireAcl[] = [];
    let cursor: string | undefined;
    do {
      const page = await client().acls.list({
        limit: limits.listLimitMax,
        ...(principal !== undefined && { principal }),
        ...(resource !== undefined && { ...resource, patternType: resource.patternType === "PREFIXED" ? "PREFIXED" : "MATCH" }),
        ...(cursor !== undefined && { cursor }),
      });
      acls.push(...page.acls);
      cursor = page.nextCursor;
    } while (cursor !== undefined && !io.signal.aborted);
    if (acls.length === 0) await say(context, "There are none such: super users alone may do that.");
    await answer(context, { acls }, () => (acls.length === 0 ? "" : aclTable(acls)));
    return 0;
  },
};
