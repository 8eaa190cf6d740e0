import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { topicDetailText } from "./topic-text.ts";

export const topicsDescribe: Command = {
  path: ["topics", "describe"],
  summary: "Show a topic: its partitions with their offsets, and its config.",
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: jsonFlag,
  examples: ["stratalog topics describe orders", "stratalog topics describe orders --json"],
  run: async (context) => {
    const topic = await context.client().topics.get(context.args.positional(0));
    await answer(context, topic, () => topicDetailText(topic));
    return 0;
  },
};
