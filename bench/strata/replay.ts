import type { Log } from "../../lib/log/log.ts";

export const topic = "bench";
export const partitions = 4;

export interface Replayed {
  readonly bytes: number;
  readonly records: number;
  readonly ms: number;
  readonly fetches: number;
}

/** Reads all of a topic from its start, as a consumer with Kafka's default fetch size does. */
export async function replay(log: Log): Promise<Replayed> {
  const begunMs = performance.now();
  let [bytes, records, fetches] = [0, 0, 0];
  for (let partition = 0; partition < partitions; partition++) {
    for (let from: number | "earliest" = "earliest"; ; ) {
      const { batches, offset, nextOffset, highWatermark } = await log.fetch(topic, partition, { from });
      bytes += batches.length;
      records += nextOffset - offset;
      fetches++;
      from = nextOffset;
      if (nextOffset >= highWatermark) break;
    }
  }
  return { bytes, records, fetches, ms: performance.now() - begunMs };
}

/** Small appends, many of them at once, each a record of 100 bytes and an entry of its own. */
export async function fill(log: Log, appends: number, atOnce: number, note: (done: number) => void): Promise<void> {
  const value = new TextEncoder().encode("x".repeat(100));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let nth = next++; nth < appends; nth = next++) {
      await log.append(topic, { records: [{ key: null, value, headers: [], partition: nth % partitions }] });
      if (nth % 100_000 === 0) note(nth);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
