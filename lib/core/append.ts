import type { AppendedPart, Entry, EntryPart, Guards, ProducerState, ProducerStep } from "../ports/journal.ts";
import { LogError, type Outcome } from "./errors.ts";
import { limits } from "./limits.ts";

/** What an append is decided on: one shard, as of its newest committed entry (or the entry before it in the same group). */
export interface ShardView {
  readonly partitions: number;
  readonly layout: number;
  readonly highWatermarks: readonly number[];
  /** Whether `committed` may have forgotten a step, with its entry. */
  readonly forgets: boolean;
  producer(producerId: bigint, index: number | null): ProducerState | undefined;
  /** The step of that producer that starts at this sequence in this epoch, if the log has it. */
  committed(producerId: bigint, index: number | null, epoch: number, sequence: number): CommittedStep | undefined;
}

export interface CommittedStep {
  readonly count: number;
  readonly crc: number;
  /** The entry that holds it. */
  readonly seq: number;
  readonly parts: readonly { readonly index: number; readonly baseOffset: number }[];
}

export interface AppendDecision {
  /** The parts to commit: those that are no duplicates. Empty: nothing to write. */
  readonly parts: readonly EntryPart[];
  /** The answer, one for each part of the asked entry. */
  readonly answer: readonly AppendedPart[];
  /** The producers' new states. */
  readonly producers: readonly ProducerState[];
  /** The entry that holds the first duplicate, when there is one. */
  readonly duplicateSeq: number | undefined;
}

/** Decides one append, without any effect. The rules are the contract of `Journal.append`. @throws LogError, not applied, but for a step that may have been committed before what was trimmed */
export function decideAppend(view: ShardView, entry: Entry, guards: Guards = {}): AppendDecision {
  checkEntry(view, entry);
  if (guards.layout !== undefined && guards.layout !== view.layout) {
    throw new LogError("conflict", "The topic's partitions changed while this request ran: send it again.", { retryAfterMs: 0 });
  }
  const duplicates = new Map<number, number>();
  const producers: ProducerState[] = [];
  let duplicateSeq: number | undefined;
  for (const step of guards.producers ?? []) {
    const first = checkStep(view, step);
    if (first === undefined) {
      producers.push(stateAfter(step, view.layout));
      continue;
    }
    duplicateSeq ??= first.seq;
    for (const index of partsOf(step, entry, guards)) duplicates.set(index, firstOffset(first, index));
  }
  const parts = entry.parts.filter((part) => !duplicates.has(part.index));
  checkExpected(view, parts, guards);
  const answer = entry.parts.map(({ index }) => {
    const baseOffset = duplicates.get(index);
    return baseOffset === undefined
      ? { index, baseOffset: at(view.highWatermarks, index), duplicate: false }
      : { index, baseOffset, duplicate: true };
  });
  return { parts, answer, producers, duplicateSeq };
}

function checkEntry(view: ShardView, entry: Entry): void {
  let last = -1;
  for (const part of entry.parts) {
    if (part.index >= view.partitions) {
      throw new LogError("unknown_topic_or_partition", `The shard has ${view.partitions} partitions, not index ${part.index}.`);
    }
    if (part.index <= last || part.records < 1)
      throw new LogError("invalid_request", "An entry's parts must ascend by index and hold records.");
    last = part.index;
  }
  if (last < 0) throw new LogError("invalid_request", "An entry needs at least one part.");
}

/** The committed step when this one is its retry, undefined when it is new. */
function checkStep(view: ShardView, step: ProducerStep): CommittedStep | undefined {
  const state = view.producer(step.producerId, step.index);
  if (state === undefined) return undefined;
  const who = `Producer ${step.producerId} (epoch ${step.epoch})`;
  if (step.epoch < state.epoch) {
    throw new LogError("producer_fenced", `${who} was replaced by epoch ${state.epoch}: stop it, or start it anew with a higher epoch.`, {
      details: { currentEpoch: state.epoch },
    });
  }
  if (step.epoch > state.epoch) {
    if (step.index === null || step.sequence === 0) return undefined;
    throw outOfOrder(`${who} is new here and has to start at sequence 0, not ${step.sequence}.`, 0);
  }
  const next = nextSequence(state);
  const fresh = step.index === null ? step.sequence > state.sequence : step.sequence === next;
  if (fresh) return undefined;
  const first = view.committed(step.producerId, step.index, step.epoch, step.sequence);
  if (first === undefined) {
    if (view.forgets) {
      throw outOfOrder(
        `${who} sent sequence ${step.sequence}; the next one is ${next}. It cannot be added now; whether it was before is no longer known.`,
        next,
        "unknown",
      );
    }
    throw outOfOrder(`${who} sent sequence ${step.sequence}; the next one is ${next}. It is not in the log and cannot be added now.`, next);
  }
  if (first.crc !== step.crc || first.count !== step.count) {
    throw new LogError("sequence_reused", `${who} used sequence ${step.sequence} before, for other records: take ${next}.`, {
      details: { nextSequence: next },
    });
  }
  return first;
}

function outOfOrder(message: string, nextSequence: number, outcome: Outcome = "not-applied"): LogError {
  return new LogError("out_of_order_sequence", message, { outcome, details: { nextSequence } });
}

/** The lowest sequence that a producer can use next; Kafka's wraps to 0. */
function nextSequence(state: ProducerState): number {
  const next = state.sequence + state.count;
  return state.index === null ? next : next % (limits.producerSequenceMax + 1);
}

function stateAfter(step: ProducerStep, layout: number): ProducerState {
  const { producerId, epoch, index, sequence, count, crc } = step;
  return { producerId, epoch, index, sequence, count, crc, layout };
}

function partsOf(step: ProducerStep, entry: Entry, guards: Guards): readonly number[] {
  if (step.index !== null) return [step.index];
  const counted = new Set(guards.producers?.map((other) => other.index));
  return entry.parts.map((part) => part.index).filter((index) => !counted.has(index));
}

function firstOffset(first: CommittedStep, index: number): number {
  const part = first.parts.find((candidate) => candidate.index === index);
  if (part === undefined) {
    throw new LogError("conflict", "This producer sequence was committed when the topic had other partitions: send it to those.");
  }
  return part.baseOffset;
}

function checkExpected(view: ShardView, parts: readonly EntryPart[], guards: Guards): void {
  for (const { index, offset } of guards.expected ?? []) {
    const actualOffset = at(view.highWatermarks, index);
    if (actualOffset === offset || !parts.some((part) => part.index === index)) continue;
    throw new LogError("wrong_expected_offset", `The next offset is ${actualOffset}, not ${offset}: read up to it and decide again.`, {
      details: { actualOffset },
    });
  }
}

function at(numbers: readonly number[], index: number): number {
  const value = numbers[index];
  if (value === undefined) throw new LogError("internal", `no partition at index ${index}`);
  return value;
}
