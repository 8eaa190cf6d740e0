import { iterateRecords } from "../../core/codec/record-batch.ts";
import { compileFilters } from "../../core/delivery/filter.ts";
import { eventBytes } from "../../core/delivery/msk-event.ts";
import { isConflict, LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { StoredRecord } from "../../core/record.ts";
import type { OutputRecord } from "../log.ts";
import { type Called, callFunction } from "./call.ts";
import type { Consumer } from "./consumers.ts";
import type { Lease, Step } from "./lease.ts";
import { letterKey, type LetterRow, letterWrite, redriveKey, redriving } from "./letter-row.ts";
import { refusedOutput } from "./put-away.ts";
import { callOf, type End, handOn, isTimeShort, type RunParts } from "./run-parts.ts";
import type { DeliveryServices } from "./services.ts";

/**
 * Delivers the dead letters of a partition that are asked for once more, under its lease: those that succeed are gone, the others are dead letters again. When the
 * function cannot be called they are left for later.
 * @returns what ends the delivery: time is short
 */
export async function redrivePartition(services: DeliveryServices, parts: RunParts, lease: Lease): Promise<End | undefined> {
  const { catalog, clock } = services;
  const key = redriveKey(parts.delivery);
  const mark = await catalog.get(key);
  if (mark === undefined) return undefined;
  for (const letter of await redriving(catalog, parts.delivery)) {
    if (parts.options.signal?.aborted === true) return undefined;
    if (isTimeShort(clock, parts)) return handOn(lease);
    if (!(await redriveOne(services, parts, lease, letter))) return undefined;
  }
  // One that was asked for meanwhile has made the mark anew.
  await catalog.transact([{ key, delete: true, if: mark.version }]).catch(ignoreConflict);
  return undefined;
}

/** @returns false when the function could not be called */
async function redriveOne(services: DeliveryServices, parts: RunParts, lease: Lease, letter: LetterRow): Promise<boolean> {
  const { consumer, topic, carrier, options, delivery, counts } = parts;
  const records = letter.topicId === topic.id ? await recordsOf(services, consumer, letter) : [];
  const undeliverable = reasonAgainst(records, delivery.topic);
  if (undeliverable !== undefined) {
    await writeLetter(lease, {}, consumer.group, { ...letter, error: `${undeliverable} Before that: ${letter.error}` });
    parts.progress.isMade = true;
    return true;
  }
  await lease.renew();
  counts.calls++;
  const called = await lease.during(callFunction(carrier, consumer, callOf(parts, records), options.signal));
  if (called.kind === "unavailable") return false;
  const step = { invocations: lease.state.invocations + 1 };
  const error = await errorOf(called, async (outputs) => {
    const isWell = lease.state.attempts === 0;
    await lease.write(
      { ...step, ...(isWell && { error: "" }) },
      [{ key: letterKey(consumer.group, letter.id), delete: true, if: letter.version }],
      outputs,
    );
  });
  if (error === undefined) counts.records += records.length;
  else {
    counts.failedCalls++;
    await writeLetter(lease, step, consumer.group, { ...letter, attempts: letter.attempts + 1, error });
  }
  return true;
}

/** @param succeed writes what comes of a success @returns why it was none */
async function errorOf(
  called: Exclude<Called, { readonly kind: "unavailable" }>,
  succeed: (outputs: readonly OutputRecord[]) => Promise<void>,
): Promise<string | undefined> {
  if (called.kind === "failed") return called.error;
  if (called.failedFrom !== undefined) return `The function reported offset ${called.failedFrom} as failed.`;
  try {
    await succeed(called.outputs);
  } catch (reason) {
    const refused = refusedOutput(reason, called.outputs);
    if (refused !== undefined) return refused;
    // Forgotten, or given up anew, meanwhile.
    ignoreConflict(reason);
  }
  return undefined;
}

/** A letter that was forgotten, or written anew, meanwhile is left as it is. */
async function writeLetter(lease: Lease, step: Step, group: string, letter: LetterRow): Promise<void> {
  const again = { ...letter, isRedriving: false, error: letter.error.slice(0, limits.deadLetterErrorCharsMax) };
  await lease.write(step, [letterWrite(group, again)]).catch(ignoreConflict);
}

function reasonAgainst(records: readonly StoredRecord[], topic: string): string | undefined {
  if (records.length === 0) return "Its records are not in the log any more.";
  const bytes = records.reduce((sum, record) => sum + eventBytes(record, topic), 0);
  return bytes > limits.triggerEventBytesMax ? "Its records are more than an event holds." : undefined;
}

/** The records of a dead letter that are still there. */
async function recordsOf({ log, compression }: DeliveryServices, consumer: Consumer, letter: LetterRow): Promise<readonly StoredRecord[]> {
  const { topic, partition, toOffset } = letter;
  const passes = compileFilters(consumer.filters);
  const records: StoredRecord[] = [];
  for (let at = letter.fromOffset; at < toOffset; ) {
    const found = await log.fetch(topic, partition, { from: at, bytesMax: limits.triggerFetchBytes }).catch(outOfRange);
    if (found === undefined) {
      const { logStartOffset } = (await log.watermarks(topic, [partition]))[0] ?? { logStartOffset: toOffset };
      if (logStartOffset <= at) return records;
      at = logStartOffset;
      continue;
    }
    for (const record of iterateRecords(found.batches, compression, at)) {
      if (record.offset < toOffset && passes({ ...record, topic, partition })) records.push(record);
    }
    if (found.nextOffset <= at) break;
    at = found.nextOffset;
  }
  return records;
}

function outOfRange(reason: unknown): undefined {
  if (LogError.from(reason).code !== "offset_out_of_range") throw reason;
  return undefined;
}

function ignoreConflict(reason: unknown): void {
  if (reason instanceof LogError && isConflict(reason)) return;
  throw reason;
}
