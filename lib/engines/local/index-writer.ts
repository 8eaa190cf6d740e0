import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ProducerState } from "../../ports/journal.ts";
import { packChunks } from "./chunk.ts";
import { indexColumn } from "./index-reader.ts";
import { shardName } from "./journal-op.ts";
import type { LocalShard } from "./local-shard.ts";
import type { Row } from "./row.ts";

interface StepKey extends Record<string, bigint> {
  readonly producer: bigint;
  readonly idx: bigint;
  readonly epoch: bigint;
  readonly sequence: bigint;
}

interface StepSweep {
  /** Steps of entries below this number go. */
  readonly start: number;
  readonly after: StepKey;
}

/** Ids are signed, and -1 is an index, too. */
const beforeAllSteps: StepKey = { producer: -(2n ** 63n), idx: -2n, epoch: -1n, sequence: -1n };

/** Rows that one flush removes, or goes over, at most, so that the end of a large shard, or of a producer's long epoch, does not hold up appends. */
const sweptRowsMax = 2_000;

/** Writes what waits in memory to the index. Every method runs inside the caller's transaction. */
export class IndexWriter {
  readonly #shard: StatementSync;
  readonly #chunk: StatementSync;
  readonly #producer: StatementSync;
  readonly #step: StatementSync;
  readonly #oldSteps: StatementSync;
  readonly #applied: StatementSync;
  readonly #sweep: StatementSync;
  readonly #sweeps: StatementSync;
  readonly #sweepOf: StatementSync;
  readonly #swept: StatementSync;
  readonly #removals: readonly StatementSync[];
  readonly #lastOfSteps: StatementSync;
  readonly #forgottenSteps: StatementSync;
  /** How far the steps of trimmed shards have been gone over, by shard. */
  readonly #stepSweeps = new Map<number, StepSweep>();

