import type { DatabaseSync } from "node:sqlite";
import type { CommittedStep } from "../../core/append.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import { BoundedMap } from "./bounded-map.ts";
import { CatalogItems } from "./catalog-items.ts";
import { IndexReader } from "./index-reader.ts";
import { isFullDatabase } from "./index-schema.ts";
import { IndexWriter } from "./index-writer.ts";
import { type JournalOp, payloadBytes, type ShardOp, shardName } from "./journal-op.ts";
import { LocalShard, stateName, stepName } from "./local-shard.ts";
import { emptyHead } from "./shard-head.ts";

/**
 * All that is durable: the index, and over it what the journal has and the index has not yet. Only operations that the journal holds
 * durably are applied, in its order. Memory is bounded by what waits for the index and by two caches.
 */
export class LocalState {
  readonly items: CatalogItems;
  readonly index: IndexReader;
  readonly #db: DatabaseSync;
  readonly #writer: IndexWriter;
  readonly #shards = new BoundedMap<LocalShard>(limits.localShardsCachedMax, (shard) => !shard.isDirty);
  readonly #producers = new BoundedMap<ProducerState>(limits.localProducersCachedMax);
  readonly #dirty = new Set<LocalShard>();
  readonly #unindexedOpsMax: number;
  #nextShardId: number;
  /** Everything before this journal position is applied. */
  #position: number;
  #waitingOps = 0;
  #waitingBytes = 0;
  #nextFlushOps: number;
  #flushFailure: unknown;

  constructor(db: DatabaseSync, options: { readonly unindexedOpsMax?: number } = {}) {
    this.#db = db;
    this.index = new IndexReader(db);
    this.#writer = new IndexWriter(db);
    this.items = new CatalogItems(db);
    this.#unindexedOpsMax = options.unindexedOpsMax ?? limits.localUnindexedOpsMax;
    this.#nextFlushOps = this.#unindexedOpsMax;
    const { applied, lastShardId } = this.index.meta();
    this.#position = applied;
    this.#nextShardId = lastShardId + 1;
  }

  get position(): number {
    return this.#position;
  }

  /** The shard, also a closed one; undefined when it was never opened. */
  shard(key: ShardKey): LocalShard | undefined {
    const name = shardName(key);
    const cached = this.#shards.get(name);
    if (cached !== undefined) return cached;
    const found = this.index.shard(name);
    if (found === undefined) return undefined;
    const shard = new LocalShard({ topicId: key.topicId, shard: key.shard }, found.id, found.head, found.maxTimesMs);
    this.#shards.set(name, shard);
    return shard;
  }

  producer(shard: LocalShard, producerId: bigint, index: number | null): ProducerState | undefined {
    const name = stateName(producerId, index);
    const waiting = shard.waitingStates.get(name);
    if (waiting !== undefined) return waiting;
    const cacheName = `${shard.id}/${name}`;
    const cached = this.#producers.get(cacheName);
    if (cached !== undefined) return cached;
    const state = this.index.producer(shard.id, producerId, index);
    if (state !== undefined) this.#producers.set(cacheName, state);
    return state;
  }

  /** One producer's states, of every way of counting. */
  producers(shard: LocalShard, producerId: bigint): readonly ProducerState[] {
    const states = new Map(this.index.producers(shard.id, producerId).map((state) => [stateName(producerId, state.index), state]));
    for (const [name, state] of shard.waitingStates) if (state.producerId === producerId) states.set(name, state);
    return [...states.values()];
  }

  step(shard: LocalShard, producerId: bigint, index: number | null, epoch: number, sequence: number): CommittedStep | undefined {
    const waiting = shard.waitingSteps.get(stepName(producerId, index, epoch, sequence));
    return waiting ?? this.index.step(shard.id, producerId, index, epoch, sequence);
  }

  /** @throws storage_full, unavailable when so much waits for an index that cannot be written that no more may */
  checkRoom(): void {
    if (this.#waitingOps < limits.localUnindexedOpsRefuse) return;
    const isFull = isFullDatabase(this.#flushFailure);
    throw new LogError(
      isFull ? "storage_full" : "unavailable",
      isFull ? "The disk is full: make room, then send it again." : "The log's index cannot be written: look at the data folder's disk.",
      { cause: this.#flushFailure },
    );
  }

  /**
   * One durable frame's operations.
   * @param payloadPosition where the frame's payload starts in the journal
   * @param end where the frame ends
   */
  apply(ops: readonly JournalOp[], payloadPosition: number, end: number): void {
    let position = payloadPosition;
    for (const op of ops) {
      if (op.kind === "put" || op.kind === "delete") this.items.apply(op);
      else this.#applyToShard(op, position);
      position += payloadBytes(op);
    }
    this.#waitingOps += ops.length;
    this.#waitingBytes += end - this.#position;
    this.#position = end;
    if (this.#waitingOps >= this.#nextFlushOps || this.#waitingBytes >= limits.localUnindexedBytesMax) this.tryFlush();
  }

  /** Writes all that waits to the index, in one transaction with the journal position. @throws what SQLite throws; nothing is lost then */
  flush(): void {
    if (this.#waitingOps === 0) return;
    this.#db.exec("BEGIN");
    try {
      for (const shard of this.#dirty) this.#writer.writeShard(shard);
      this.items.write();
      this.#writer.sweep();
      this.#writer.writeApplied(this.#position);
      this.#db.exec("COMMIT");
    } catch (reason) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw reason;
    }
    for (const shard of this.#dirty) this.#settle(shard);
    this.#dirty.clear();
    this.items.settle();
    this.#waitingOps = 0;
    this.#waitingBytes = 0;
    this.#nextFlushOps = this.#unindexedOpsMax;
    this.#flushFailure = undefined;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** A failure keeps everything in memory: the journal has it, and the next group tries again. */
  tryFlush(): void {
    try {
      this.flush();
    } catch (reason) {
      this.#flushFailure = reason;
      this.#waitingBytes = 0;
      this.#nextFlushOps = this.#waitingOps + this.#unindexedOpsMax;
    }
  }

  #applyToShard(op: ShardOp, position: number): void {
    const shard = this.shard(op.shard) ?? this.#newShard(op.shard);
    shard.apply(op, position);
    this.#dirty.add(shard);
  }

  #newShard(key: ShardKey): LocalShard {
    const shard = new LocalShard({ topicId: key.topicId, shard: key.shard }, this.#nextShardId++, emptyHead(), []);
    // Dirty before it is cached, so that a full cache does not drop it at once.
    shard.isDirty = true;
    this.#shards.set(shardName(key), shard);
    return shard;
  }

  #settle(shard: LocalShard): void {
    for (const [name, state] of shard.waitingStates) this.#producers.set(`${shard.id}/${name}`, state);
    shard.settle();
  }
}
