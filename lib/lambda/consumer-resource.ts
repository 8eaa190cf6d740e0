import { LogError } from "../core/errors.ts";
import type { Consumers } from "../log/consumers/consumers.ts";
import type { NewConsumer, StartingPosition } from "../log/consumers/settings.ts";
import type { Properties, ResourceKind, ResourceResult } from "./custom-resource.ts";

/**
 * A triggered consumer that a stack declares: changed with its declaration, gone with it. Its offsets and dead letters stay, so that one of the same group goes on from
 * there. What another declaration has made of the group meanwhile is left alone.
 */
export function consumerResource(consumers: Consumers): ResourceKind {
  const put = async (properties: Properties): Promise<ResourceResult> => {
    const { group, topic } = await consumers.put(consumerOf(properties));
    return { physicalId: `${group}#${topic}`, data: { Group: group, Topic: topic } };
  };
  return {
    create: put,

    // CloudFormation deletes the one before when it hears of another id.
    update: put,

    async delete(properties) {
      const { group, topic, target } = consumerOf(properties);
      try {
        const now = await consumers.get(group);
        if (now.topic === topic && now.target === target) await consumers.remove(group);
      } catch (reason) {
        if (LogError.from(reason).code !== "group_id_not_found") throw reason;
      }
    },
  };
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
    startingPositionTimestampMs: number("startingPositionTimestampMs"),
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
