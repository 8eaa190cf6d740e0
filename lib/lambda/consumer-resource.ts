import { LogError } from "../core/errors.ts";
import type { Consumer, Consumers } from "../log/consumers/consumers.ts";
import type { NewConsumer, StartingPosition } from "../log/consumers/settings.ts";
import type { Properties, ResourceKind, ResourceResult } from "./custom-resource.ts";

/**
 * A triggered consumer that a stack declares: changed with its declaration, gone with it. Its offsets and dead letters stay, so that one of the same group goes on from
 * there. The newest declaration of a group takes the consumer over from the others, whose ends leave it alone then: a construct that gets another id, or moves to another
 * stack, is created there before it is deleted here. When the newest one is deleted first (a deploy is rolled back), what the one before had declared is in force again.
 */
export function consumerResource(consumers: Consumers): ResourceKind {
  const find = async (group: string): Promise<Consumer | undefined> => await consumers.get(group).catch(consumerGone);

  const take = async (properties: Properties, owner: string): Promise<ResourceResult> => {
    const wanted = consumerOf(properties);
    const predecessor = predecessorOf(owner, await find(wanted.group));
    const { group, topic } = await consumers.put({ ...wanted, owner, predecessor });
    return { physicalId: `${group}#${topic}`, data: { Group: group, Topic: topic } };
  };

  return {
    create: take,

    // CloudFormation deletes the one before when it hears of another id.
    update: async (properties, _was, _physicalId, owner) => await take(properties, owner),

    async delete(properties, _physicalId, owner) {
      const gone = consumerOf(properties);
      const now = await find(gone.group);
      if (now === undefined) return;
      const { predecessor } = now;
      if (isOf(now, gone, owner)) {
        if (predecessor === undefined || !(await isTaken(consumers.put(predecessor))))
          await consumers.remove(gone.group).catch(consumerGone);
      } else if (predecessor !== undefined && isOf(predecessor, gone, owner)) {
        await consumers.put({ ...now, predecessor: undefined });
      }
    },
  };
}

/** Whether a consumer is what a declaration has made of it. One without an owner, which nobody or an earlier release has declared, is whose topic and function it has. */
function isOf(consumer: NewConsumer, declared: NewConsumer, owner: string): boolean {
  if (consumer.topic !== declared.topic) return false;
  return consumer.owner === undefined ? consumer.target === declared.target : consumer.owner === owner;
}

/** What a declaration takes over from another one. */
function predecessorOf(owner: string, now: Consumer | undefined): NewConsumer | undefined {
  if (now?.owner === undefined) return undefined;
  const { version: _, createdMs: __, predecessor, ...settings } = now;
  return now.owner === owner ? predecessor : settings;
}

function consumerGone(reason: unknown): undefined {
  if (LogError.from(reason).code !== "group_id_not_found") throw reason;
  return undefined;
}

/** Whether the log takes a consumer: it does not where a topic is gone. */
async function isTaken(put: Promise<unknown>): Promise<boolean> {
  try {
    await put;
    return true;
  } catch (reason) {
    const { code } = LogError.from(reason);
    if (code !== "unknown_topic_or_partition" && code !== "invalid_config") throw reason;
    return false;
  }
}

/** As CloudFormation has it, which writes numbers and flags as text. Whether the values can be is checked by who takes them. */
function consumerOf(properties: Properties): NewConsumer {
  const text = (name: string): string | undefined => {
    const value = properties[name];
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  };
  const read = <T>(name: string, as: (text: string) => T): T | undefined => {
    const value = text(name);
    return value === undefined ? undefined : as(value);
  };
  const number = (name: string): number | undefined => read(name, Number);
  const seconds = (name: string): number | undefined => read(name, (value) => Math.round(1_000 * Number(value)));
  const flag = (name: string): boolean | undefined => read(name, (value) => value === "true");
  const list = (name: string): readonly string[] | undefined => {
    const value = properties[name];
    return Array.isArray(value) ? value.map(String) : undefined;
  };
  const needed = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new LogError("invalid_request", `A declared consumer needs a ${name}.`);
    return value;
  };
  return {
    group: needed("group"),
    topic: needed("topic"),
    target: needed("target"),
    targetTimeoutMs: number("targetTimeoutMs"),
    startingPosition: text("startingPosition") as StartingPosition | undefined,
    startingPositionTimestampMs: number("startingPositionTimestampMs") ?? seconds("startingPositionTimestamp"),
    batchSize: number("batchSize"),
    maxBatchingWindowMs: number("maxBatchingWindowMs"),
    filters: list("filters"),
    retryAttempts: number("retryAttempts"),
    maxRecordAgeMs: number("maxRecordAgeMs"),
    bisectBatchOnError: flag("bisectBatchOnError"),
    reportBatchItemFailures: flag("reportBatchItemFailures"),
    onFailure: text("onFailure"),
    outputTopics: list("outputTopics"),
    enabled: flag("enabled"),
  };
}
