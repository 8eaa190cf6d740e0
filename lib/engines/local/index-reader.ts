import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { CommittedStep } from "../../core/append.ts";
import type { ProducerState } from "../../ports/journal.ts";
import type { HeadState } from "./shard-head.ts";
import { StoredEntry, unpackParts } from "./stored-entry.ts";

type Row = Record<string, SQLOutputValue>;

/** A shard as the index has it. */
export interface IndexedShard {
  readonly id: number;
  readonly head: HeadState;
  /** By index: the highest timestamp so far. */
  readonly maxTimesMs: number[];
}

/** An index in the shard as a column: `null` covers all parts. */
export function indexColumn(index: number | null): number {
  return index ?? -1;
}

/** What the index knows of shards, entries and producers. */
export class IndexReader {
  readonly #shard: StatementSync;
  readonly #producer: StatementSync;
  readonly #producers: StatementSync;
  readonly #step: StatementSync;
  readonly #entries: StatementSync;
  readonly #touching: StatementSync;
  readonly #partAt: StatementSync;
  readonly #lastPart: StatementSync;
  readonly #reaching: StatementSync;
  readonly #meta: StatementSync;

  constructor(db: DatabaseSync) {
    this.#shard = db.prepare("SELECT * FROM shards WHERE name = ?");
    this.#producer = db.prepare("SELECT * FROM producers WHERE shard = ? AND producer = ? AND idx = ?");
    this.#producers = db.prepare("SELECT idx, epoch, sequence, count, crc, layout FROM producers WHERE shard = ? AND producer = ? ORDER BY idx");
    this.#step = db.prepare("SELECT count, crc, seq, bases FROM steps WHERE shard = ? AND producer = ? AND idx = ? AND epoch = ? AND sequence = ?");
    this.#entries = db.prepare("SELECT seq, position, parts FROM entries WHERE shard = ? AND seq >= ? ORDER BY seq LIMIT ?");
    this.#touching = db.prepare(
      "SELECT e.seq, e.position, e.parts FROM parts p JOIN entries e ON e.shard = p.shard AND e.seq = p.seq WHERE p.shard = ? AND p.idx = ? AND p.base >= ? ORDER BY p.base LIMIT ?",
    );
    this.#partAt = db.prepare("SELECT base, seq, time_so_far FROM parts WHERE shard = ? AND idx = ? AND base <= ? ORDER BY base DESC LIMIT 1");
    this.#lastPart = db.prepare("SELECT base FROM parts WHERE shard = ? AND idx = ? ORDER BY base DESC LIMIT 1");
    this.#reaching = db.prepare("SELECT base FROM parts WHERE shard = ? AND idx = ? AND base >= ? AND max_time >= ? ORDER BY base LIMIT 1");
    this.#meta = db.prepare("SELECT applied, (SELECT coalesce(max(id), 0) FROM shards) AS last FROM meta");
  }

  /** The journal position up to which the index has everything, and the highest shard id. */
  meta(): { readonly applied: number; readonly lastShardId: number } {
    const row = this.#meta.get() ?? {};
    return { applied: integer(row, "applied"), lastShardId: integer(row, "last") };
  }

  shard(name: string): IndexedShard | undefined {
    const row = this.#shard.get(name);
    if (row === undefined) return undefined;
    const head: HeadState = {
      partitions: integer(row, "partitions"),
      layout: integer(row, "layout"),
      seq: integer(row, "seq"),
      startSeq: integer(row, "start_seq"),
      isClosed: integer(row, "closed") === 1,
      highWatermarks: numbers(row, "high_watermarks"),
      startOffsets: numbers(row, "start_offsets"),
    };
    return { id: integer(row, "id"), head, maxTimesMs: numbers(row, "max_times") };
  }

  producer(shardId: number, producerId: bigint, index: number | null): ProducerState | undefined {
    const row = this.#producer.get(shardId, producerId, indexColumn(index));
    return row === undefined ? undefined : stateOf(producerId, row);
  }

  producers(shardId: number, producerId: bigint): readonly ProducerState[] {
    return this.#producers.all(shardId, producerId).map((row) => stateOf(producerId, row));
  }

  step(shardId: number, producerId: bigint, index: number | null, epoch: number, sequence: number): CommittedStep | undefined {
    const row = this.#step.get(shardId, producerId, indexColumn(index), epoch, sequence);
    if (row === undefined) return undefined;
    const bases = JSON.parse(text(row, "bases")) as readonly (readonly [number, number])[];
    const parts = bases.map(([part, baseOffset]) => ({ index: part, baseOffset }));
    return { count: integer(row, "count"), crc: integer(row, "crc"), seq: integer(row, "seq"), parts };
  }

  entriesFrom(shardId: number, seq: number, limit: number): readonly StoredEntry[] {
    return this.#entries.all(shardId, seq, limit).map(entryOf);
  }

  /** Entries that touch the partition, from the one that holds the offset on. */
  entriesHolding(shardId: number, index: number, offset: number, limit: number): readonly StoredEntry[] {
    const row = this.#partAt.get(shardId, index, offset);
    return this.#touching.all(shardId, index, row === undefined ? offset : integer(row, "base"), limit).map(entryOf);
  }

  /**
   * The base offset of the first part, from an offset on, whose records reach the time.
   * @param startOffset where a part begins, or none does any more
   */
  baseReaching(shardId: number, index: number, startOffset: number, timestampMs: number): number | undefined {
    const base = this.#firstPart(shardId, index, startOffset, (row) => integer(row, "time_so_far") >= timestampMs);
    if (base === undefined) return undefined;
    // What was trimmed may have had later times: then "so far" says too much, and the times themselves decide.
    const row = this.#reaching.get(shardId, index, base, timestampMs);
    return row === undefined ? undefined : integer(row, "base");
  }

  /** The base offset of the partition's first part, from an offset on, in an entry numbered at least `seq`. */
  baseFromSeq(shardId: number, index: number, startOffset: number, seq: number): number | undefined {
    return this.#firstPart(shardId, index, startOffset, (row) => integer(row, "seq") >= seq);
  }

  /** By halving offsets: the first part at or after `startOffset` for which the rule holds, given that it then holds for all after it. */
  #firstPart(shardId: number, index: number, startOffset: number, holds: (row: Row) => boolean): number | undefined {
    const last = this.#lastPart.get(shardId, index);
    if (last === undefined) return undefined;
    let low = startOffset;
    let high = integer(last, "base");
    let found: number | undefined;
    while (low <= high) {
      const row = this.#partAt.get(shardId, index, Math.floor((low + high) / 2));
      const base = row === undefined ? -1 : integer(row, "base");
      if (row !== undefined && base >= startOffset && holds(row)) {
        found = base;
        high = base - 1;
      } else {
        low = Math.floor((low + high) / 2) + 1;
      }
    }
    return found;
  }
}

function entryOf(row: Row): StoredEntry {
  const parts = row["parts"];
  if (!(parts instanceof Uint8Array)) throw new TypeError("index: parts are no bytes");
  return new StoredEntry(integer(row, "seq"), integer(row, "position"), unpackParts(parts));
}

function stateOf(producerId: bigint, row: Row): ProducerState {
  const index = integer(row, "idx");
  return {
    producerId,
    epoch: integer(row, "epoch"),
    index: index < 0 ? null : index,
    sequence: integer(row, "sequence"),
    count: integer(row, "count"),
    crc: integer(row, "crc"),
    layout: integer(row, "layout"),
  };
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`index: ${column} is no number`);
  return value;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`index: ${column} is no text`);
  return value;
}

function numbers(row: Row, column: string): number[] {
  return JSON.parse(text(row, column)) as number[];
}
