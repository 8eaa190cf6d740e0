import { assignors } from "../../core/groups/assignor.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { checkTopicName, isId } from "../../core/names.ts";
import type { Heartbeat, OffsetCommit } from "./groups.ts";

/** @throws invalid_group_id */
export function checkGroupId(group: string): void {
  if (isId(group, limits.groupIdLengthMax)) return;
  throw new LogError("invalid_group_id", `A group's id has 1 to ${limits.groupIdLengthMax} characters, no control characters among them.`);
}

/** @throws invalid_request */
export function checkMemberId(member: string, session = ""): void {
  const max = limits.groupMemberIdLengthMax;
  if (isId(member, max) && (session === "" || isId(session, max))) return;
  throw new LogError("invalid_request", `A member's id and session have 1 to ${max} characters each, no control characters among them.`);
}

/** @throws invalid_request */
export function checkTransactionId(id: string): void {
  const max = limits.transactionIdLengthMax;
  if (!isId(id, max))
    throw new LogError("invalid_request", `A transaction's id has 1 to ${max} characters, no control characters among them.`);
}

/** @throws invalid_request, invalid_topic */
export function checkHeartbeat({ subscription, sessionTimeoutMs, generation = 0, held, assignor }: Heartbeat): void {
  if ("topics" in subscription) {
    const { topics } = subscription;
    for (const topic of topics) checkTopicName(topic);
    if (topics.length === 0 || topics.length > limits.groupTopicsMax || new Set(topics).size < topics.length)
      throw new LogError("invalid_request", `A member reads 1 to ${limits.groupTopicsMax} topics, each named once.`);
  } else checkTopicName(subscription.prefix);
  const { sessionTimeoutMsMin: min, sessionTimeoutMsMax: max } = limits;
  if (sessionTimeoutMs !== undefined && !isWithin(sessionTimeoutMs, min, max))
    throw new LogError("invalid_request", `sessionTimeoutMs has to be an integer from ${min} to ${max}.`);
  if (!isWithin(generation, 0, Number.MAX_SAFE_INTEGER))
    throw new LogError("invalid_request", "generation has to be an integer from 0 on.");
  if (assignor !== undefined && !assignors.includes(assignor))
    throw new LogError("invalid_request", `assignor has to be one of ${assignors.join(", ")}.`);
  for (const partition of [...(held?.values() ?? [])].flat()) checkNumber("a held partition", partition);
}

/** @throws invalid_request, invalid_topic */
export function checkCommits(offsets: readonly OffsetCommit[]): void {
  const seen = new Set<string>();
  for (const { topic, partition, offset, metadata = "" } of offsets) {
    checkTopicName(topic);
    checkNumber("partition", partition);
    checkNumber("offset", offset);
    if (new TextEncoder().encode(metadata).byteLength > limits.offsetMetadataBytesMax)
      throw new LogError("invalid_request", `metadata has at most ${limits.offsetMetadataBytesMax} bytes.`);
    const place = `${topic}/${partition}`;
    if (seen.has(place)) throw new LogError("invalid_request", `Partition ${partition} of ${topic} is named twice.`);
    seen.add(place);
  }
  if (offsets.length === 0 || offsets.length > limits.offsetCommitsMax)
    throw new LogError("invalid_request", `Give 1 to ${limits.offsetCommitsMax} offsets.`);
}

function checkNumber(name: string, value: number): void {
  if (!isWithin(value, 0, Number.MAX_SAFE_INTEGER)) throw new LogError("invalid_request", `${name} has to be an integer from 0 on.`);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
