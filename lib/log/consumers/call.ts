import { reportedFrom } from "../../core/delivery/batch-response.ts";
import { partitionName } from "../../core/delivery/msk-event.ts";
import type { OutputRecord } from "../log.ts";
import { answeredRecords, BadAnswer } from "./answered-records.ts";
import { type CallBatch, CallFailed, type Carrier, type Consumer } from "./consumers.ts";

/** What came of a call. */
export type Called =
  | {
      readonly kind: "answered";
      /** The first offset that the function has reported as failed. */
      readonly failedFrom: number | undefined;
      /** None where a record is reported: nobody can tell of which records they were made. */
      readonly outputs: readonly OutputRecord[];
    }
  | {
      readonly kind: "failed";
      readonly error: string;
      readonly functionError: string;
      readonly requestId: string;
      /** Whether the function has named the record. */
      readonly isReported: boolean;
    }
  | { readonly kind: "unavailable"; readonly error: string };

const failedCall = { kind: "failed", functionError: "", requestId: "", isReported: false } as const;

/** What went wrong with a call. */
export type Why = Omit<Extract<Called, { readonly kind: "failed" }>, "kind">;

export const noError: Why = { error: "", functionError: "", requestId: "", isReported: false };

/** Calls a consumer's function and reads its answer. */
export async function callFunction(
  carrier: Carrier,
  consumer: Consumer,
  batch: CallBatch,
  signal: AbortSignal | undefined,
): Promise<Called> {
  let answer: unknown;
  try {
    answer = await carrier.call(consumer, batch, signal);
  } catch (reason) {
    const error = reason instanceof Error ? reason.message : String(reason);
    if (!(reason instanceof CallFailed) || reason.kind === "unavailable") return { kind: "unavailable", error };
    return { kind: "failed", error, functionError: reason.functionError, requestId: reason.requestId, isReported: false };
  }
  const offsets = { first: batch.records[0]?.offset ?? 0, last: batch.records.at(-1)?.offset ?? 0 };
  const failedFrom = consumer.reportBatchItemFailures ? reportedFrom(answer, batch.topic, batch.partition, offsets) : undefined;
  if (failedFrom === "all") return { ...failedCall, error: notUnderstood(batch) };
  try {
    return { kind: "answered", failedFrom, outputs: failedFrom === undefined ? answeredRecords(answer, consumer.outputTopics) : [] };
  } catch (reason) {
    if (!(reason instanceof BadAnswer)) throw reason;
    return { ...failedCall, error: reason.message };
  }
}

function notUnderstood({ topic, partition, records }: CallBatch): string {
  const itemIdentifier = { partition: partitionName(topic, partition), offset: records[0]?.offset ?? 0 };
  return `The whole batch failed: its answer has to be like ${JSON.stringify({ batchItemFailures: [{ itemIdentifier }] })}, with an offset of the call.`;
}
