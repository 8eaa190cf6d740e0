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

export function unknownMember(group: string, member: string): LogError {
  return new LogError(
    "unknown_member_id",
    `Group ${group} has no member ${member} now: it has left, or was taken for gone. Join again, without a generation, and go on with what that answers.`,
  );
}

export function full(group: string): LogError {
  return new LogError("invalid_request", `Group ${group} is full: it has ${limits.groupMembersMax} members, which is the most.`);
}
