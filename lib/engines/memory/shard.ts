import type { CommittedStep, ShardView } from "../../core/append.ts";
import { LogError } from "../../core/errors.ts";
import type {
  AppendedPart,
  EntryPart,
  EntryPosition,
  EntryRef,
  ProducerState,
  ProducerStep,
  ShardHead,
  ShardKey,
  ShardShape,
} from "../../ports/journal.ts";

interface MemoryEntry {
  readonly ref: EntryRef;
  /** By the partition's index in the shard. */
  readonly batches: ReadonlyMap<number, Uint8Array>;
}

/** One shard of the memory engine: plain data, changed only by `commit`, `grow`, `trim` and `end`. */
export class MemoryShard implements ShardView {
  readonly key: ShardKey;
  partitions = 0;
  layout = -1;
  closed = false;
  readonly highWatermarks: number[] = [];
  private startSeq = 0;
  /** Entry `startSeq + i` is at `i`. */
  private entries: MemoryEntry[] = [];
  /** By index: the entries that touch the partition. */
  private touching: MemoryEntry[][] = [];
  private readonly states = new Map<string, ProducerState>();
  /** The steps of entries that are left, and each producer's newest: a retry of them gets its first answer however late it comes. */
  private readonly steps = new Map<string, CommittedStep>();

  constructor(key: ShardKey) {
    this.key = key;
  }

  get forgets(): boolean {
    return this.startSeq > 0;
  }

  get seq(): number {
    return this.startSeq + this.entries.length;
  }

  grow(shape: ShardShape): void {
    if (shape.partitions < this.partitions || shape.layout < this.layout) return;
    this.layout = shape.layout;
    for (; this.partitions < shape.partitions; this.partitions++) {
      this.highWatermarks.push(0);
      this.touching.push([]);
    }
  }

  producer(producerId: bigint, index: number | null): ProducerState | undefined {
    return this.states.get(`${producerId}/${index}`);
  }

  committed(producerId: bigint, index: number | null, epoch: number, sequence: number): CommittedStep | undefined {
    const step = this.steps.get(`${producerId}/${index}/${epoch}/${sequence}`);
    if (step === undefined || step.seq >= this.startSeq) return step;
    const newest = this.producer(producerId, index);
    return newest?.epoch === epoch && newest.sequence === sequence ? step : undefined;
  }

  /** Adds a decided entry. Never fails: everything was checked before. */
  commit(parts: readonly EntryPart[], producers: readonly ProducerState[], steps: readonly ProducerStep[]): number {
    const seq = this.seq;
    const places: AppendedPart[] = [];
    const batches = new Map<number, Uint8Array>();
    const refs = parts.map(({ index, records, maxTimestampMs, batches: bytes }) => {
      const baseOffset = this.highWatermark(index);
      places.push({ index, baseOffset, duplicate: false });
      batches.set(index, bytes.slice());
      this.highWatermarks[index] = baseOffset + records;
      return { index, baseOffset, records, bytes: bytes.length, maxTimestampMs };
    });
    const entry: MemoryEntry = { ref: { shard: this.key, seq, parts: refs, place: undefined }, batches };
    this.entries.push(entry);
    for (const { index } of parts) this.touching[index]?.push(entry);
    for (const state of producers) this.states.set(`${state.producerId}/${state.index}`, state);
    const fresh = new Set(producers.map((state) => `${state.producerId}/${state.index}`));
    for (const { producerId, index, epoch, sequence, count, crc } of steps) {
      if (!fresh.has(`${producerId}/${index}`)) continue;
      this.steps.set(`${producerId}/${index}/${epoch}/${sequence}`, { count, crc, seq, parts: places });
    }
    return seq;
  }

  head(producerId?: bigint): ShardHead {
    return {
      partitions: this.partitions,
      layout: this.layout,
      seq: this.seq,
      startSeq: this.startSeq,
      highWatermarks: [...this.highWatermarks],
      startOffsets: this.highWatermarks.map((_, index) => this.startOffset(index)),
      producers: producerId === undefined ? [] : [...this.states.values()].filter((state) => state.producerId === producerId),
    };
  }

  from(position: EntryPosition, limit: number): readonly EntryRef[] {
    const [entries, start] = "seq" in position ? this.fromSeq(position.seq) : this.fromPartition(position);
    return entries.slice(start, start + limit).map((entry) => entry.ref);
  }

  bytes(seq: number, index: number): Uint8Array {
    const entry = this.entries[seq - this.startSeq];
    if (entry === undefined) throw outOfRange(`Entry ${seq} is not in the journal, which holds ${this.startSeq} to ${this.seq}.`);
    const bytes = entry.batches.get(index);
    if (bytes === undefined) throw new LogError("invalid_request", `Entry ${seq} has no part of index ${index}.`);
    return bytes.slice();
  }

  trim(toSeq: number): void {
    const start = Math.max(this.startSeq, Math.min(toSeq, this.seq));
    this.entries = this.entries.slice(start - this.startSeq);
    this.startSeq = start;
    this.touching = this.touching.map((entries) => entries.filter((entry) => entry.ref.seq >= start));
    const newest = new Set([...this.states].map(([name, { epoch, sequence }]) => `${name}/${epoch}/${sequence}`));
    for (const [name, step] of this.steps) if (step.seq < start && !newest.has(name)) this.steps.delete(name);
  }

  /** Forgets everything but that the shard was here. */
  end(): void {
    this.closed = true;
    this.entries = [];
    this.touching = [];
    this.states.clear();
    this.steps.clear();
  }

  private fromSeq(seq: number): readonly [readonly MemoryEntry[], number] {
    if (seq < this.startSeq || seq > this.seq) throw outOfRange(`Entry ${seq} is not in ${this.startSeq} to ${this.seq}.`);
    return [this.entries, seq - this.startSeq];
  }

  private fromPartition(position: Exclude<EntryPosition, { readonly seq: number }>): readonly [readonly MemoryEntry[], number] {
    const { index } = position;
    const entries = this.touching[index];
    if (entries === undefined) {
      throw new LogError("unknown_topic_or_partition", `The shard has ${this.partitions} partitions, not index ${index}.`);
    }
    if ("timestampMs" in position) {
      const start = entries.findIndex((entry) => partOf(entry.ref, index).maxTimestampMs >= position.timestampMs);
      return [entries, start < 0 ? entries.length : start];
    }
    const { offset } = position;
    const [low, high] = [this.startOffset(index), this.highWatermark(index)];
    if (offset < low || offset > high) throw outOfRange(`Offset ${offset} is not in ${low} to ${high}.`);
    return [entries, firstAt(entries, (entry) => endOf(entry.ref, index) > offset)];
  }

  private startOffset(index: number): number {
    const first = this.touching[index]?.[0];
    return first === undefined ? this.highWatermark(index) : partOf(first.ref, index).baseOffset;
  }

  private highWatermark(index: number): number {
    const value = this.highWatermarks[index];
    if (value === undefined) throw new LogError("internal", `no partition at index ${index}`);
    return value;
  }
}

function partOf(ref: EntryRef, index: number) {
  const part = ref.parts.find((candidate) => candidate.index === index);
  if (part === undefined) throw new LogError("internal", `entry ${ref.seq} does not touch index ${index}`);
  return part;
}

function endOf(ref: EntryRef, index: number): number {
  const part = partOf(ref, index);
  return part.baseOffset + part.records;
}

/** The first place where the rule holds, given that it holds for all after it. */
function firstAt<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function outOfRange(message: string): LogError {
  return new LogError("offset_out_of_range", message);
}
