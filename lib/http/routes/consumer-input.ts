import { LogError } from "../../core/errors.ts";
import { checkGroupId } from "../../log/groups/check-group.ts";
import type { NewConsumer, StartingPosition } from "../../log/consumers/settings.ts";
import { deadLetterIdPattern } from "../openapi/consumer-schemas.ts";
import { shown } from "../query.ts";

const kinds = {
  topic: "text",
  target: "text",
  targetTimeoutMs: "integer",
  startingPosition: "text",
  startingPositionTimestampMs: "integer",
  batchSize: "integer",
  maxBatchingWindowMs: "integer",
  filters: "texts",
  retryAttempts: "integer",
  maxRecordAgeMs: "integer",
  bisectBatchOnError: "flag",
  reportBatchItemFailures: "flag",
  onFailure: "text",
  outputTopics: "texts",
  enabled: "flag",
} as const satisfies Record<Exclude<keyof NewConsumer, "group" | "owner" | "predecessor">, Kind>;

type Kind = "text" | "integer" | "flag" | "texts";

const checks: Readonly<Record<Kind, readonly [is: (value: unknown) => boolean, what: string]>> = {
  text: [(value) => typeof value === "string", "a string"],
  integer: [Number.isSafeInteger, "an integer"],
  flag: [(value) => typeof value === "boolean", "true or false"],
  texts: [(value) => Array.isArray(value) && value.every((each) => typeof each === "string"), "an array of strings"],
};

/** What a consumer's body may have. */
export const consumerFields: readonly string[] = Object.keys(kinds);

/**
 * A consumer as its body has it. Its values are checked by the log.
 * @throws invalid_request, invalid_group_id; invalid_config for a target that is no Lambda function: those of a server's own (`local:`) are named by who starts it
 */
export function consumerOf(group: string, fields: ReadonlyMap<string, unknown>): NewConsumer {
  checkGroupId(group);
  for (const [name, value] of fields) {
    const [is, what] = checks[kinds[name as keyof typeof kinds]];
    if (!is(value)) throw new LogError("invalid_request", `${name} must be ${what}.`);
  }
  const { topic, target, startingPosition, ...more } = Object.fromEntries(fields) as Partial<NewConsumer>;
  if (topic === undefined || target === undefined)
    throw new LogError(
      "invalid_request",
      "topic and target are missing: what is read, and the ARN of the Lambda function that is called with it.",
    );
  if (target.startsWith("local:"))
    throw new LogError("invalid_config", `target has to be the ARN of a Lambda function, not "${shown(target)}".`);
  return {
    ...more,
    group,
    topic,
    target,
    ...(startingPosition !== undefined && { startingPosition: startingPosition satisfies StartingPosition }),
  };
}

const deadLetterId = new RegExp(deadLetterIdPattern);

/** @throws invalid_request */
export function checkDeadLetterId(id: unknown): string {
  if (typeof id === "string" && deadLetterId.test(id)) return id;
  throw new LogError("invalid_request", "That is no dead letter's id: GET /v1/consumers/{group}/dead-letters tells them.");
}
