import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";

export function groupNotFound(group: string): LogError {
  return new LogError("group_id_not_found", `There is no group ${group}. One comes to be when a member joins it, or its offsets are set.`);
}

export function replaced(group: string, member: string): LogError {
  return new LogError(
    "fenced_instance_id",
    `Another one has joined group ${group} as member ${member}, and this one has been replaced: stop, or join under another id.`,
  );
}

export function busy(group: string): LogError {
  return new LogError("conflict", `Group ${group} changes all the time: send it again.`, { retryAfterMs: 100 });
}

export function nonEmpty(group: string, members: number): LogError {
  return new LogError("non_empty_group", `Group ${group} has ${members} member${members === 1 ? "" : "s"}: stop them first.`);
}

/**
 * @param place `<topic>/<partition>`
 * @param leftMs until its lease ends, unless it is renewed; 0 when that is not known
 */
export function delivering(group: string, place: string, leftMs: number): LogError {
  const message = `Partition ${place} is being delivered to a function for group ${group}: send it again once that has ended.`;
  return new LogError("non_empty_group", message, { retryAfterMs: Math.max(leftMs, 1_000) });
}

export function unknownMember(group: string, member: string): LogError {
  return new LogError(
    "unknown_member_id",
    `Group ${group} has no member ${member} now: it has left, or was taken for gone. Join again, without a generation, and go on with what that answers.`,
  );
}

export function full(group: string): LogError {
  return new LogError("invalid_request", `Group ${group} is full: it has ${limits.groupMembersMax} members, which is the most.`);
}

/** @param reason why nobody can tell whether the transaction was done */
export function uncertain(id: string, reason: LogError): LogError {
  const { code, message, details, retryAfterMs } = reason;
  return new LogError(
    code,
    `${message} Whether the transaction was done is not known: send it again as it was, under its id ${id}, and it is done once.`,
    {
      outcome: "unknown",
      details: { ...details, transaction: id },
      cause: reason,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

export function notAhead(group: string): LogError {
  return new LogError(
    "invalid_request",
    `Group ${group} has committed all of these offsets already, so the records that go with them may be in the log: nothing is written. A transaction with records takes one offset ahead, at least.`,
  );
}

export function usedBefore(id: string): LogError {
  return new LogError(
    "invalid_request",
    `Transaction ${id} was done before with other offsets: nothing is written. Take a new id for each transaction.`,
  );
}

/** @param advice what to do about it */
export function triggered(group: string, advice: string): LogError {
  return new LogError("non_empty_group", `Group ${group} is that of a triggered consumer, whose function reads for it: ${advice}.`);
}
