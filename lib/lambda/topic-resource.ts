import { LogError } from "../core/errors.ts";
import type { Topic, Topics } from "../log/log.ts";
import type { Properties, ResourceKind, ResourceResult } from "./custom-resource.ts";

interface Declared {
  readonly name: string;
  readonly partitions: number;
  readonly partitionsPerShard?: number;
  readonly config: Readonly<Record<string, string>>;
  /** Whether the topic goes, with its records, when its declaration does. */
  readonly isDeleted: boolean;
}

/**
 * A topic that a stack declares. One that is there already is taken over when it fits: its partitions grow, its configs are set, and the stack never
 * deletes it. Fewer partitions than the topic has change nothing: a deploy that is rolled back asks for that, and must not get stuck.
 */
export function topicResource(topics: Topics): ResourceKind {
  return {
    async create(properties) {
      const declared = read(properties);
      const { name, partitions, partitionsPerShard, config } = declared;
      try {
        return made(await topics.create({ name, partitions, config, ...(partitionsPerShard !== undefined && { partitionsPerShard }) }));
      } catch (reason) {
        if (LogError.from(reason).code !== "topic_already_exists") throw reason;
        return result(await take(topics, declared, {}), takenOver);
      }
    },

    async update(properties, before, physicalId, owner) {
      const declared = read(properties);
      const was = read(before);
      // CloudFormation deletes the one before when it hears of another id.
      if (declared.name !== was.name) return await this.create(properties, owner);
      try {
        return { ...result(await take(topics, declared, was.config), ""), physicalId };
      } catch (reason) {
        if (LogError.from(reason).code !== "unknown_topic_or_partition") throw reason;
        return await this.create(properties, owner);
      }
    },

    async delete(properties, physicalId) {
      const { name, isDeleted } = read(properties);
      if (!isDeleted) return;
      try {
        const { id } = await topics.get(name);
        if (physicalId === `${name}#${id}`) await topics.delete(name);
      } catch (reason) {
        if (LogError.from(reason).code !== "unknown_topic_or_partition") throw reason;
      }
    },
  };
}

const takenOver = "taken-over";

function made(topic: Topic): ResourceResult {
  return result(topic, topic.id);
}

function result({ name, id, partitions }: Topic, mark: string): ResourceResult {
  return { physicalId: `${name}#${mark}`, data: { Name: name, Id: id, Partitions: partitions } };
}

/** Makes the topic what is declared. @param was the configs that were declared before: those that are no longer have their defaults again */
async function take(topics: Topics, declared: Declared, was: Declared["config"]): Promise<Topic> {
  const { name, partitions, partitionsPerShard, config } = declared;
  const topic = await topics.get(name);
  if (partitionsPerShard !== undefined && partitionsPerShard !== topic.partitionsPerShard) {
    throw new LogError(
      "invalid_partitions",
      `Topic "${name}" has ${topic.partitionsPerShard} partitions a shard, which is fixed: declare that, or take another name.`,
    );
  }
  const dropped = Object.fromEntries(Object.keys(was).flatMap((key) => (key in config ? [] : [[key, null]])));
  return await topics.alter(name, { partitions: Math.max(partitions, topic.partitions), config: { ...dropped, ...config } });
}

function read(properties: Properties): Declared {
  const { name, partitions, partitionsPerShard, config, onDelete } = properties;
  if (typeof name !== "string") throw new LogError("invalid_topic", "A declared topic needs a name.");
  const declaredConfig = typeof config === "object" && config !== null ? config : {};
  return {
    name,
    partitions: Number(partitions),
    ...(partitionsPerShard !== undefined && { partitionsPerShard: Number(partitionsPerShard) }),
    config: Object.fromEntries(Object.entries(declaredConfig).map(([key, value]) => [key, String(value)])),
    isDeleted: onDelete === "delete",
  };
}
