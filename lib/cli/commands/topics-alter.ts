import { limits } from "../../core/limits.ts";
import { type Command, jsonFlag } from "../command.ts";
import { answer } from "../context.ts";
import { count } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { configFlag, readConfig } from "./topic-text.ts";

export const topicsAlter: Command = {
  path: ["topics", "alter"],
  summary: "Give a topic more partitions or other configs.",
  details: ["Partitions grow and never shrink. New records of a key may then go to another partition than its old ones."],
  client: true,
  positionals: [{ name: "TOPIC", doc: "the topic's name" }],
  flags: {
    partitions: { type: "string", value: "N", doc: "How many partitions it shall have." },
    config: configFlag,
    "delete-config": { type: "string", value: "KEY", multiple: true, doc: "A config that shall have its default again." },
    ...jsonFlag,
  },
  examples: [
    "stratalog topics alter orders --partitions 12",
    "stratalog topics alter orders --config retention.ms=3600000 --delete-config cleanup.policy",
  ],
  run: async (context) => {
    const { args, client } = context;
    const partitions = args.integer("partitions", 1, limits.partitionsMax);
    const unset = Object.fromEntries(args.all("delete-config").map((key) => [key, null]));
    const config = { ...readConfig(args.all("config")), ...unset };
    const changesConfig = Object.keys(config).length > 0;
    if (partitions === undefined && !changesConfig)
      throw new UsageError("Nothing to change: give --partitions, --config or --delete-config.");
    const topic = await client().topics.alter(args.positional(0), {
      ...(partitions === undefined ? {} : { partitions }),
      ...(changesConfig ? { config } : {}),
    });
    await answer(context, topic, () => `Altered topic ${topic.name}: ${count(topic.partitions, "partition")}.\n`);
    return 0;
  },
};