  constructor(db: DatabaseSync) {
    this.#shard = db.prepare("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#chunk = db.prepare("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?)");
    this.#producer = db.prepare("INSERT OR REPLACE INTO producers VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#step = db.prepare("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#applied = db.prepare("UPDATE meta SET applied = ?");
    this.#sweep = db.prepare("INSERT OR IGNORE INTO sweeps VALUES (?)");
    const sweeps = "SELECT w.shard AS id, s.start_seq AS start, s.closed AS closed FROM sweeps w JOIN shards s ON s.id = w.shard";
    this.#sweeps = db.prepare(`${sweeps} LIMIT 1`);
    this.#sweepOf = db.prepare(`${sweeps} WHERE w.shard = ?`);
    this.#swept = db.prepare("DELETE FROM sweeps WHERE shard = ?");
    const some = `LIMIT ${sweptRowsMax}`;
    this.#oldSteps = db.prepare(
      `DELETE FROM steps WHERE (shard, producer, idx, epoch, sequence) IN (SELECT shard, producer, idx, epoch, sequence FROM steps WHERE shard = ? AND producer = ? AND idx = ? AND epoch < ? ${some})`,
    );
    this.#removals = [
      db.prepare(
        `DELETE FROM chunks WHERE (shard, seq) IN (SELECT shard, seq FROM chunks WHERE shard = :id AND seq < :start AND next <= :start ${some})`,
      ),
      db.prepare(
        `DELETE FROM producers WHERE (shard, producer, idx) IN (SELECT shard, producer, idx FROM producers WHERE shard = :id AND :closed ${some})`,
      ),
      db.prepare(
        `DELETE FROM steps WHERE (shard, producer, idx, epoch, sequence) IN (SELECT shard, producer, idx, epoch, sequence FROM steps WHERE shard = :id AND :closed ${some})`,
      ),
    ];
    const key = "(producer, idx, epoch, sequence)";
    const run = `shard = :id AND ${key} > (:producer, :idx, :epoch, :sequence)`;
    this.#lastOfSteps = db.prepare(
      `SELECT * FROM (SELECT producer, idx, epoch, sequence FROM steps WHERE ${run} ORDER BY producer, idx, epoch, sequence ${some}) ORDER BY producer DESC, idx DESC, epoch DESC, sequence DESC LIMIT 1`,
    );
    // Ids take all of 64 bits.
    this.#lastOfSteps.setReadBigInts(true);
    const isNewest =
      "EXISTS (SELECT 1 FROM producers p WHERE p.shard = s.shard AND p.producer = s.producer AND p.idx = s.idx AND p.epoch = s.epoch AND p.sequence = s.sequence)";
    this.#forgottenSteps = db.prepare(
      `DELETE FROM steps AS s WHERE ${run} AND ${key} <= (:toProducer, :toIdx, :toEpoch, :toSequence) AND seq < :start AND NOT ${isNewest}`,
    );
    for (const removal of this.#removals) removal.setAllowUnknownNamedParameters(true);
  }

  writeShard(shard: LocalShard): void {
    const { head, id } = shard;
    // Should this transaction fail, the next one finds some times too high, which readers of them allow for.
    const highWatermarks = startsOf(shard);
    for (const chunk of packChunks(shard.waiting, highWatermarks, shard.maxTimesMs)) {
      this.#chunk.run(id, chunk.seq, chunk.next, chunk.after, chunk.entries);
    }
    for (const state of shard.waitingStates.values()) this.#writeProducer(id, state);
    for (const [name, step] of shard.waitingSteps) {
      const [producerId = "", index = "", epoch = "", sequence = ""] = name.split("/");
      const bases = JSON.stringify(step.parts.map((part) => [part.index, part.baseOffset]));
      const column = index === "null" ? -1 : Number(index);
      this.#step.run(id, BigInt(producerId), column, Number(epoch), Number(sequence), step.count, step.crc, step.seq, bases);
    }
    if (!shard.hasNewShape) return;
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
    this.#remove(this.#sweeps.get());
  }

  /** Removes some rows of one. @returns whether there may be more */
  sweepShard(id: number): boolean {
    return this.#remove(this.#sweepOf.get(id));
  }

  #remove(row: Row | undefined): boolean {
    if (row === undefined) return false;
    const { id = null, start = null, closed = null } = row;
    let removed = 0;
    for (const removal of this.#removals) removed += Number(removal.run({ id, start, closed }).changes);
    const hasMore = removed > 0 || this.#forgetSteps(Number(id), Number(start));
    if (!hasMore) this.#swept.run(id);
    return hasMore;
  }

  /** Goes over some of a shard's steps: those of trimmed entries go, but for each producer's newest. @returns whether there are more to go over */
  #forgetSteps(id: number, startSeq: number): boolean {
    const { start, after } = this.#stepSweeps.get(id) ?? { start: startSeq, after: beforeAllSteps };
    const last = this.#lastOfSteps.get({ id, ...after }) as unknown as StepKey | undefined;
    if (last === undefined) {
      this.#stepSweeps.delete(id);
      // It was trimmed further meanwhile.
      return start < startSeq;
    }
    const { producer: toProducer, idx: toIdx, epoch: toEpoch, sequence: toSequence } = last;
    this.#forgottenSteps.run({ id, start, ...after, toProducer, toIdx, toEpoch, toSequence });
    this.#stepSweeps.set(id, { start, after: { ...last } });
    return true;
  }

  #writeProducer(id: number, state: ProducerState): void {
    const { producerId, epoch, sequence, count, crc, layout } = state;
    const index = indexColumn(state.index);
    this.#producer.run(id, producerId, index, epoch, sequence, count, crc, layout);
    // Older epochs are fenced: nobody can retry their steps. What is left of them now goes with later ones, or with the shard.
    if (epoch > 0) this.#oldSteps.run(id, producerId, index, epoch);
  }
}

/** By index: the next offset before the first entry that waits. */
function startsOf({ head, waiting }: LocalShard): number[] {
  const starts = [...head.highWatermarks];
  for (let nth = waiting.length - 1; nth >= 0; nth--) {
    for (const part of waiting[nth]?.parts ?? []) starts[part.index] = part.baseOffset;
  }
  return starts;
}
