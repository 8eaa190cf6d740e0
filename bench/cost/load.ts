import { encodeBatch } from "../../lib/core/codec/record-batch.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import type { Entry, Guards, ShardKey } from "../../lib/ports/journal.ts";
import type { Opened, Store } from "./store.ts";

/** A topic of one shard. */
export interface Subject {
  readonly store: Store;
  readonly opened: Opened;
  readonly shard: ShardKey;
  readonly partitions: number;
}

export const topicName = "t";
/** Between one request and the next: a shard that is used, not one that is idle. */
export const pauseMs = 20;
const filledAtOnce = 64;

export async function subjectOf(store: Store, partitions: number): Promise<Subject> {
  const opened = store.open();
  const topic = await opened.log.topics.create({ name: topicName, partitions, partitionsPerShard: partitions });
  return { store, opened, shard: { topicId: topic.id, shard: 0 }, partitions };
}

/** What looks like an event, in JSON, of so many bytes. */
export function eventValue(bytes: number, nth: number): Uint8Array {
  const event = { id: nth, at: "2026-01-01T00:00:00.000Z", type: "order.placed", customer: `c-${nth % 997}`, note: "" };
  const missing = bytes - Buffer.byteLength(JSON.stringify(event));
  return Buffer.from(JSON.stringify({ ...event, note: "x".repeat(Math.max(0, missing)) }));
}

export function record(value: Uint8Array) {
  return { key: null, value, headers: [] };
}

/** An entry that touches the first partitions, each with a batch of so many records. Its bytes are made once. */
export function entryMaker(partitions: number, records: number, valueBytes: number): (nowMs: number) => Entry {
  const values = Array.from({ length: records }, (_, nth) => record(eventValue(valueBytes, nth)));
  const batches = encodeBatch(values, { nowMs: 0, compression: nodeCompression, compressionType: "none" });
  return (nowMs) => ({
    parts: Array.from({ length: partitions }, (_, index) => ({ index, records, maxTimestampMs: nowMs, batches })),
  });
}

/** How far a shard has come before anything is measured. */
export interface Age {
  readonly name: string;
  readonly entries: number;
  /** Records of each filled entry, instead of the scenario's own: offsets with many digits. */
  readonly records?: number;
}

export function agesOf(entries: number): readonly Age[] {
  return [
    { name: "at 10 entries", entries: 10 },
    { name: `at ${entries} entries`, entries },
    { name: "at offsets of 10^11", entries: 800, records: 2_000_000_000 },
  ];
}

/** Entries that take the offsets which as many of the scenario's would, and few bytes: a shard that has been in use. */
export async function fill({ store, opened, shard, partitions }: Subject, age: Age, recordsAnEntry: number): Promise<void> {
  const { batches } = entryMaker(1, 1, 1)(0).parts[0] ?? { batches: new Uint8Array(0) };
  // To one partition at a time, by turns: quicker than to many.
  const records = age.records ?? recordsAnEntry;
  for (let done = 0; done < age.entries; ) {
    store.pass(pauseMs);
    const part = { records, maxTimestampMs: store.clock.nowMs(), batches };
    const count = Math.min(filledAtOnce, age.entries - done);
    const indexes = Array.from({ length: count }, (_, nth) => (done + nth) % partitions);
    await Promise.all(indexes.map((index) => opened.engine.journal.append(shard, { parts: [{ ...part, index }] })));
    done += count;
  }
  await opened.engine.idle();
}

/** Whose turn it is, and how many it had before. */
export type Turns = (nth: number) => { readonly producer: number; readonly turn: number };

export function inTurn(producers: number): Turns {
  return (nth) => ({ producer: nth % producers, turn: Math.floor(nth / producers) });
}

/** One that is busy, and another that comes once in so many entries. */
export function busyAndRare(every: number): Turns {
  return (nth) => {
    const round = Math.floor(nth / every);
    return nth % every === every - 1 ? { producer: 1, turn: round } : { producer: 0, turn: nth - round };
  };
}

/** What Kafka's producers send with an entry: a step in each of its partitions. */
export function kafkaSteps(turns: Turns): (nth: number, entry: Entry) => Guards {
  return (nth, { parts }) => {
    const { producer, turn } = turns(nth);
    const step = { producerId: producerId(producer), epoch: 0, crc: 0x9e3779b9 };
    return { producers: parts.map(({ index, records }) => ({ ...step, index, sequence: turn * records, count: records })) };
  };
}

/** What an HTTP producer sends: a step for the whole request. */
export function httpStep(turns: Turns): (nth: number) => Guards {
  return (nth) => {
    const { producer, turn } = turns(nth);
    return { producers: [{ producerId: producerId(producer), epoch: 0, index: null, sequence: turn, count: 1, crc: 0x9e3779b9 }] };
  };
}

/** As long as those that the SDK draws by chance. */
export function producerId(nth: number): bigint {
  return 0x4242_4242_4242_0000n + BigInt(nth);
}
