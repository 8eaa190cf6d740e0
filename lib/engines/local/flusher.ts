import type { DatabaseSync } from "node:sqlite";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { CatalogItems } from "./catalog-items.ts";
import { indexTransaction, isFullDatabase } from "./index-schema.ts";
import { IndexWriter } from "./index-writer.ts";
import type { LocalShard } from "./local-shard.ts";

/** A round writes the shards that were dirty when it began, in this many transactions or more. */
const stepsOfRound = 64;
/** What one step writes when somebody waits for the index. */
const pushedOps = 1_024;
/** When appends are refused since the index is full, one in so many tries whether it still is. */
const refusalsPerTry = 32;

interface Round {
  /** What is still to be written, the next one last. */
  readonly shards: LocalShard[];
  /** The journal up to here is in the index when the round is done. */
  readonly position: number;
}

/**
 * Moves what is durable in the journal into the index, in rounds. A round is cut into short transactions, one after each commit group,
 * so that no append waits long; shards go in the order of their ids, so that those that are neighbours in the index share its pages.
 * The index's position moves when the round is done; whatever of it a crash finds in the index is replayed and found to be there.
 */
export class Flusher {
  readonly #db: DatabaseSync;
  readonly #writer: IndexWriter;
  readonly #items: CatalogItems;
  readonly #opsMax: number;
  readonly #settle: (shard: LocalShard) => void;
  readonly #dirty = new Set<LocalShard>();
  #round: Round | undefined;
  #waitingOps = 0;
  #roundOps = 0;
  #waitingBytes = 0;
  #failure: unknown;
  /** After a failure: how much has to wait before the next try. */
  #retryAtOps = 0;
  #refusals = 0;

  /** @param settle called with each shard whose waiting state has become part of the index */
  constructor(db: DatabaseSync, items: CatalogItems, opsMax: number, settle: (shard: LocalShard) => void) {
    this.#db = db;
    this.#writer = new IndexWriter(db);
    this.#items = items;
    this.#opsMax = opsMax;
    this.#settle = settle;
  }

  add(shard: LocalShard): void {
    this.#dirty.add(shard);
  }

  count(ops: number, bytes: number): void {
    this.#waitingOps += ops;
    this.#waitingBytes += bytes;
  }

  /** @throws storage_full, unavailable */
  checkRoom(): void {
    if (this.#waitingOps + this.#roundOps < limits.localUnindexedOpsRefuse || this.#failure === undefined) return;
    const isFull = isFullDatabase(this.#failure);
    // Nothing is appended any more, so nothing else tries again; a try with so much to write takes its time.
    if (this.#refusals++ % refusalsPerTry === 0) this.#try(Number.POSITIVE_INFINITY);
    if (this.#failure === undefined) return;
    throw new LogError(
      isFull ? "storage_full" : "unavailable",
      isFull ? "The disk is full: make room, then send it again." : "The log's index cannot be written: look at the data folder's disk.",
      { cause: this.#failure },
    );
  }

  /**
   * Goes on with the round, or begins one when enough waits. A failure loses nothing: it is tried again when as much again waits.
   * @param ops how many came in since the last step
   */
  step(position: number, ops: number): void {
    const isDue = this.#waitingOps >= this.#opsMax || this.#waitingBytes >= limits.localUnindexedBytesMax;
    if (this.#round === undefined && isDue) this.#begin(position);
    if (this.#waitingOps < this.#retryAtOps) return;
    // More than comes in, or rounds would grow.
    this.#try(Math.max(Math.ceil(this.#opsMax / stepsOfRound), 2 * ops));
  }

  /**
   * One step towards an index that has all that is durable now, whether it is due or not.
   * @returns false when nothing waits
   * @throws what SQLite throws: nothing is lost
   */
  push(position: number): boolean {
    if (this.#round === undefined && this.#waitingOps === 0) return false;
    this.#write(this.#round ?? this.#begin(position), pushedOps);
    return true;
  }

  /** Removes some rows of a trimmed or closed shard. @returns whether there may be more */
  sweep(shardId: number): boolean {
    return indexTransaction(this.#db, () => this.#writer.sweepShard(shardId));
  }

  #try(opsMax: number): void {
    if (this.#round === undefined) return;
    try {
      this.#write(this.#round, opsMax);
      this.#failure = undefined;
      this.#retryAtOps = 0;
    } catch (reason) {
      this.#failure = reason;
      this.#retryAtOps = this.#waitingOps + this.#opsMax;
    }
  }

  /** Writes everything, if it can be written. */
  finish(position: number): void {
    try {
      if (this.#round !== undefined) this.#write(this.#round, Number.POSITIVE_INFINITY);
      if (this.#waitingOps === 0) return;
      this.#write(this.#begin(position), Number.POSITIVE_INFINITY);
    } catch (reason) {
      this.#failure = reason;
    }
  }

  #begin(position: number): Round {
    const round = { shards: [...this.#dirty].sort((a, b) => b.id - a.id), position };
    this.#round = round;
    this.#roundOps = this.#waitingOps;
    this.#waitingOps = 0;
    this.#waitingBytes = 0;
    return round;
  }

  #write(round: Round, opsMax: number): void {
    const { shards, position } = round;
    const written: LocalShard[] = [];
    const isLast = indexTransaction(this.#db, () => {
      for (let ops = 0; ops < opsMax && written.length < shards.length; ) {
        const shard = shards[shards.length - 1 - written.length];
        if (shard === undefined) break;
        this.#writer.writeShard(shard);
        written.push(shard);
        ops += shard.waiting.length + 1;
      }
      if (written.length < shards.length) return false;
      this.#items.write();
      this.#writer.sweep();
      this.#writer.writeApplied(position);
      return true;
    });
    shards.length -= written.length;
    for (const shard of written) {
      this.#dirty.delete(shard);
      this.#settle(shard);
    }
    if (!isLast) return;
    this.#items.settle();
    this.#round = undefined;
    this.#roundOps = 0;
  }
}
