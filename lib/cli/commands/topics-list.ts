import type { TopicBody } from "../../client/index.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer, say } from "../context.ts";
import { topicTable } from "./topic-text.ts";

export const topicsList: Command = {
  path: ["topics", "list"],
  aliases: ["ls"],
  summary: "List the topics by name.",
  client: true,
  flags: {
    prefix: { type: "string", value: "TEXT", doc: "Only names that start with it." },
    ...jsonFlag,
  },
  examples: ["stratalog topics list", "stratalog topics list --prefix orders. --json"],
  run: async (context) => {
    const { args, client, io } = context;
    const prefix = args.text("prefix");
    const topics: TopicBody[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: limits.listLimitMax, ...(prefix === undefined ? {} : { prefix }), ...(cursor === undefined ? {} : { cursor }) };
      const body = await client().topics.list(page);
      topics.push(...body.topics);
      cursor = body.nextCursor;
    } while (cursor !== undefined && !io.signal.aborted);
    if (topics.length === 0) await say(context, "There are no topics. Make one: stratalog topics create NAME");
    await answer(context, { topics }, () => (topics.length === 0 ? "" : topicTable(topics)));
    return 0;
  },
};
