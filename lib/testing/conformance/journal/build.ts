import { limits } from "../../../core/limits.ts";
import type {
  Entry,
  EntryPart,
  EntryPosition,
  EntryRef,
  EntrySlice,
  Guards,
  Journal,
  ProducerStep,
  ShardKey,
} from "../../../ports/journal.ts";

/** The shard most cases work on. */
export const shard: ShardKey = { topicId: "t1", shard: 0 };
export const otherShard: ShardKey = { topicId: "t1", shard: 1 };

/** To the journal batches are bytes that it does not look into, so a label will do. */
export function part(index: number, label: string, records = 1, maxTimestampMs = 1_000): EntryPart {
  return { index, records, maxTimestampMs, batches: new TextEncoder().encode(label) };
}

export function entry(...parts: readonly EntryPart[]): Entry {
  return { parts };
}

/** An entry of one record for partition index 0. */
export function one(label: string): Entry {
  return entry(part(0, label));
}

interface StepOptions {
  readonly epoch?: number;
  readonly crc?: number;
  readonly count?: number;
}

/** One request of an HTTP producer: one sequence number for all parts. */
export function request(producerId: bigint, sequence: number, options: StepOptions = {}): ProducerStep {
  return { producerId, epoch: options.epoch ?? 0, index: null, sequence, count: options.count ?? 1, crc: options.crc ?? 1_000 + sequence };
}

/** One batch of a Kafka producer: a sequence number a record. */
export function batch(producerId: bigint, index: number, sequence: number, options: StepOptions = {}): ProducerStep {
  return { ...request(producerId, sequence, options), index };
}

export function by(...producers: readonly ProducerStep[]): Guards {
  return { producers };
}

/** Every entry from a place to the end, page by page. */
export async function allEntries(
  journal: Journal,
  key: ShardKey,
  from: EntryPosition,
  pageLimit: number = limits.journalEntriesMax,
): Promise<EntryRef[]> {
  const found: EntryRef[] = [];
  let next: EntryPosition = from;
  for (;;) {
    const page = await journal.entries(key, next, pageLimit);
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined) return found;
    if (page.length > pageLimit) throw new Error(`a page of ${page.length} entries, though ${pageLimit} were asked for`);
    next = { seq: last.seq + 1 };
    if ("index" in from) {
      const end = last.parts.find((candidate) => candidate.index === from.index);
      if (end === undefined) throw new Error(`entry ${last.seq} was given though it does not touch index ${from.index}`);
      next = { index: from.index, offset: end.baseOffset + end.records };
    }
  }
}

export interface SeenPart {
  readonly seq: number;
  readonly index: number;
  readonly baseOffset: number;
  readonly records: number;
  readonly label: string;
}

/** All that a reader can see of a shard, from its first entry on. */
export async function contents(journal: Journal, key: ShardKey = shard): Promise<readonly SeenPart[]> {
  const { startSeq } = await journal.head(key);
  return seenOf(journal, await allEntries(journal, key, { seq: startSeq }));
}

export async function seenOf(journal: Journal, entries: readonly EntryRef[]): Promise<readonly SeenPart[]> {
  const slices: EntrySlice[] = entries.flatMap((ref) => ref.parts.map(({ index }) => ({ entry: ref, index })));
  const bytes = await journal.read(slices);
  const decoder = new TextDecoder();
  let i = 0;
  return entries.flatMap((ref) =>
    ref.parts.map(({ index, baseOffset, records }) => ({ seq: ref.seq, index, baseOffset, records, label: decoder.decode(bytes[i++]) })),
  );
}

/** The labels of a partition, in offset order. */
export async function labels(journal: Journal, key: ShardKey = shard, index = 0): Promise<readonly string[]> {
  return (await contents(journal, key)).filter((seen) => seen.index === index).map((seen) => seen.label);
}
