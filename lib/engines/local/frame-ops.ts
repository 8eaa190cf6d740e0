import { LogError } from "../../core/errors.ts";
import type { CatalogKey } from "../../ports/catalog.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { AppendOp, JournalOp, StoredPart } from "./journal-op.ts";

const kinds = { open: 1, append: 2, trim: 3, close: 4, put: 5, delete: 6 } as const;
/** A producer's way of counting that covers all parts has no index. */
const noIndex = 0xff;

/** Writes operations one after another. */
export class OpWriter extends ByteWriter {
  write(op: JournalOp): void {
    this.u8(kinds[op.kind]);
    if (op.kind === "put" || op.kind === "delete") {
      this.text(op.key.pk);
      this.text(op.key.sk);
      if (op.kind === "delete") return;
      this.u64(op.version);
      this.text(op.value);
      return;
    }
    this.text(op.shard.topicId);
    this.u32(op.shard.shard);
    if (op.kind === "append") this.#append(op);
    if (op.kind === "open") {
      this.u8(op.partitions);
      this.u32(op.layout);
    }
    if (op.kind === "trim") {
      this.u64(op.toSeq);
      this.u8(op.startOffsets.length);
      for (const offset of op.startOffsets) this.u64(offset);
    }
  }

  #append(op: AppendOp): void {
    this.u64(op.seq);
    writeParts(this, op.parts);
    this.u16(op.producers.length);
    for (const state of op.producers) writeProducer(this, state);
  }
}

/** Reads back what `OpWriter` wrote. @throws unsupported_version, corrupt_log */
export function decodeOps(bytes: Uint8Array): readonly JournalOp[] {
  const reader = new OpReader(bytes);
  const ops: JournalOp[] = [];
  try {
    while (!reader.isAtEnd) ops.push(reader.read());
  } catch (reason) {
    // The checksum was right, so these are no torn bytes.
    if (reason instanceof RangeError) throw new LogError("corrupt_log", "a frame's operations run past their end", { cause: reason });
    throw reason;
  }
  return ops;
}

class OpReader extends ByteReader {
  read(): JournalOp {
    const kind = this.u8();
    switch (kind) {
      case kinds.open:
        return { kind: "open", shard: this.#shard(), partitions: this.u8(), layout: this.u32() };
      case kinds.append:
        return { kind: "append", shard: this.#shard(), seq: this.u64(), parts: readParts(this), producers: this.#producers() };
      case kinds.trim:
        return { kind: "trim", shard: this.#shard(), toSeq: this.u64(), startOffsets: this.#offsets() };
      case kinds.close:
        return { kind: "close", shard: this.#shard() };
      case kinds.put:
        return { kind: "put", key: this.#key(), version: this.u64(), value: this.text() };
      case kinds.delete:
        return { kind: "delete", key: this.#key() };
      default:
        throw new LogError("unsupported_version", `a frame holds an operation of kind ${kind}, which this build does not know`);
    }
  }

  #shard(): ShardKey {
    return { topicId: this.text(), shard: this.u32() };
  }

  #key(): CatalogKey {
    return { pk: this.text(), sk: this.text() };
  }

  #producers(): readonly ProducerState[] {
    const count = this.u16();
    return Array.from({ length: count }, () => readProducer(this));
  }

  #offsets(): readonly number[] {
    const count = this.u8();
    return Array.from({ length: count }, () => this.u64());
  }
}

export function writeParts(writer: ByteWriter, parts: readonly StoredPart[]): void {
  writer.u8(parts.length);
  for (const part of parts) {
    writer.u8(part.index);
    writer.u32(part.records);
    writer.u64(part.baseOffset);
    writer.i64(BigInt(part.maxTimestampMs));
    writer.u32(part.bytes);
    writer.u32(part.checksum);
  }
}

export function readParts(reader: ByteReader): readonly StoredPart[] {
  const count = reader.u8();
  return Array.from({ length: count }, () => ({
    index: reader.u8(),
    records: reader.u32(),
    baseOffset: reader.u64(),
    maxTimestampMs: Number(reader.i64()),
    bytes: reader.u32(),
    checksum: reader.u32(),
  }));
}

export function writeProducer(writer: ByteWriter, state: ProducerState): void {
  writer.i64(state.producerId);
  writer.u16(state.epoch);
  writer.u8(state.index ?? noIndex);
  writer.u32(state.sequence);
  writer.u32(state.count);
  writer.u32(state.crc);
  writer.u32(state.layout);
}

export function readProducer(reader: ByteReader): ProducerState {
  const producerId = reader.i64();
  const epoch = reader.u16();
  const index = reader.u8();
  return {
    producerId,
    epoch,
    index: index === noIndex ? null : index,
    sequence: reader.u32(),
    count: reader.u32(),
    crc: reader.u32(),
    layout: reader.u32(),
  };
}
