import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ProducerState } from "../../ports/journal.ts";
import { indexColumn } from "./index-reader.ts";
import { shardName } from "./journal-op.ts";
import type { LocalShard } from "./local-shard.ts";
import { packParts, type StoredEntry } from "./stored-entry.ts";

/** Rows that one flush removes at most, so that a large shard's end does not hold up appends. */
const sweptRowsMax = 2_000;

/** Writes what waits in memory to the index. Every method runs inside the caller's transaction. */
export class IndexWriter {
  readonly #shard: StatementSync;
  readonly #entry: StatementSync;
  readonly #part: StatementSync;
  readonly #producer: StatementSync;
  readonly #step: StatementSync;
  readonly #oldSteps: StatementSync;
  readonly #applied: StatementSync;
  readonly #sweep: StatementSync;
  readonly #sweeps: StatementSync;
  readonly #swept: StatementSync;
  readonly #removals: readonly StatementSync[];

  constructor(db: DatabaseSync) {
    this.#shard = db.prepare("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#entry = db.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)");
    this.#part = db.prepare("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)");
    this.#producer = db.prepare("INSERT OR REPLACE INTO producers VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#step = db.prepare("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#oldSteps = db.prepare("DELETE FROM steps WHERE shard = ? AND producer = ? AND idx = ? AND epoch < ?");
    this.#applied = db.prepare("UPDATE meta SET applied = ?");
    this.#sweep = db.prepare("INSERT OR IGNORE INTO sweeps VALUES (?)");
    this.#sweeps = db.prepare(
      "SELECT w.shard AS id, s.seq AS seq, s.start_seq AS start, s.closed AS closed, s.start_offsets AS offsets FROM sweeps w JOIN shards s ON s.id = w.shard LIMIT 1",
    );
    this.#swept = db.prepare("DELETE FROM sweeps WHERE shard = ?");
    const some = `LIMIT ${sweptRowsMax}`;
    this.#removals = [
      db.prepare(`DELETE FROM entries WHERE (shard, seq) IN (SELECT shard, seq FROM entries WHERE shard = :id AND seq < :start ${some})`),
      // A part goes with its entry; the entry's number tells, since a trimmed shard keeps younger parts of the same partition.
      db.prepare(
        `DELETE FROM parts WHERE (shard, idx, base) IN (SELECT p.shard, p.idx, p.base FROM json_each(:offsets) o JOIN parts p ON p.shard = :id AND p.idx = o.key AND p.base < o.value ${some})`,
      ),
      db.prepare(`DELETE FROM producers WHERE (shard, producer, idx) IN (SELECT shard, producer, idx FROM producers WHERE shard = :id AND :closed ${some})`),
      db.prepare(
        `DELETE FROM steps WHERE (shard, producer, idx, epoch, sequence) IN (SELECT shard, producer, idx, epoch, sequence FROM steps WHERE shard = :id AND :closed ${some})`,
      ),
    ];
    for (const removal of this.#removals) removal.setAllowUnknownNamedParameters(true);
  }

  writeShard(shard: LocalShard): void {
    const { head, id } = shard;
    // Should this transaction fail, the next one finds some times too high, which readers of `time_so_far` allow for.
    for (const entry of shard.waiting) this.#writeEntry(id, entry, shard.maxTimesMs);
    for (const state of shard.waitingStates.values()) this.#writeProducer(id, state);
    for (const [name, step] of shard.waitingSteps) {
      const [producerId = "", index = "", epoch = "", sequence = ""] = name.split("/");
      const bases = JSON.stringify(step.parts.map((part) => [part.index, part.baseOffset]));
      const column = index === "null" ? -1 : Number(index);
      this.#step.run(id, BigInt(producerId), column, Number(epoch), Number(sequence), step.count, step.crc, step.seq, bases);
    }
    const maxTimesMs = head.highWatermarks.map((_, index) => shard.maxTimesMs[index] ?? Number.MIN_SAFE_INTEGER);
    const lists = [head.highWatermarks, head.startOffsets, maxTimesMs].map((list) => JSON.stringify(list));
    this.#shard.run(id, shardName(shard.key), head.partitions, head.layout, head.seq, head.startSeq, Number(head.isClosed), ...lists);
    if (shard.hasGarbage) this.#sweep.run(id);
  }

  writeApplied(position: number): void {
    this.#applied.run(position);
  }

  /** Removes some rows of trimmed and closed shards. */
  sweep(): void {
    const row = this.#sweeps.get();
    if (row === undefined) return;
    const { id = null, start = null, closed = null, offsets = null } = row;
    let removed = 0;
    for (const removal of this.#removals) removed += Number(removal.run({ id, start, closed, offsets }).changes);
    if (removed === 0) this.#swept.run(id);
  }

  /** Raises `maxTimesMs` on its way. */
  #writeEntry(id: number, entry: StoredEntry, maxTimesMs: number[]): void {
    this.#entry.run(id, entry.seq, entry.position, packParts(entry.parts));
    for (const part of entry.parts) {
      const soFar = Math.max(maxTimesMs[part.index] ?? Number.MIN_SAFE_INTEGER, part.maxTimestampMs);
      maxTimesMs[part.index] = soFar;
      this.#part.run(id, part.index, part.baseOffset, entry.seq, part.maxTimestampMs, soFar);
    }
  }

  #writeProducer(id: number, state: ProducerState): void {
    const { producerId, epoch, sequence, count, crc, layout } = state;
    const index = indexColumn(state.index);
    this.#producer.run(id, producerId, index, epoch, sequence, count, crc, layout);
    // Older epochs are fenced: nobody can retry their steps.
    if (epoch > 0) this.#oldSteps.run(id, producerId, index, epoch);
  }
}
