import type { DatabaseSync } from "node:sqlite";
import type { CommittedStep } from "../../core/append.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import { BoundedMap } from "./bounded-map.ts";
import { CatalogItems } from "./catalog-items.ts";
import type { CheckpointRecord } from "./checkpoint-record.ts";
import { CheckpointSource } from "./checkpoint-source.ts";
import { IndexReader, type NamedShard } from "./index-reader.ts";
import { Flusher } from "./flusher.ts";
import { type JournalOp, payloadBytes, type ShardOp, shardName } from "./journal-op.ts";
import { LocalShard, stateName, stepName } from "./local-shard.ts";
import { emptyHead, type HeadState } from "./shard-head.ts";

/**
 * All that is durable: the index, and over it what the journal has and the index has not yet. Only operations that the journal holds
 * durably are applied, in its order. Memory is bounded by what waits for the index and by two caches.
 */
export class LocalState {
  readonly items: CatalogItems;
  readonly index: IndexReader;
  readonly #db: DatabaseSync;
  readonly #shards = new BoundedMap<LocalShard>(limits.localShardsCachedMax, (shard) => !shard.isDirty);
  readonly #producers = new BoundedMap<ProducerState>(limits.localProducersCachedMax);
  readonly #flusher: Flusher;
  readonly #checkpoints: CheckpointSource;
  #nextShardId: number;
  /** Everything before this journal position is applied. */
  #position: number;

  constructor(db: DatabaseSync, options: { readonly unindexedOpsMax?: number } = {}) {
    this.#db = db;
    this.index = new IndexReader(db);
    this.items = new CatalogItems(db);
    this.#checkpoints = new CheckpointSource(db, this.index);
    this.#flusher = new Flusher(db, this.items, options.unindexedOpsMax ?? limits.localUnindexedOpsMax, (shard) => this.#settle(shard));
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
    this.#flusher.checkRoom();
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
    this.#flusher.count(ops.length, end - this.#position);
    this.#position = end;
    this.#flusher.step(end, ops.length);
  }

  /** Writes all that waits to the index, as far as that goes: what does not get in is replayed from the journal. */
  flush(): void {
    this.#flusher.finish(this.#position);
  }

  /** The index has the journal up to here. */
  get indexedPosition(): number {
    return this.index.meta().applied;
  }

  /** One step of writing all that waits to the index. @returns false when nothing waits. @throws what SQLite throws */
  push(): boolean {
    return this.#flusher.push(this.#position);
  }

  /** Removes some of the index's rows that a trim or the end of a shard made useless. @returns whether there may be more */
  sweep(shard: LocalShard): boolean {
    return this.#flusher.sweep(shard.id);
  }

  /** All that the index holds, as `CheckpointSource` has it. */
  records(): Iterable<readonly CheckpointRecord[]> {
    return this.#checkpoints.records();
  }

  /** The index's shards after one, some at a time. */
  shardsAfter(id: number): readonly NamedShard[] {
    return this.index.shardsAfter(id);
  }

  /** Where the oldest entry that is left of a shard begins in the journal; undefined when none is. */
  firstPosition(name: string): number | undefined {
    const found = this.#shards.peek(name);
    const shard = found ?? this.index.shard(name);
    if (shard === undefined || shard.head.isClosed || shard.head.startSeq >= shard.head.seq) return undefined;
    const waiting = found?.waiting[0];
    if (waiting !== undefined && waiting.seq <= shard.head.startSeq) return waiting.position;
    return this.index.chunks.fromSeq(shard.id, shard.head.startSeq, 1)[0]?.position ?? waiting?.position;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #applyToShard(op: ShardOp, position: number): void {
    const shard = this.shard(op.shard) ?? this.#newShard(op.shard);
    if (!isNews(op, shard.head)) return;
    shard.apply(op, position);
    this.#flusher.add(shard);
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

/**
 * False for what the index had already: its position is older than some of what it holds, so a start replays that again.
 * @throws corrupt_log when entries are missing between the two
 */
function isNews(op: ShardOp, head: HeadState): boolean {
  if (op.kind === "trim") return op.toSeq > head.startSeq;
  if (op.kind !== "append") return !head.isClosed;
  if (op.seq <= head.seq) return op.seq === head.seq && !head.isClosed;
  throw new LogError(
    "corrupt_log",
    `The index ends before entry ${head.seq} of shard ${shardName(op.shard)}, the journal goes on at ${op.seq}: delete index.db, it is made anew from the journal.`,
  );
}
