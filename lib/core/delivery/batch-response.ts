import { isObject } from "./is-object.ts";
import { partitionName } from "./msk-event.ts";

/** The offsets of a batch, both included. */
export interface BatchOffsets {
  readonly first: number;
  readonly last: number;
}

/**
 * As `failedFrom`, and tells apart what cannot be understood: `all`, a failure of the whole batch of which no record is named.
 */
export function reportedFrom(response: unknown, topic: string, partition: number, offsets: BatchOffsets): number | "all" | undefined {
  if (response === undefined || response === null) return undefined;
  if (!isObject(response)) return "all";
  const { batchItemFailures: failures } = response;
  if (failures === undefined || failures === null) return undefined;
  if (!Array.isArray(failures)) return "all";
  const name = partitionName(topic, partition);
  let lowest: number | undefined;
  for (const failure of failures as unknown[]) {
    const offset = offsetOf(failure, name, offsets);
    if (offset === undefined) return "all";
    if (lowest === undefined || offset < lowest) lowest = offset;
  }
  return lowest;
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
  const from = reportedFrom(response, topic, partition, offsets);
  return from === "all" ? offsets.first : from;
}

function offsetOf(failure: unknown, name: string, { first, last }: BatchOffsets): number | undefined {
  const identifier = isObject(failure) ? failure["itemIdentifier"] : undefined;
  if (!isObject(identifier) || identifier["partition"] !== name) return undefined;
  const { offset } = identifier;
  return typeof offset === "number" && Number.isInteger(offset) && offset >= first && offset <= last ? offset : undefined;
}
