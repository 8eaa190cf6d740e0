import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { count } from "../table.ts";
import { configFlag, readConfig } from "./topic-text.ts";

export const topicsCreate: Command = {
  path: ["topics", "create"],
  summary: "Make a topic.",
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name: letters, digits, dots, underscores and hyphens" }],
  flags: {
    partitions: {
      type: "string",
      value: "N",
      doc: `How many partitions, 1 to ${limits.partitionsMax}. Default ${limits.partitionsDefault}.`,
    },
    "partitions-per-shard": {
      type: "string",
      value: "N",
      doc: `How many partitions share a unit of order and atomicity, 1 to ${limits.partitionsPerShardMax}. Default ${limits.partitionsPerShardDefault}; fixed from then on.`,
    },
    config: configFlag,
    "if-not-exists": { type: "boolean", doc: "A topic that is there already is no error (it stays as it is)." },
    ...jsonFlag,
  },
  examples: [
    "stratalog topics create orders --partitions 6",
    "stratalog topics create audit --config retention.ms=-1 --config max.message.bytes=2000000",
  ],
  run: async (context) => {
    const { args, client } = context;
    const name = args.positional(0);
    const partitions = args.integer("partitions", 1, limits.partitionsMax);
    const partitionsPerShard = args.integer("partitions-per-shard", 1, limits.partitionsPerShardMax);
    const config = readConfig(args.all("config"));
    try {
      const topic = await client().topics.create({
        name,
        config,
        ...(partitions === undefined ? {} : { partitions }),
        ...(partitionsPerShard === undefined ? {} : { partitionsPerShard }),
      });
      await answer(context, topic, () => `Created topic ${topic.name} with ${count(topic.partitions, "partition")}.\n`);
    } catch (reason) {
      if (!args.has("if-not-exists") || LogError.from(reason).code !== "topic_already_exists") throw reason;
      const topic = await client().topics.get(name);
      await answer(context, topic, () => `Topic ${topic.name} is there already, with ${count(topic.partitions, "partition")}.\n`);
    }
    return 0;
  },
};
