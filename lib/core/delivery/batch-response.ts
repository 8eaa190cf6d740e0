import { isObject } from "./is-object.ts";
import { partitionName } from "./msk-event.ts";

/** The offsets of a batch, both included. */
export interface BatchOffsets {
  readonly first: number;
  readonly last: number;
}

/**
 * What a function's answer to an MSK event says, with `ReportBatchItemFailures`: the offset of the first record that failed,
 * which is where the next attempt begins, or undefined when all went well. The answer is
 * `{ "batchItemFailures": [{ "itemIdentifier": { "partition": "<topic>-<partition>", "offset": <offset> } }] }`.
 *
 * As Lambda takes it: no answer, one without a list, and an empty list are success; the lowest offset counts. Whatever cannot
 * be understood (no object, no list, another partition, an offset outside of the batch) is a failure of the whole batch.
 */
export function failedFrom(response: unknown, topic: string, partition: number, offsets: BatchOffsets): number | undefined {
  if (response === undefined || response === null) return undefined;
  if (!isObject(response)) return offsets.first;
  const { batchItemFailures: failures } = response;
  if (failures === undefined || failures === null) return undefined;
  if (!Array.isArray(failures)) return offsets.first;
  const name = partitionName(topic, partition);
  let lowest: number | undefined;
  for (const failure of failures as unknown[]) {
    const offset = offsetOf(failure, name, offsets);
    if (offset === undefined) return offsets.first;
    if (lowest === undefined || offset < lowest) lowest = offset;
  }
  return lowest;
}

function offsetOf(failure: unknown, name: string, { first, last }: BatchOffsets): number | undefined {
  const identifier = isObject(failure) ? failure["itemIdentifier"] : undefined;
  if (!isObject(identifier) || identifier["partition"] !== name) return undefined;
  const { offset } = identifier;
  return typeof offset === "number" && Number.isInteger(offset) && offset >= first && offset <= last ? offset : undefined;
}
