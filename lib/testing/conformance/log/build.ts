import { decodeBatches, encodeBatch } from "../../../core/codec/record-batch.ts";
import type { BatchProducer } from "../../../core/codec/record-batch.ts";
import type { FetchFrom, Log, PartitionedRecord, RecordResult } from "../../../log/log.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Compression, CompressionType } from "../../../ports/compression.ts";
import type { ConformanceCase } from "../case.ts";

/** One store under a log that can be opened, closed and opened again. */
export interface LogHarness {
  /** Opens the log. At most one is open at a time. */
  open(): Promise<Log>;
  readonly clock: Clock;
  readonly compression: Compression;
}

export type LogCase = ConformanceCase<LogHarness>;

/** A case that needs one log, never reopened. */
export function logCase(name: string, run: (log: Log, harness: LogHarness) => Promise<void>): LogCase {
  return { name, run: (harness) => withLog(harness, (log) => run(log, harness)) };
}

export async function withLog<T>(harness: LogHarness, step: (log: Log) => Promise<T>): Promise<T> {
  const log = await harness.open();
  try {
    return await step(log);
  } finally {
    await log.close();
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record with the label as its value. */
export function record(label: string, place: { readonly partition?: number; readonly key?: string } = {}): PartitionedRecord {
  const { partition, key } = place;
  return {
    key: key === undefined ? null : encoder.encode(key),
    value: encoder.encode(label),
    headers: [],
    ...(partition === undefined ? {} : { partition }),
  };
}

/** The offsets of results that must all be fine: `partition:offset`, with `=` for a duplicate. */
export function places(results: readonly RecordResult[]): readonly string[] {
  return results.map((result) => {
    if ("error" in result) throw result.error;
    return `${result.partition}:${result.offset}${result.duplicate ? "=" : ""}`;
  });
}

/** Every record of a partition that a reader gets, as `offset label`, fetch after fetch, without a skip. */
export async function readAll(log: Log, { compression }: LogHarness, topic: string, partition = 0, from: FetchFrom = "earliest") {
  const seen: string[] = [];
  let next: FetchFrom = from;
  for (;;) {
    const { batches, nextOffset, offset, highWatermark } = await log.fetch(topic, partition, { from: next });
    for (const stored of decodeBatches(batches, compression)) {
      if (stored.offset >= offset) seen.push(`${stored.offset} ${stored.value === null ? "-" : decoder.decode(stored.value)}`);
    }
    if (nextOffset >= highWatermark) return seen;
    if (nextOffset === offset) throw new Error(`a fetch at ${offset} gave nothing, though the high watermark is ${highWatermark}`);
    next = nextOffset;
  }
}

/** The labels alone, in offset order. */
export async function labelsOf(log: Log, harness: LogHarness, topic: string, partition = 0): Promise<readonly string[]> {
  return (await readAll(log, harness, topic, partition)).map((seen) => seen.slice(seen.indexOf(" ") + 1));
}

/** One batch of a record a label, as a client of Kafka's protocol would send it. */
export function batchOf(
  { compression }: LogHarness,
  labels: readonly string[],
  options: { readonly producer?: BatchProducer; readonly compressionType?: CompressionType; readonly timestampMs?: number } = {},
): Uint8Array {
  const { producer, compressionType = "none", timestampMs = 1_000 } = options;
  return encodeBatch(
    labels.map((label) => ({ ...record(label), timestampMs })),
    { nowMs: timestampMs, compression, compressionType, ...(producer === undefined ? {} : { producer }) },
  );
}
