import type { GroupBody } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { groupTable } from "./groups-text.ts";

export const groupsList: Command = {
  path: ["groups", "list"],
  aliases: ["ls"],
  summary: "List the consumer groups by name.",
  client: true,
  flags: {
    prefix: { type: "string", value: "TEXT", doc: "Only names that start with it." },
    ...jsonFlag,
  },
  examples: ["stratalog groups list", "stratalog groups list --prefix billing. --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const prefix = args.text("prefix");
    const groups: GroupBody[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: limits.listLimitMax, ...(prefix !== undefined && { prefix }), ...(cursor !== undefined && { cursor }) };
      const body = await client().groups.list(page);
      groups.push(...body.groups);
      cursor = body.nextCursor;
    } while (cursor !== undefined && !io.signal.aborted);
    if (groups.length === 0) {
      const none = prefix === undefined ? "There are no groups." : `There are no groups whose names start with "${prefix}".`;
      await say(context, `${none} A group is there once somebody reads in it: stratalog consume TOPIC --group NAME`);
    }
    await answer(context, { groups }, () => (groups.length === 0 ? "" : groupTable(groups)));
    return 0;
  },
};
