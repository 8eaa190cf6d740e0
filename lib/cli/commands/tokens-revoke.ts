import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";

export const tokensRevoke: Command = {
  path: ["tokens", "revoke"],
  aliases: ["delete"],
  summary: "Make an API token worthless, within seconds.",
  client: true,
  positionals: [{ name: "ID", doc: "the token's id, as `stratalog tokens list` tells it" }],
  flags: { ...jsonFlag },
  examples: ["stratalog tokens revoke 9f86d081884c7d65"],
  run: async (context) => {
    const id = context.args.positional(0);
    await context.client().tokens.revoke(id);
    await answer(context, { revoked: id }, () => `Revoked token ${id}.\n`);
    return 0;
  },
};
