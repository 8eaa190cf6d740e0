import { LogError } from "../../core/errors.ts";
import type { CatalogWrite } from "../../ports/catalog.ts";
import type { OutputRecord } from "../log.ts";
import type { Failure } from "./consumers.ts";
import { deadRecords } from "./give-up.ts";
import type { Lease, Step } from "./lease.ts";
import { letterWrite, type LetterRow } from "./letter-row.ts";
import type { RunParts } from "./run-parts.ts";
import { failureTopic } from "./settings.ts";

/** What was given up could not be put where it belongs. */
export class NotPutAway extends Error {
  override readonly name = "NotPutAway";
  /** Whether it is too much for its topic, which another try does not mend. */
  readonly isTooLarge: boolean;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.isTooLarge = cause instanceof LogError && (cause.code === "message_too_large" || cause.code === "request_too_large");
  }
}

/** Puts away what was given up and goes on after it. @throws NotPutAway when the destination does not take it */
export async function putAway(
  { consumer, carrier }: Pick<RunParts, "consumer" | "carrier">,
  lease: Lease,
  failure: Failure & { readonly letter: LetterRow },
  step: Step,
): Promise<void> {
  const { onFailure, group } = consumer;
  const writes: readonly CatalogWrite[] = [letterWrite(group, failure.letter)];
  const topic = onFailure === undefined ? undefined : failureTopic(onFailure);
  if (topic !== undefined) {
    const outputs = deadRecords(topic, failure);
    try {
      await lease.write(step, writes, outputs);
    } catch (reason) {
      const refused = refusedOutput(reason, outputs);
      throw refused === undefined ? reason : new NotPutAway(`onFailure, topic ${topic}: ${refused}`, reason);
    }
    return;
  }
  if (onFailure !== undefined) {
    // Who has lost the lease tells nobody of a failure.
    await lease.write({});
    try {
      await lease.during(carrier.sendFailure(onFailure, failure));
    } catch (reason) {
      throw new NotPutAway(`onFailure ${onFailure}: ${reason instanceof Error ? reason.message : String(reason)}`, reason);
    }
  }
  await lease.write(step, writes);
}

/** Faults of the records themselves: another try would end alike. */
const outputFaults = new Set<LogError["code"]>([
  "invalid_request",
  "invalid_topic",
  "message_too_large",
  "request_too_large",
  "unknown_topic_or_partition",
]);

/** @returns why records could not be written; undefined when it is no fault of theirs */
export function refusedOutput(reason: unknown, outputs: readonly OutputRecord[]): string | undefined {
  if (outputs.length === 0 || !(reason instanceof LogError) || !outputFaults.has(reason.code)) return undefined;
  return `The records could not be written: ${reason.message}`;
}
