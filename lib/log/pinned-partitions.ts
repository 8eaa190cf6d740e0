import { LogError } from "../core/errors.ts";
import type { Journal, ProducerState, ProducerStep } from "../ports/journal.ts";
import type { AppendRequest, Topic } from "./log.ts";
import { placedStep, routeRecords, type ShardRun } from "./routing.ts";

/**
 * The partition count that decides where an idempotent request's records go. It is today's, unless the request's first attempt
 * was committed when the topic had fewer: then a retry has to go where that one went. No attempt under an older count can land
 * any more once the topic has grown (the `layout` guard), so what the log shows now is final.
 */
export async function pinnedPartitions(
  journal: Journal,
  topic: Topic,
  request: AppendRequest,
  step: ProducerStep | undefined,
): Promise<number> {
  const { partitionCounts } = topic;
  if (partitionCounts.length === 1 || step === undefined) return topic.partitions;
  for (const partitions of [...partitionCounts].reverse()) {
    const shards = routeRecords(topic, request, partitions, 0);
    const placed = placedStep(step, shards);
    for (const run of shards) {
      if (await isCommitted(journal, run, placed)) return partitions;
    }
  }
  return topic.partitions;
}

/** With a newer epoch in the log the first attempt may be there too: asking then ends in `producer_fenced`, where a new shard would not know better. */
function mayBeIn(state: ProducerState, step: ProducerStep): boolean {
  return state.epoch > step.epoch || (state.epoch === step.epoch && state.sequence >= step.sequence);
}

/** Asks by an append that cannot add anything, as no partition's next offset is -1: it finds its first attempt or is refused. */
async function isCommitted(journal: Journal, { shard, runs }: ShardRun, step: ProducerStep): Promise<boolean> {
  const { producers } = await journal.head(shard, step.producerId);
  const used = producers.some((state) => state.index === null && mayBeIn(state, step));
  if (!used) return false;
  const nothing = new Uint8Array(0);
  const parts = runs.map(({ index, records }) => ({ index, records: records.length, maxTimestampMs: 0, batches: nothing }));
  const expected = runs.map(({ index }) => ({ index, offset: -1 }));
  try {
    const { parts: answer } = await journal.append(shard, { parts }, { expected, producers: [step] });
    return answer.every((part) => part.duplicate);
  } catch (reason) {
    const { code, outcome } = LogError.from(reason);
    // Forgotten with what was trimmed: it may be there, so it must not be added elsewhere.
    if (outcome === "unknown") throw reason;
    if (code === "wrong_expected_offset" || code === "out_of_order_sequence" || code === "sequence_reused" || code === "conflict")
      return false;
    throw reason;
  }
}
