import type { CommittedStep, ShardView } from "../../core/append.ts";
import type { CatalogKey } from "../../ports/catalog.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import { offsetBefore } from "./entry-lookup.ts";
import { type JournalOp, type ShardOp, shardName } from "./journal-op.ts";
import { type LocalShard, stateName, stepName, stepOf } from "./local-shard.ts";
import type { LocalState } from "./local-state.ts";
import { advance, copyHead, emptyHead, type HeadState } from "./shard-head.ts";

/** What the next operation of a group is decided on: the durable state, and over it what the group decided so far. */
export class GroupView {
  readonly #state: LocalState;
  readonly #drafts = new Map<string, DraftShard>();
  readonly #versions = new Map<string, number | undefined>();

  constructor(state: LocalState) {
    this.#state = state;
  }

  /** The shard, also a closed one; undefined when it was never opened. */
  shard(key: ShardKey): DraftShard | undefined {
    const name = shardName(key);
    const draft = this.#drafts.get(name);
    if (draft !== undefined) return draft;
    const durable = this.#state.shard(key);
    if (durable === undefined) return undefined;
    const made = new DraftShard(this.#state, durable, copyHead(durable.head));
    this.#drafts.set(name, made);
    return made;
  }

  /** The catalog item's version; undefined when there is none. */
  version(key: CatalogKey): number | undefined {
    const name = itemName(key);
    return this.#versions.has(name) ? this.#versions.get(name) : this.#state.items.version(key);
  }

  apply(ops: readonly JournalOp[]): void {
    for (const op of ops) {
      if (op.kind === "put") this.#versions.set(itemName(op.key), op.version);
      else if (op.kind === "delete") this.#versions.set(itemName(op.key), undefined);
      else this.#draft(op.shard).apply(op);
    }
  }

  #draft(key: ShardKey): DraftShard {
    const known = this.shard(key);
    if (known !== undefined) return known;
    const made = new DraftShard(this.#state, undefined, emptyHead());
    this.#drafts.set(shardName(key), made);
    return made;
  }
}

/** A shard as the group's earlier operations leave it. */
export class DraftShard implements ShardView {
  readonly head: HeadState;
  /** Entries numbered below this are durable. */
  readonly durableSeq: number;
  readonly #state: LocalState;
  readonly #durable: LocalShard | undefined;
  #states: Map<string, ProducerState> | undefined;
  #steps: Map<string, CommittedStep> | undefined;

  constructor(state: LocalState, durable: LocalShard | undefined, head: HeadState) {
    this.#state = state;
    this.#durable = durable;
    this.head = head;
    this.durableSeq = head.seq;
  }

  get partitions(): number {
    return this.head.partitions;
  }

  get layout(): number {
    return this.head.layout;
  }

  get highWatermarks(): readonly number[] {
    return this.head.highWatermarks;
  }

  get forgets(): boolean {
    return this.head.startSeq > 0;
  }

  producer(producerId: bigint, index: number | null): ProducerState | undefined {
    const fresh = this.#states?.get(stateName(producerId, index));
    if (fresh !== undefined || this.#durable === undefined) return fresh;
    return this.#state.producer(this.#durable, producerId, index);
  }

  committed(producerId: bigint, index: number | null, epoch: number, sequence: number): CommittedStep | undefined {
    const fresh = this.#steps?.get(stepName(producerId, index, epoch, sequence));
    if (fresh !== undefined || this.#durable === undefined) return fresh;
    const step = this.#state.step(this.#durable, producerId, index, epoch, sequence);
    if (step === undefined || step.seq >= this.head.startSeq) return step;
    // Trimmed: whether the index has its row still is left to chance, and no answer is.
    const newest = this.producer(producerId, index);
    return newest?.epoch === epoch && newest.sequence === sequence ? step : undefined;
  }

  /** The lowest offset of a partition that a trim to an entry number, of durable entries, leaves. */
  startOffsetFrom(index: number, toSeq: number): number {
    return this.#durable === undefined ? 0 : offsetBefore(this.#state.index, this.#durable, index, toSeq);
  }

  apply(op: ShardOp): void {
    advance(this.head, op);
    if (op.kind !== "append" || op.producers.length === 0) return;
    this.#states ??= new Map();
    this.#steps ??= new Map();
    for (const state of op.producers) {
      this.#states.set(stateName(state.producerId, state.index), state);
      this.#steps.set(stepName(state.producerId, state.index, state.epoch, state.sequence), stepOf(op, state));
    }
  }
}

function itemName({ pk, sk }: CatalogKey): string {
  return `${pk.length}/${pk}${sk}`;
}
