import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ChunkEnd, unpackEntries } from "./chunk.ts";
import { blob, integer, type Row } from "./row.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** Chunks that are read at once. */
const pageRowsMax = 64;
/** Entries of one part each in a full chunk. */
const chunkEntriesUsual = 16;

/** A chunk as it is stored. */
export class IndexedChunk {
  readonly seq: number;
  /** The number after its last entry's. */
  readonly next: number;
  readonly end: ChunkEnd;
  readonly #packed: Uint8Array;
  #entries: readonly StoredEntry[] | undefined;

  constructor(row: Row) {
    this.seq = integer(row, "seq");
    this.next = integer(row, "next");
    this.end = new ChunkEnd(blob(row, "after"));
    this.#packed = blob(row, "entries");
  }

  get entries(): readonly StoredEntry[] {
    this.#entries ??= unpackEntries(this.seq, this.#packed);
    return this.#entries;
  }
}

/** Where a search begins: an entry number, and the value there (NaN: not known). */
interface Bound {
  readonly seq: number;
  readonly value: number;
}

/** Finds entries in the index. */
export class ChunkReader {
  readonly #at: StatementSync;
  readonly #last: StatementSync;
  readonly #from: StatementSync;

  constructor(db: DatabaseSync) {
    this.#at = db.prepare("SELECT seq, next, after, entries FROM chunks WHERE shard = ? AND seq <= ? ORDER BY seq DESC LIMIT 1");
    this.#last = db.prepare("SELECT seq, next, after, entries FROM chunks WHERE shard = ? ORDER BY seq DESC LIMIT 1");
    this.#from = db.prepare("SELECT seq, next, after, entries FROM chunks WHERE shard = ? AND seq >= ? ORDER BY seq LIMIT ?");
  }

