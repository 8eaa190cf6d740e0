import { createHash } from "node:crypto";
import { partitionName } from "../../core/delivery/msk-event.ts";
import type { Failure } from "../../log/consumers/consumers.ts";
import { isoTime } from "./iso-time.ts";

/**
 * Where a bucket has what was given up, in the manner of Lambda's own keys: `aws/lambda/<group>/<topic>-<partition>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<from>-<to>`. The time is
 * that of the first record, and `to` the first offset after the range: a letter that is sent once more has the same key, and no other range has. A group whose name is no
 * plain part of a path stands there as the SHA-256 of its name.
 */
export function failureKey({ consumer: { group }, letter }: Pick<Failure, "consumer" | "letter">): string {
  const { topic, partition, fromOffset, toOffset, firstTimestampMs } = letter;
  const folder = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(group) ? group : createHash("sha256").update(group).digest("hex");
  const time = isoTime(firstTimestampMs);
  const day = time.slice(0, 10).replaceAll("-", "/");
  const second = time.slice(0, 19).replaceAll(":", ".");
  return `aws/lambda/${folder}/${partitionName(topic, partition)}/${day}/${second}-${fromOffset}-${toOffset}`;
}
