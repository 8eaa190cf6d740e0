import type { TopicBody, TopicDetailBody } from "../../client/index.ts";
import type { Flag } from "../command.ts";
import { table } from "../table.ts";
import { UsageError } from "../usage-error.ts";

export const configFlag = {
  type: "string",
  value: "KEY=VALUE",
  multiple: true,
  doc: "A topic config, by Kafka's names, such as retention.ms=86400000.",
} as const satisfies Flag;

/** `--config key=value`, as often as it was given. @throws UsageError */
export function readConfig(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const split = pair.indexOf("=");
      if (split < 1) throw new UsageError(`--config must look like KEY=VALUE, not "${pair}".`);
      return [pair.slice(0, split), pair.slice(split + 1)];
    }),
  );
}

export function topicTable(topics: readonly TopicBody[]): string {
  const rows = topics.map((topic) => [topic.name, topic.partitions, configText(topic), new Date(topic.createdMs).toISOString()]);
  return table(["TOPIC", "PARTITIONS", "CONFIG", "CREATED"], rows);
}

export function topicDetailText(topic: TopicDetailBody): string {
  const facts = [
    ["Topic", topic.name],
    ["Id", topic.id],
    ["Partitions", `${topic.partitions} (${topic.partitionsPerShard} a shard)`],
    ["Created", new Date(topic.createdMs).toISOString()],
    ["Config", `${configText(topic)}${topic.overrides.length === 0 ? " (all defaults)" : ""}`],
  ];
  const rows = topic.partitionDetails.map(({ partition, logStartOffset, highWatermark }) => [
    partition,
    logStartOffset,
    highWatermark,
    highWatermark - logStartOffset,
  ]);
  return `${facts.map(([name = "", value = ""]) => `${name.padEnd(12)}${value}`).join("\n")}\n\n${table(["PARTITION", "START", "END", "OFFSETS"], rows)}`;
}

function configText({ config, overrides }: TopicBody): string {
  return overrides.length === 0 ? "-" : overrides.map((key) => `${key}=${config[key] ?? ""}`).join(" ");
}
