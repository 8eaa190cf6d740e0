import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { quotaTable } from "./quota-text.ts";

export const quotasDescribe: Command = {
  path: ["quotas", "describe"],
  aliases: ["list"],
  summary: "Show what principals may use a second.",
  client: true,
  flags: {
    principal: { type: "string", value: "PRINCIPAL", doc: "Only this principal's own." },
    ...jsonFlag,
  },
  examples: ["stratalog quotas describe", "stratalog quotas describe --principal User:ci --json"],
  run: async (context) => {
    const body = await context.client().quotas.list(context.args.text("principal"));
    if (!body.enforced)
      await say(context, "This server holds nobody to quotas: it was started with --quotas off, or shares its log and was not told to.");
    if (body.quotas.length === 0) await say(context, "There are no quotas.");
    await answer(context, body, () => (body.quotas.length === 0 ? "" : quotaTable(body.quotas)));
    return 0;
  },
};
