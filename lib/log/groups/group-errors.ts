import { LogError } from "../../core/errors.ts";

export function groupNotFound(group: string): LogError {
  return new LogError("group_id_not_found", `There is no group ${group}.`);
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
