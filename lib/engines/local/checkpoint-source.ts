import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import type { CheckpointRecord } from "./checkpoint-record.ts";
import type { IndexReader } from "./index-reader.ts";
import { type Row, text } from "./row.ts";
import type { HeadState } from "./shard-head.ts";

const rowsAtOnceMax = 64;

/**
 * What the index holds, row by row, while it goes on being written. What comes out is not of one moment, and need not be: all that changes in the index
 * after the first step is in the journal after the position that it had then, and is replayed over it. What makes that right is the order within a shard:
 * the head first, and producers after it, so that none is older than the head says.
 */
export class CheckpointSource {
  readonly #index: IndexReader;
  readonly #shards: StatementSync;
  readonly #producers: StatementSync;
  readonly #steps: StatementSync;
  readonly #items: StatementSync;

  constructor(db: DatabaseSync, index: IndexReader) {
    this.#index = index;
    const page = (columns: string, table: string, key: string, where = ""): StatementSync => {
      const marks = key.replaceAll(/\w+/g, "?");
      return db.prepare(`SELECT ${columns} FROM ${table} WHERE ${where}(${key}) > (${marks}) ORDER BY ${key} LIMIT ${rowsAtOnceMax}`);
    };
    this.#shards = page("id, name", "shards", "id");
    this.#producers = page("*", "producers", "producer, idx", "shard = ? AND ");
    this.#steps = page("*", "steps", "producer, idx, epoch, sequence", "shard = ? AND ");
    this.#items = page("*", "items", "pk, sk");
    // Producers' ids take all of 64 bits.
    this.#producers.setReadBigInts(true);
    this.#steps.setReadBigInts(true);
  }

  /** In runs, between which others may use the index. */
  *records(): Generator<readonly CheckpointRecord[]> {
    for (let id = 0; ; ) {
      const rows = this.#shards.all(id);
      for (const row of rows) {
        id = Number(row["id"]);
        yield* this.#shard(id, text(row, "name"));
      }
      if (rows.length < rowsAtOnceMax) break;
    }
    for (let [pk, sk] = ["", ""]; ; ) {
      const rows = this.#items.all(pk, sk);
      yield rows.map((row) => {
        [pk, sk] = [text(row, "pk"), text(row, "sk")];
        return { kind: "item", key: { pk, sk }, version: Number(row["version"]), value: text(row, "value") };
      });
      if (rows.length < rowsAtOnceMax) break;
    }
  }

  *#shard(id: number, name: string): Generator<readonly CheckpointRecord[]> {
    const found = this.#index.shard(name);
    if (found === undefined) return;
    const { head, maxTimesMs } = found;
    yield [{ kind: "shard", shard: shardOf(name), head, maxTimesMs }];
    if (head.isClosed) return;
    yield* this.#entries(id, name, head);
    yield* this.#rows(this.#producers, id, ["producer", "idx"], producerOf);
    yield* this.#rows(this.#steps, id, ["producer", "idx", "epoch", "sequence"], stepOf);
  }

  *#entries(id: number, name: string, { startSeq, seq: end }: HeadState): Generator<readonly CheckpointRecord[]> {
    for (let next = startSeq; next < end; ) {
      const found = this.#index.chunks.fromSeq(id, next, Math.min(rowsAtOnceMax, end - next)).filter(({ seq }) => seq < end);
      if (found.length > 0) yield found.map(({ seq, position, parts }) => ({ kind: "entry", seq, position, parts }));
      const last = found.at(-1)?.seq;
      // What is not there any more was trimmed since then.
      const start = last === undefined ? this.#index.shard(name)?.head.startSeq : undefined;
      const reached = last === undefined ? (start ?? end) : last + 1;
      if (reached <= next) return;
      next = reached;
    }
  }

  *#rows(
    page: StatementSync,
    id: number,
    key: readonly string[],
    recordOf: (row: Row) => CheckpointRecord,
  ): Generator<readonly CheckpointRecord[]> {
    // Below every row: ids are signed.
    for (let after = [-(2n ** 63n), -2n, -1n, -1n].slice(0, key.length); ; ) {
      const rows = page.all(id, ...after);
      if (rows.length > 0) yield rows.map(recordOf);
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnceMax) return;
      after = key.map((column) => last[column] as bigint);
    }
  }
}

export function shardOf(name: string): ShardKey {
  const cut = name.lastIndexOf("/");
  return { topicId: name.slice(0, cut), shard: Number(name.slice(cut + 1)) };
}

function producerOf(row: Row): CheckpointRecord {
  const [epoch, sequence, count, crc, layout] = ["epoch", "sequence", "count", "crc", "layout"].map((column) => Number(row[column]));
  const state = { producerId: row["producer"], epoch, index: indexOf(row), sequence, count, crc, layout } as ProducerState;
  return { kind: "producer", state };
}

function stepOf(row: Row): CheckpointRecord {
  const number = (column: string): number => Number(row[column]);
  const bases = JSON.parse(text(row, "bases")) as readonly (readonly [number, number])[];
  const parts = bases.map(([index, baseOffset]) => ({ index, baseOffset }));
  const step = { count: number("count"), crc: number("crc"), seq: number("seq"), parts };
  const producerId = row["producer"] as bigint;
  return { kind: "step", producerId, index: indexOf(row), epoch: number("epoch"), sequence: number("sequence"), step };
}

function indexOf(row: Row): number | null {
  const index = Number(row["idx"]);
  return index < 0 ? null : index;
}
