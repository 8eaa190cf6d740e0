import { LogError } from "../../core/errors.ts";
import type { CommittedStep } from "../../core/append.ts";
import type { CatalogKey } from "../../ports/catalog.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readParts, readProducer, writeParts, writeProducer } from "./frame-ops.ts";
import type { StoredPart } from "./journal-op.ts";
import type { HeadState } from "./shard-head.ts";

const kinds = { shard: 1, entry: 2, producer: 3, step: 4, item: 5 } as const;
/** A producer's way of counting that covers all parts has no index. */
const noIndex = 0xff;

/** One thing that a checkpoint holds. Entries, producers and steps are of the shard that was named last. */
export type CheckpointRecord = ShardRecord | EntryRecord | ProducerRecord | StepRecord | ItemRecord;

export interface ShardRecord {
  readonly kind: "shard";
  readonly shard: ShardKey;
  readonly head: HeadState;
  /** By index: the highest timestamp so far. */
  readonly maxTimesMs: readonly number[];
}

/** An entry that is not trimmed. A shard's follow each other without a hole. */
export interface EntryRecord {
  readonly kind: "entry";
  readonly seq: number;
  /** Of its first byte in the journal. */
  readonly position: number;
  readonly parts: readonly StoredPart[];
}

export interface ProducerRecord {
  readonly kind: "producer";
  readonly state: ProducerState;
}

export interface StepRecord {
  readonly kind: "step";
  readonly producerId: bigint;
  readonly index: number | null;
  readonly epoch: number;
  readonly sequence: number;
  readonly step: CommittedStep;
}

export interface ItemRecord {
  readonly kind: "item";
  readonly key: CatalogKey;
  readonly version: number;
  /** JSON text. */
  readonly value: string;
}

export function writeRecord(writer: ByteWriter, record: CheckpointRecord): void {
  writer.u8(kinds[record.kind]);
  switch (record.kind) {
    case "shard":
      writeShard(writer, record);
      return;
    case "entry":
      writer.u64(record.seq);
      writer.u64(record.position);
      writeParts(writer, record.parts);
      return;
    case "producer":
      writeProducer(writer, record.state);
      return;
    case "step":
      writeStep(writer, record);
      return;
    case "item":
      writer.text(record.key.pk);
      writer.text(record.key.sk);
      writer.u64(record.version);
      writer.text(record.value);
      return;
  }
}

/** @throws unsupported_version, corrupt_log */
export function decodeRecords(bytes: Uint8Array): readonly CheckpointRecord[] {
  const reader = new ByteReader(bytes);
  const records: CheckpointRecord[] = [];
  try {
    while (!reader.isAtEnd) records.push(readRecord(reader));
  } catch (reason) {
    if (reason instanceof RangeError) throw new LogError("corrupt_log", "a checkpoint's records run past their end", { cause: reason });
    throw reason;
  }
  return records;
}

function readRecord(reader: ByteReader): CheckpointRecord {
  const kind = reader.u8();
  switch (kind) {
    case kinds.shard:
      return readShard(reader);
    case kinds.entry:
      return { kind: "entry", seq: reader.u64(), position: reader.u64(), parts: readParts(reader) };
    case kinds.producer:
      return { kind: "producer", state: readProducer(reader) };
    case kinds.step:
      return readStep(reader);
    case kinds.item:
      return { kind: "item", key: { pk: reader.text(), sk: reader.text() }, version: reader.u64(), value: reader.text() };
    default:
      throw new LogError("unsupported_version", `a checkpoint holds a record of kind ${kind}, which this build does not know`);
  }
}

function writeShard(writer: ByteWriter, { shard, head, maxTimesMs }: ShardRecord): void {
  writer.text(shard.topicId);
  writer.u32(shard.shard);
  writer.u32(head.layout);
  writer.u64(head.seq);
  writer.u64(head.startSeq);
  writer.u8(Number(head.isClosed));
  writer.u8(head.partitions);
  for (let index = 0; index < head.partitions; index++) {
    writer.u64(head.highWatermarks[index] ?? 0);
    writer.u64(head.startOffsets[index] ?? 0);
    writer.i64(BigInt(Math.max(maxTimesMs[index] ?? Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)));
  }
}

function readShard(reader: ByteReader): ShardRecord {
  const shard = { topicId: reader.text(), shard: reader.u32() };
  const layout = reader.u32();
  const seq = reader.u64();
  const startSeq = reader.u64();
  const isClosed = reader.u8() === 1;
  const partitions = reader.u8();
  const head: HeadState = { partitions, layout, seq, startSeq, isClosed, highWatermarks: [], startOffsets: [] };
  const maxTimesMs: number[] = [];
  for (let index = 0; index < partitions; index++) {
    head.highWatermarks.push(reader.u64());
    head.startOffsets.push(reader.u64());
    maxTimesMs.push(Number(reader.i64()));
  }
  return { kind: "shard", shard, head, maxTimesMs };
}

function writeStep(writer: ByteWriter, { producerId, index, epoch, sequence, step }: StepRecord): void {
  writer.i64(producerId);
  writer.u8(index ?? noIndex);
  writer.u16(epoch);
  writer.u32(sequence);
  writer.u32(step.count);
  writer.u32(step.crc);
  writer.u64(step.seq);
  writer.u8(step.parts.length);
  for (const part of step.parts) {
    writer.u8(part.index);
    writer.u64(part.baseOffset);
  }
}

function readStep(reader: ByteReader): StepRecord {
  const producerId = reader.i64();
  const index = reader.u8();
  const epoch = reader.u16();
  const sequence = reader.u32();
  const [count, crc, seq, parts] = [reader.u32(), reader.u32(), reader.u64(), reader.u8()];
  const step = { count, crc, seq, parts: Array.from({ length: parts }, () => ({ index: reader.u8(), baseOffset: reader.u64() })) };
  return { kind: "step", producerId, index: index === noIndex ? null : index, epoch, sequence, step };
}
