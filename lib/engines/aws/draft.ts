import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Appended, Entry, EntryPart, Guards, ShardKey } from "../../ports/journal.ts";
import type { Commit, StateChange } from "./commit-change.ts";
import type { Head, PlacedEntry } from "./items/head.ts";
import { encodePayload, type PayloadEntry, type PayloadSection } from "./items/payload.ts";
import { stateName } from "./items/producer-state.ts";
import type { StoredStep } from "./items/steps.ts";
import { encodeEntry, type PayloadPlace, type StoredEntry } from "./items/stored-entry.ts";
import { payloadIdOf } from "./keys.ts";
import type { Payloads } from "./payloads.ts";
import { type Decided, newSteps } from "./shard-view.ts";
import { newId, type Context } from "./context.ts";
import type { Tuning } from "./tuning.ts";
import { hourOf } from "./upkeep/epochs.ts";

/** One append on its way, decided on a head: it adds something. */
export interface Draft {
  readonly entry: Entry;
  readonly guards: Guards | undefined;
  readonly decided: Decided;
}

/** A payload that is stored, with what it was made for: an attempt that comes after a failed one takes it again if it still fits. */
export interface StoredPayload {
  readonly place: PayloadPlace;
  readonly sections: readonly PayloadSection[];
  readonly madeFor: string;
}

/** Whether one of its producers has no state in the head: then no roll may come between, and it is committed alone. */
export function isNewcomer(head: Head, { decided }: Draft): boolean {
  return decided.decision.producers.some(({ producerId, index }) => head.state(stateName(producerId, index)) === undefined);
}

/** Stores the drafts' bytes (P1), unless the payload at hand still fits. */
export async function storePayload(
  parts: { readonly context: Context; readonly payloads: Payloads },
  shard: ShardKey,
  head: Head,
  drafts: readonly Draft[],
  atHand: StoredPayload | undefined,
): Promise<StoredPayload> {
  const entries = drafts.map(payloadEntry);
  const madeFor = JSON.stringify(entries.map(({ parts: own, steps }) => [own.map(({ index }) => index), steps.map(stepFacts)]));
  if (atHand?.madeFor === madeFor && atHand.place.fenceEpoch > head.fence) return atHand;
  const id = payloadIdOf(newId(parts.context));
  const { bytes, sections } = encodePayload(id, entries);
  const hour = hourOf(parts.context.clock.nowMs());
  const place = {
    id,
    isObject: bytes.length > inlineBytesMax(parts.context.tuning, drafts),
    fenceEpoch: Math.max(hour, head.fence + 1, 0),
  };
  await parts.payloads.put(shard, place, bytes);
  return { place, sections, madeFor };
}

/** The drafts as one commit. */
export function commitOf(head: Head, drafts: readonly Draft[], payload: StoredPayload): Commit {
  const records = new Map<number, number>();
  const states: StateChange[] = [];
  const refs: Uint8Array[] = [];
  for (const [nth, draft] of drafts.entries()) {
    const { parts, producers } = draft.decided.decision;
    for (const state of producers) {
      const name = stateName(state.producerId, state.index);
      const indexes = state.index === null ? parts.map(({ index }) => index) : [state.index];
      states.push({ name, step: { ...state, indexes }, before: head.state(name), entriesAhead: nth, recordsAhead: new Map(records) });
    }
    refs.push(encodeEntry(storedEntry(parts, payload, nth)));
    for (const { index, records: count } of parts) records.set(index, (records.get(index) ?? 0) + count);
  }
  const isNew = states.some(({ before }) => before === undefined);
  return {
    refs,
    records,
    states,
    fenceEpoch: payload.place.fenceEpoch,
    epoch: head.epoch,
    gen: isNew ? head.gen : undefined,
    layout: drafts.find(({ guards }) => guards?.layout !== undefined)?.guards?.layout,
    expected: drafts.flatMap(({ guards, decided }) =>
      (guards?.expected ?? []).filter(({ index }) => decided.decision.parts.some((part) => part.index === index)),
    ),
  };
}

function storedEntry(parts: readonly EntryPart[], { place, sections }: StoredPayload, nth: number): StoredEntry {
  const section = sections[nth];
  if (section === undefined) throw new LogError("internal", `the payload has no entry ${nth}`);
  const stored = parts.map(({ index, records, maxTimestampMs, batches }) => ({ index, records, bytes: batches.length, maxTimestampMs }));
  return { payload: place, position: section.position, parts: stored, stepsBytes: section.stepsBytes };
}

/** The answer: duplicates at their first offsets, what was added at its own. */
export function answerOf({ decided }: Draft, { seq, stored, bases }: PlacedEntry): Appended {
  const added = new Map(stored.parts.map(({ index }, nth) => [index, bases[nth] ?? 0]));
  const parts = decided.decision.answer.map((part) =>
    part.duplicate ? part : { ...part, baseOffset: added.get(part.index) ?? part.baseOffset },
  );
  return { seq, parts };
}

function payloadEntry({ guards, decided }: Draft): PayloadEntry {
  const steps = newSteps(decided, guards).map((step): StoredStep => {
    const { producerId, index, epoch, sequence, count, crc } = step;
    return { producerId, index, epoch, sequence, count, crc, previousSeq: decided.before.get(stateName(producerId, index))?.seq };
  });
  return { parts: decided.decision.parts, steps };
}

function stepFacts({ producerId, index, previousSeq }: StoredStep): readonly (string | number | null | undefined)[] {
  return [String(producerId), index, previousSeq];
}

function inlineBytesMax({ inlineBytes }: Tuning, drafts: readonly Draft[]): number {
  return Math.min(limits.awsInlineBytesMax, Math.max(...drafts.map(({ entry }) => entry.inlineBytesMax ?? inlineBytes)));
}
