import { LogError } from "../../core/errors.ts";
import type { CatalogKey } from "../../ports/catalog.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import type { AppendOp, JournalOp, StoredPart } from "./journal-op.ts";

const kinds = { open: 1, append: 2, trim: 3, close: 4, put: 5, delete: 6 } as const;
/** A producer's way of counting that covers all parts has no index. */
const noIndex = 0xff;

/** Writes operations one after another into a buffer that grows. Numbers are big-endian. */
export class OpWriter {
  bytes = Buffer.allocUnsafeSlow(16 * 1024);
  position: number;
  readonly #start: number;

  /** @param start where the first operation goes */
  constructor(start: number) {
    this.#start = start;
    this.position = start;
  }

  reset(): void {
    this.position = this.#start;
  }

  write(op: JournalOp): void {
    this.#u8(kinds[op.kind]);
    if (op.kind === "put" || op.kind === "delete") {
      this.#text(op.key.pk);
      this.#text(op.key.sk);
      if (op.kind === "delete") return;
      this.#u64(op.version);
      this.#text(op.value);
      return;
    }
    this.#text(op.shard.topicId);
    this.#u32(op.shard.shard);
    if (op.kind === "append") this.#append(op);
    if (op.kind === "open") {
      this.#u8(op.partitions);
      this.#u32(op.layout);
    }
    if (op.kind === "trim") {
      this.#u64(op.toSeq);
      this.#u8(op.startOffsets.length);
      for (const offset of op.startOffsets) this.#u64(offset);
    }
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  #append(op: AppendOp): void {
    this.#u64(op.seq);
    this.#u8(op.parts.length);
    for (const part of op.parts) {
      this.#u8(part.index);
      this.#u32(part.records);
      this.#u64(part.baseOffset);
      this.#i64(BigInt(part.maxTimestampMs));
      this.#u32(part.bytes);
      this.#u32(part.checksum);
    }
    this.#u16(op.producers.length);
    for (const state of op.producers) {
      this.#i64(state.producerId);
      this.#u16(state.epoch);
      this.#u8(state.index ?? noIndex);
      this.#u32(state.sequence);
      this.#u32(state.count);
      this.#u32(state.crc);
      this.#u32(state.layout);
    }
  }

  #u8(value: number): void {
    this.#room(1);
    this.position = this.bytes.writeUInt8(value, this.position);
  }

  #u16(value: number): void {
    this.#room(2);
    this.position = this.bytes.writeUInt16BE(value, this.position);
  }

  #u32(value: number): void {
    this.#room(4);
    this.position = this.bytes.writeUInt32BE(value, this.position);
  }

  /** A safe integer that is not negative. */
  #u64(value: number): void {
    this.#u32(Math.floor(value / 0x1_0000_0000));
    this.#u32(value % 0x1_0000_0000);
  }

  #i64(value: bigint): void {
    this.#room(8);
    this.position = this.bytes.writeBigInt64BE(value, this.position);
  }

  #text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.#u32(bytes);
    this.#room(bytes);
    this.bytes.write(value, this.position);
    this.position += bytes;
  }

  #room(bytes: number): void {
    if (this.position + bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.position + bytes));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
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

class OpReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  read(): JournalOp {
    const kind = this.#u8();
    switch (kind) {
      case kinds.open:
        return { kind: "open", shard: this.#shard(), partitions: this.#u8(), layout: this.#u32() };
      case kinds.append:
        return { kind: "append", shard: this.#shard(), seq: this.#u64(), parts: this.#parts(), producers: this.#producers() };
      case kinds.trim:
        return { kind: "trim", shard: this.#shard(), toSeq: this.#u64(), startOffsets: this.#offsets() };
      case kinds.close:
        return { kind: "close", shard: this.#shard() };
      case kinds.put:
        return { kind: "put", key: this.#key(), version: this.#u64(), value: this.#text() };
      case kinds.delete:
        return { kind: "delete", key: this.#key() };
      default:
        throw new LogError("unsupported_version", `a frame holds an operation of kind ${kind}, which this build does not know`);
    }
  }

  #shard(): ShardKey {
    return { topicId: this.#text(), shard: this.#u32() };
  }

  #key(): CatalogKey {
    return { pk: this.#text(), sk: this.#text() };
  }

  #parts(): readonly StoredPart[] {
    const count = this.#u8();
    return Array.from({ length: count }, () => this.#part());
  }

  #producers(): readonly ProducerState[] {
    const count = this.#u16();
    return Array.from({ length: count }, () => this.#producer());
  }

  #offsets(): readonly number[] {
    const count = this.#u8();
    return Array.from({ length: count }, () => this.#u64());
  }

  #part(): StoredPart {
    return {
      index: this.#u8(),
      records: this.#u32(),
      baseOffset: this.#u64(),
      maxTimestampMs: Number(this.#i64()),
      bytes: this.#u32(),
      checksum: this.#u32(),
    };
  }

  #producer(): ProducerState {
    const producerId = this.#i64();
    const epoch = this.#u16();
    const index = this.#u8();
    return {
      producerId,
      epoch,
      index: index === noIndex ? null : index,
      sequence: this.#u32(),
      count: this.#u32(),
      crc: this.#u32(),
      layout: this.#u32(),
    };
  }

  #u8(): number {
    return this.#bytes.readUInt8(this.#move(1));
  }

  #u16(): number {
    return this.#bytes.readUInt16BE(this.#move(2));
  }

  #u32(): number {
    return this.#bytes.readUInt32BE(this.#move(4));
  }

  #u64(): number {
    const high = this.#u32();
    return high * 0x1_0000_0000 + this.#u32();
  }

  #i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8));
  }

  #text(): string {
    const length = this.#u32();
    const start = this.#move(length);
    if (start + length > this.#bytes.length) throw new RangeError("text past the end");
    return this.#bytes.toString("utf8", start, start + length);
  }

  #move(bytes: number): number {
    const start = this.#position;
    this.#position += bytes;
    return start;
  }
}
