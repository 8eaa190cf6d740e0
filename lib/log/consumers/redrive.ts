import { compileFilters } from "../../core/delivery/filter.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { iterateRecords } from "../../core/codec/record-batch.ts";
import type { StoredRecord } from "../../core/record.ts";
import { callFunction } from "./call.ts";
import type { Consumer } from "./consumers.ts";
import type { RunParts } from "./delivery-run.ts";
import type { Lease } from "./lease.ts";
import { letterKey, type LetterRow, letterWrite, redriveKey, redriving } from "./letter-row.ts";
import type { DeliveryServices } from "./services.ts";

/**
 * Delivers the dead letters of a partition that are asked for once more, under its lease: those that succeed are gone, the others are dead letters again.
 * @returns false when the function could not be called: they are left for later
 */
export async function redrivePartition(services: DeliveryServices, parts: RunParts, lease: Lease): Promise<boolean> {
  const { catalog } = services;
  const key = redriveKey(parts.delivery);
  const mark = await catalog.get(key);
  if (mark === undefined) return true;
  for (const letter of await redriving(catalog, parts.delivery)) {
    if (parts.options.signal?.aborted === true) return true;
    if (!(await redriveOne(services, parts, lease, letter))) return false;
  }
  // One that was asked for meanwhile has made the mark anew.
  await catalog.transact([{ key, delete: true, if: mark.version }]).catch(ignoreConflict);
  return true;
}

async function redriveOne(services: DeliveryServices, parts: RunParts, lease: Lease, letter: LetterRow): Promise<boolean> {
  const { consumer, topic, carrier, options, delivery } = parts;
  const { group } = consumer;
  const again = (error: string): LetterRow => ({
    ...letter,
    isRedriving: false,
    attempts: letter.attempts + 1,
    error: error.slice(0, limits.deadLetterErrorCharsMax),
  });
  const records = letter.topicId === topic.id ? await recordsOf(services, consumer, letter) : [];
  if (records.length === 0) {
    const error = `Its records are not in the log any more. Before that: ${letter.error}`;
    await lease.write({}, [letterWrite(group, { ...letter, isRedriving: false, error: error.slice(0, limits.deadLetterErrorCharsMax) })]);
    return true;
  }
  const timestampType = topic.config["message.timestamp.type"] === "LogAppendTime" ? "LOG_APPEND_TIME" : "CREATE_TIME";
  const call = { topic: delivery.topic, partition: delivery.partition, records, timestampType } as const;
  const called = await lease.during(callFunction(carrier, consumer, call, options.signal));
  if (called.kind === "unavailable") return false;
  const invocations = lease.state.invocations + 1;
  if (called.kind === "failed") await lease.write({ invocations }, [letterWrite(group, again(called.error))]);
  else if (called.failedFrom !== undefined) {
    const { failedFrom } = called;
    const error = `The function reported offset ${failedFrom} as failed.`;
    await lease.write({ invocations }, [letterWrite(group, again(error))]);
  } else {
    await lease.write({ invocations }, [{ key: letterKey(group, letter.id), delete: true, if: letter.version }], called.outputs);
  }
  return true;
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
  if (LogError.from(reason).code !== "conflict") throw reason;
}
