import type { CommittedStep } from "../../core/append.ts";
import type { ProducerState, ShardKey } from "../../ports/journal.ts";
import type { AppendOp, ShardOp } from "./journal-op.ts";
import { advance, type HeadState } from "./shard-head.ts";
import { StoredEntry } from "./stored-entry.ts";

// Most shards have nothing that waits most of the time, and there may be tens of thousands in memory: they share what is empty.
const noStates: ReadonlyMap<string, ProducerState> = new Map();
const noSteps: ReadonlyMap<string, CommittedStep> = new Map();

/** A shard's durable state in memory: its head, and what the index does not have yet. */
export class LocalShard {
  readonly key: ShardKey;
  readonly id: number;
  readonly head: HeadState;
  /** By index: the highest timestamp so far, as of the index. */
  readonly maxTimesMs: number[];
  /** By index: the next offset as of the index; what waits follows. */
  readonly indexedOffsets: number[];
  /** Entries that wait for the index, in order. */
  waiting: StoredEntry[] = [];
  waitingStates: ReadonlyMap<string, ProducerState> = noStates;
  waitingSteps: ReadonlyMap<string, CommittedStep> = noSteps;
  /** Something here is not in the index yet: it must stay in memory. */
  isDirty = false;
  /** More than appends has changed: the index needs the shard's own row too. */
  hasNewShape = false;
  /** The index has rows that a trim or the shard's end made useless. */
  hasGarbage = false;

  constructor(key: ShardKey, id: number, head: HeadState, maxTimesMs: number[]) {
    this.key = key;
    this.id = id;
    this.head = head;
    this.maxTimesMs = maxTimesMs;
    this.indexedOffsets = [...head.highWatermarks];
  }

  /** @param position of the entry's first byte, for an append */
  apply(op: ShardOp, position: number): void {
    advance(this.head, op);
    this.isDirty = true;
    this.hasNewShape ||= op.kind !== "append";
    this.hasGarbage ||= op.kind === "trim" || op.kind === "close";
    if (op.kind === "append") this.#append(op, position);
    if (op.kind === "trim") this.waiting = this.waiting.filter((entry) => entry.seq >= op.toSeq);
    if (op.kind === "close") this.#forget();
  }

  #append(op: AppendOp, position: number): void {
    this.waiting.push(new StoredEntry(op.seq, position, op.parts));
    if (op.producers.length === 0) return;
    const states = this.waitingStates === noStates ? new Map<string, ProducerState>() : (this.waitingStates as Map<string, ProducerState>);
    const steps = this.waitingSteps === noSteps ? new Map<string, CommittedStep>() : (this.waitingSteps as Map<string, CommittedStep>);
    for (const state of op.producers) {
      states.set(stateName(state.producerId, state.index), state);
      steps.set(stepName(state.producerId, state.index, state.epoch, state.sequence), stepOf(op, state));
    }
    this.waitingStates = states;
    this.waitingSteps = steps;
  }

  /** The index has it all. */
  settle(): void {
    this.#forget();
    this.head.highWatermarks.forEach((offset, index) => {
      this.indexedOffsets[index] = offset;
    });
    this.isDirty = false;
    this.hasNewShape = false;
    this.hasGarbage = false;
  }

  #forget(): void {
    if (this.waiting.length > 0) this.waiting = [];
    this.waitingStates = noStates;
    this.waitingSteps = noSteps;
  }
}

export function stepOf(op: Pick<AppendOp, "seq" | "parts">, state: ProducerState): CommittedStep {
  return { count: state.count, crc: state.crc, seq: op.seq, parts: op.parts };
}

/** A producer's way of counting in a shard, as a key of a map. */
export function stateName(producerId: bigint, index: number | null): string {
  return `${producerId}/${index}`;
}

export function stepName(producerId: bigint, index: number | null, epoch: number, sequence: number): string {
  return `${producerId}/${index}/${epoch}/${sequence}`;
}
