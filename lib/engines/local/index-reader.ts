import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CommittedStep } from "../../core/append.ts";
import type { ProducerState } from "../../ports/journal.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { integer, numbers, type Row, text } from "./row.ts";
import type { HeadState } from "./shard-head.ts";

/** A shard as the index has it. */
export interface IndexedShard {
  readonly id: number;
  readonly head: HeadState;
  /** By index: the highest timestamp so far. */
  readonly maxTimesMs: number[];
}

export interface NamedShard {
  readonly id: number;
  readonly name: string;
}

/** Shards that are listed at once. */
const shardsAtOnceMax = 64;

/** An index in the shard as a column: `null` covers all parts. */
export function indexColumn(index: number | null): number {
  return index ?? -1;
}

/** What the index knows of shards, entries and producers. */
export class IndexReader {
  readonly chunks: ChunkReader;
  readonly #shard: StatementSync;
  readonly #shards: StatementSync;
  readonly #producer: StatementSync;
  readonly #producers: StatementSync;
  readonly #step: StatementSync;
  readonly #meta: StatementSync;

  constructor(db: DatabaseSync) {
    this.chunks = new ChunkReader(db);
    this.#shard = db.prepare("SELECT * FROM shards WHERE name = ?");
    this.#shards = db.prepare(`SELECT id, name FROM shards WHERE id > ? AND closed = 0 ORDER BY id LIMIT ${shardsAtOnceMax}`);
    // Not their ids, which take all of 64 bits.
    const producers = "SELECT idx, epoch, sequence, count, crc, layout FROM producers WHERE shard = ? AND producer = ?";
    this.#producer = db.prepare(`${producers} AND idx = ?`);
    this.#producers = db.prepare(`${producers} ORDER BY idx`);
    this.#step = db.prepare(
      "SELECT count, crc, seq, bases FROM steps WHERE shard = ? AND producer = ? AND idx = ? AND epoch = ? AND sequence = ?",
    );
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
    const id = integer(row, "id");
    const maxTimesMs = numbers(row, "max_times");
    // The row is as of the last change of shape; what was appended since then is told by the last chunk.
    const last = this.chunks.last(id);
    if (last !== undefined && last.next > head.seq) {
      head.seq = last.next;
      for (let index = 0; index < last.end.partitions; index++) {
        head.highWatermarks[index] = last.end.highWatermark(index);
        maxTimesMs[index] = last.end.maxTimeMs(index);
      }
    }
    return { id, head, maxTimesMs };
  }

  /** Shards that were not closed, by id, after one: some of them, empty at the end. */
  shardsAfter(id: number): readonly NamedShard[] {
    return this.#shards.all(id).map((row) => ({ id: integer(row, "id"), name: text(row, "name") }));
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