  last(shardId: number): IndexedChunk | undefined {
    return foundChunk(this.#last.get(shardId));
  }

  /** Entries from a number on. */
  fromSeq(shardId: number, seq: number, limit: number): readonly StoredEntry[] {
    const first = foundChunk(this.#at.get(shardId, seq));
    const found: StoredEntry[] = [];
    if (first === undefined) return found;
    for (const chunk of this.#chunksFrom(shardId, first, limit)) {
      for (const entry of chunk.entries) if (entry.seq >= seq) found.push(entry);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /**
   * Entries that touch a partition, from the one that holds an offset on.
   * @param start where the shard's entries begin, and the partition's offsets with them
   */
  fromOffset(shardId: number, start: Bound, index: number, offset: number, limit: number): readonly StoredEntry[] {
    const found: StoredEntry[] = [];
    let next = offset;
    // Chunks that do not touch the partition are leapt over.
    for (let chunk = this.#holding(shardId, start, index, next); chunk !== undefined && found.length < limit; ) {
      const reached = this.#runFrom(shardId, chunk, index, next, limit - found.length, found);
      if (reached === next) break;
      next = reached;
      chunk = found.length < limit ? this.#holding(shardId, { seq: chunk.next, value: next }, index, next) : undefined;
    }
    return found;
  }

  /** The first entry, numbered at least `startSeq`, whose records of a partition reach the time. */
  reaching(shardId: number, startSeq: number, index: number, timestampMs: number): StoredEntry | undefined {
    const chunk = this.#first(shardId, { seq: startSeq, value: Number.NaN }, timestampMs, (end) => end.maxTimeMs(index));
    if (chunk === undefined) return undefined;
    // What was trimmed may have had later times: then "so far" says too much, and the times themselves decide.
    for (const { entries } of this.#chunksFrom(shardId, chunk, 1)) {
      const entry = entries.find(
        (one) => one.seq >= startSeq && (one.part(index)?.maxTimestampMs ?? Number.NEGATIVE_INFINITY) >= timestampMs,
      );
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The next offset that a partition had before the entry of a number. */
  offsetBefore(shardId: number, index: number, seq: number): number {
    const chunk = foundChunk(this.#at.get(shardId, seq));
    if (chunk === undefined) return 0;
    const later = chunk.entries.find((entry) => entry.seq >= seq && entry.part(index) !== undefined);
    return later?.part(index)?.baseOffset ?? chunk.end.highWatermark(index);
  }

  #holding(shardId: number, start: Bound, index: number, offset: number): IndexedChunk | undefined {
    const begins = ({ entries }: IndexedChunk): boolean =>
      (entries.find((entry) => entry.part(index))?.part(index)?.baseOffset ?? offset + 1) <= offset;
    return this.#first(shardId, start, offset + 1, (end) => end.highWatermark(index), begins);
  }

  /** Adds entries from a chunk on, until one does not touch the partition. @returns the offset after the last */
  #runFrom(shardId: number, first: IndexedChunk, index: number, offset: number, limit: number, found: StoredEntry[]): number {
    let next = offset;
    const enough = found.length + limit;
    for (const { end, entries } of this.#chunksFrom(shardId, first, limit)) {
      if (end.highWatermark(index) <= next) break;
      for (const entry of entries) {
        const part = entry.part(index);
        if (part === undefined || part.baseOffset + part.records <= next || found.length >= enough) continue;
        found.push(entry);
        next = part.baseOffset + part.records;
      }
      if (found.length >= enough) break;
    }
    return next;
  }

  /**
   * A chunk, and a shard's later ones in pages.
   * @param entries how many the caller hopes for
   */
  *#chunksFrom(shardId: number, first: IndexedChunk, entries: number): Generator<IndexedChunk> {
    yield first;
    const pageRows = Math.min(pageRowsMax, 1 + Math.ceil(entries / chunkEntriesUsual));
    for (let { next } = first; ; ) {
      const rows = this.#from.all(shardId, next, pageRows);
      for (const row of rows) {
        const chunk = new IndexedChunk(row);
        next = chunk.next;
        yield chunk;
      }
      if (rows.length < pageRows) return;
    }
  }

  /**
   * The first chunk that holds an entry numbered at least `from.seq` and whose value reaches the target, given that values never fall. Guesses by
   * proportion, looks beside the guess, and halves, by turns: an even log takes one or two steps, an uneven one about three times the halvings.
   * @param isFirst tells of a chunk that reaches the target whether none before it does, if the chunk itself can show it
   */
  #first(
    shardId: number,
    from: Bound,
    target: number,
    valueOf: (end: ChunkEnd) => number,
    isFirst: (chunk: IndexedChunk) => boolean = () => false,
  ): IndexedChunk | undefined {
    let found = this.last(shardId);
    if (found === undefined || found.next <= from.seq || valueOf(found.end) < target) return undefined;
    let low = from.seq;
    let lowValue = from.value;
    let high = found.seq - 1;
    let beside = high;
    for (let step = 0; low <= high; step++) {
      const share = (target - 1 - lowValue) / (valueOf(found.end) - lowValue);
      const guesses = [guess(low, found.next, share), beside, guess(low, high, 0.5)];
      const place = Math.min(guesses[step % guesses.length] ?? low, high);
      const chunk = foundChunk(this.#at.get(shardId, place));
      const value = chunk === undefined ? Number.NEGATIVE_INFINITY : valueOf(chunk.end);
      if (chunk !== undefined && value >= target) {
        found = chunk;
        if (isFirst(chunk)) return chunk;
        high = chunk.seq - 1;
        beside = high;
      } else {
        low = chunk === undefined ? place + 1 : chunk.next;
        lowValue = value;
        beside = low;
      }
    }
    return found;
  }
}

/** @param share 0 to 1; anything else is no guess, and half it is */
function guess(low: number, high: number, share: number): number {
  return low + Math.floor((high - low) * (share >= 0 && share <= 1 ? share : 0.5));
}

function foundChunk(row: Row | undefined): IndexedChunk | undefined {
  return row === undefined ? undefined : new IndexedChunk(row);
}
