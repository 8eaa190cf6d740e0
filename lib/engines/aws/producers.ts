import type { CommittedStep } from "../../core/append.ts";
import { limits } from "../../core/limits.ts";
import { LogError } from "../../core/errors.ts";
import type { ProducerStep, ShardKey } from "../../ports/journal.ts";
import type { Heads } from "./heads.ts";
import type { Head, PlacedEntry } from "./items/head.ts";
import { stateName, type StoredState } from "./items/producer-state.ts";
import { decodeSpilled } from "./items/spilled-producer.ts";
import { decodeSteps, type StoredStep } from "./items/steps.ts";
import { spilledPk, spilledPrefix, spilledSk } from "./keys.ts";
import { PayloadGone, type Payloads } from "./payloads.ts";
import type { Reader } from "./reader.ts";
import { repeat, type Context } from "./context.ts";

/** Finds what a shard knows of its producers: in the head, among the spilled states, and older steps by following each to the one before it. */
export class Producers {
  readonly #context: Context;
  readonly #heads: Heads;
  readonly #reader: Reader;
  readonly #payloads: Payloads;

  constructor(parts: { readonly context: Context; readonly heads: Heads; readonly reader: Reader; readonly payloads: Payloads }) {
    this.#context = parts.context;
    this.#heads = parts.heads;
    this.#reader = parts.reader;
    this.#payloads = parts.payloads;
  }

  /** A state that is not in the head, by a strongly consistent read. */
  async spilled(shard: ShardKey, { producerId, index }: Pick<ProducerStep, "producerId" | "index">): Promise<StoredState | undefined> {
    const item = await repeat(this.#context, () => this.#context.table.get({ pk: spilledPk(shard), sk: spilledSk(producerId, index) }));
    return item === undefined ? undefined : decodeSpilled(item);
  }

  /** All states of a producer, by strongly consistent reads. */
  async all(shard: ShardKey, head: Head, producerId: bigint): Promise<readonly StoredState[]> {
    const { table } = this.#context;
    const request = { pk: spilledPk(shard), prefix: spilledPrefix(producerId), limit: limits.partitionsPerShardMax + 1 };
    const { items } = await repeat(this.#context, () => table.query(request));
    const states = new Map(items.map(decodeSpilled).map((state) => [stateName(state.producerId, state.index), state]));
    for (const index of [null, ...Array(limits.partitionsPerShardMax).keys()]) {
      const name = stateName(producerId, index);
      const state = head.state(name);
      if (state !== undefined) states.set(name, state);
    }
    return [...states.values()];
  }

  /** An older step of the newest state's epoch; undefined when the journal has it not. */
  async olderStep(shard: ShardKey, head: Head, state: StoredState, step: ProducerStep): Promise<CommittedStep | undefined> {
    const distance = distanceBack(state, step.sequence);
    const { seq: startSeq } = await this.#heads.freshStart(shard);
    let seq: number | undefined = state.seq;
    while (seq !== undefined && seq >= startSeq) {
      const found: FoundStep | undefined = await this.#stepAt(shard, head, seq, step);
      if (found?.step.epoch !== step.epoch) return undefined;
      const { entry, step: stored } = found;
      if (stored.sequence === step.sequence) return { count: stored.count, crc: stored.crc, seq, parts: basesOf(entry) };
      if (distanceBack(state, stored.sequence) > distance) return undefined;
      seq = stored.previousSeq;
    }
    return undefined;
  }

  /** Whether a shard has lost entries, and their steps with them. */
  async isTrimmed(shard: ShardKey): Promise<boolean> {
    return (await this.#heads.freshStart(shard)).seq > 0;
  }

  async #stepAt(shard: ShardKey, head: Head, seq: number, { producerId, index }: ProducerStep): Promise<FoundStep | undefined> {
    try {
      const entry = await this.#reader.entry(shard, head, seq);
      const steps = decodeSteps(await this.#payloads.readSteps(shard, entry.stored));
      const step = steps.find((each) => each.producerId === producerId && each.index === index);
      if (step === undefined) throw new LogError("corrupt_log", `Entry ${seq} lacks the step of producer ${producerId} that led to it.`);
      return { entry, step };
    } catch (reason) {
      const isTrimmed = reason instanceof PayloadGone || (reason instanceof LogError && reason.code === "offset_out_of_range");
      if (isTrimmed && seq < (await this.#heads.freshStart(shard)).seq) return undefined;
      throw LogError.from(reason);
    }
  }
}

interface FoundStep {
  readonly entry: PlacedEntry;
  readonly step: StoredStep;
}

function basesOf({ stored, bases }: PlacedEntry): readonly { readonly index: number; readonly baseOffset: number }[] {
  return stored.parts.map(({ index }, nth) => ({ index, baseOffset: bases[nth] ?? 0 }));
}

/** How far a sequence lies before the newest one. Kafka's wrap to 0, so one ahead of it seems very far; nothing that far back can be told from it. */
function distanceBack(state: StoredState, sequence: number): number {
  if (state.index === null) return state.sequence - sequence;
  const range = limits.producerSequenceMax + 1;
  return (state.sequence - sequence + range) % range;
}

/** Whether a step is an earlier one than the state's, of its epoch: then its first answer has to be looked for. */
export function isOlder(state: StoredState, step: ProducerStep): boolean {
  if (step.epoch !== state.epoch || step.sequence === state.sequence) return false;
  const distance = distanceBack(state, step.sequence);
  return distance > 0 && distance <= limits.producerSequenceMax / 2;
}
