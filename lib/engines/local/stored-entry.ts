import type { EntryRef, ShardKey } from "../../ports/journal.ts";
import { LogError } from "../../core/errors.ts";
import type { StoredPart } from "./journal-op.ts";

/** A durable entry: where its bytes are, and what they must be. */
export class StoredEntry {
  readonly seq: number;
  /** Of the first part's first byte in the journal; the other parts follow. */
  readonly position: number;
  readonly parts: readonly StoredPart[];

  constructor(seq: number, position: number, parts: readonly StoredPart[]) {
    this.seq = seq;
    this.position = position;
    this.parts = parts;
  }

  ref(shard: ShardKey): EntryRef {
    const parts = this.parts.map(({ index, baseOffset, records, bytes, maxTimestampMs }) => ({
      index,
      baseOffset,
      records,
      bytes,
      maxTimestampMs,
    }));
    return { shard, seq: this.seq, parts, place: this };
  }

  part(index: number): StoredPart | undefined {
    return this.parts.find((part) => part.index === index);
  }
}

/** One part's bytes in the journal. */
export interface StoredRun {
  readonly position: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** @throws invalid_request when the entry has no such part, or is not this engine's */
export function runOf(ref: EntryRef, index: number): StoredRun {
  const entry = ref.place;
  if (!(entry instanceof StoredEntry)) throw new LogError("invalid_request", "This entry is from another engine.");
  let { position } = entry;
  for (const part of entry.parts) {
    if (part.index === index) return { position, bytes: part.bytes, checksum: part.checksum };
    position += part.bytes;
  }
  throw new LogError("invalid_request", `Entry ${ref.seq} has no part of index ${index}.`);
}
