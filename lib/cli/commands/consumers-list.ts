import type { ConsumerListBody } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { consumerTable, stateDetails } from "./consumers-text.ts";

export const consumersList: Command = {
  path: ["consumers", "list"],
  aliases: ["ls"],
  summary: "List the triggered consumers by group: functions that are called with new records.",
  details: stateDetails,
  client: true,
  flags: {
    prefix: { type: "string", value: "TEXT", doc: "Only groups that start with it." },
    ...jsonFlag,
  },
  examples: ["stratalog consumers list", "stratalog consumers list --prefix billing. --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const prefix = args.text("prefix");
    const consumers: ConsumerListBody["consumers"][number][] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: limits.listLimitMax, ...(prefix !== undefined && { prefix }), ...(cursor !== undefined && { cursor }) };
      const body = await client().consumers.list(page);
      consumers.push(...body.consumers);
      cursor = body.nextCursor;
    } while (cursor !== undefined && !io.signal.aborted);
    if (consumers.length === 0) {
      await say(context, `There are no triggered consumers${prefix === undefined ? "" : ` whose groups start with "${prefix}"`}.`);
    }
    await answer(context, { consumers }, () => (consumers.length === 0 ? "" : consumerTable(consumers)));
    return 0;
  },
};
