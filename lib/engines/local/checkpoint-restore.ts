import type { DatabaseSync, StatementSync } from "node:sqlite";
import { packChunks } from "./chunk.ts";
import type { CheckpointRecord, EntryRecord, ProducerRecord, ShardRecord, StepRecord } from "./checkpoint-record.ts";
import { indexColumn } from "./index-reader.ts";
import { shardName } from "./journal-op.ts";
import { StoredEntry } from "./stored-entry.ts";

/** Entries that are packed at once. */
const runEntriesMax = 256;

/** The shard whose records come in. */
interface Current {
  readonly id: number;
  /** By index: as of the last entry that was packed. */
  readonly highWatermarks: number[];
  readonly maxTimesMs: number[];
  /** Follow each other without a hole. */
  run: StoredEntry[];
}

/** Fills an empty index with a checkpoint's records. Every method runs inside the caller's transaction. */
export class CheckpointRestore {
  readonly #shard: StatementSync;
  readonly #chunk: StatementSync;
  readonly #producer: StatementSync;
  readonly #step: StatementSync;
  readonly #item: StatementSync;
  readonly #applied: StatementSync;
  #current: Current | undefined;
  #lastId = 0;

  constructor(db: DatabaseSync) {
    this.#shard = db.prepare("INSERT INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#chunk = db.prepare("INSERT INTO chunks VALUES (?, ?, ?, ?, ?)");
    this.#producer = db.prepare("INSERT INTO producers VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#step = db.prepare("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#item = db.prepare("INSERT INTO items VALUES (?, ?, ?, ?)");
    this.#applied = db.prepare("UPDATE meta SET applied = ?");
  }

  take(record: CheckpointRecord): void {
    if (record.kind === "item") this.#item.run(record.key.pk, record.key.sk, record.version, record.value);
    else if (record.kind === "shard") this.#begin(record);
    else this.#toShard(record);
  }

  /** All is in: the journal goes on at the position. */
  finish(position: number): void {
    this.#pack();
    this.#applied.run(position);
  }

  #begin({ shard, head, maxTimesMs }: ShardRecord): void {
    this.#pack();
    const id = ++this.#lastId;
    const lists = [head.highWatermarks, head.startOffsets, maxTimesMs].map((list) => JSON.stringify(list));
    this.#shard.run(id, shardName(shard), head.partitions, head.layout, head.seq, head.startSeq, Number(head.isClosed), ...lists);
    this.#current = { id, highWatermarks: [...head.startOffsets], maxTimesMs: [], run: [] };
  }

  #toShard(record: EntryRecord | ProducerRecord | StepRecord): void {
    const current = this.#current;
    if (current === undefined) throw new TypeError("a checkpoint's record without its shard");
    if (record.kind === "entry") {
      const last = current.run.at(-1);
      if (last !== undefined && (record.seq !== last.seq + 1 || current.run.length >= runEntriesMax)) this.#pack();
      current.run.push(new StoredEntry(record.seq, record.position, record.parts));
    } else if (record.kind === "producer") {
      const { producerId, index, epoch, sequence, count, crc, layout } = record.state;
      this.#producer.run(current.id, producerId, indexColumn(index), epoch, sequence, count, crc, layout);
    } else {
      const { producerId, index, epoch, sequence, step } = record;
      const bases = JSON.stringify(step.parts.map((part) => [part.index, part.baseOffset]));
      this.#step.run(current.id, producerId, indexColumn(index), epoch, sequence, step.count, step.crc, step.seq, bases);
    }
  }

  #pack(): void {
    const current = this.#current;
    if (current === undefined || current.run.length === 0) return;
    for (const { seq, next, after, entries } of packChunks(current.run, current.highWatermarks, current.maxTimesMs)) {
      this.#chunk.run(current.id, seq, next, after, entries);
    }
    current.run = [];
  }
}
