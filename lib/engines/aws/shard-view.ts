import { type AppendDecision, type CommittedStep, decideAppend, type ShardView } from "../../core/append.ts";
import type { Entry, Guards, ProducerStep, ShardKey } from "../../ports/journal.ts";
import type { Head } from "./items/head.ts";
import { stateName, type StoredState } from "./items/producer-state.ts";
import { isOlder, type Producers } from "./producers.ts";

/** An append, decided on a head: what it adds, and the states that its producers had. */
export interface Decided {
  readonly decision: AppendDecision;
  /** By step: the state that the step follows, wherever it is kept. */
  readonly before: ReadonlyMap<string, StoredState>;
}

/** Decides an append on a head, after reading what the head does not hold. @throws LogError, not applied as of that head */
export async function decideOn(
  producers: Producers,
  shard: ShardKey,
  head: Head,
  append: { readonly entry: Entry; readonly guards?: Guards | undefined },
): Promise<Decided> {
  const before = new Map<string, StoredState>();
  const older = new Map<string, CommittedStep | undefined>();
  for (const step of append.guards?.producers ?? []) {
    const name = stateName(step.producerId, step.index);
    const state = head.state(name) ?? (await producers.spilled(shard, step));
    if (state === undefined) continue;
    before.set(name, state);
    if (isOlder(state, step)) older.set(name, await producers.olderStep(shard, head, state, step));
  }
  // Asked after the steps were looked for: what was trimmed meanwhile may be why one was not found.
  const forgets = [...older.values()].includes(undefined) && (await producers.isTrimmed(shard));
  const view: ShardView = {
    forgets,
    partitions: head.highWatermarks.length,
    layout: head.layout,
    highWatermarks: head.highWatermarks,
    producer: (producerId, index) => before.get(stateName(producerId, index)),
    committed: (producerId, index, epoch, sequence) => {
      const name = stateName(producerId, index);
      const state = before.get(name);
      return state?.epoch === epoch && state.sequence === sequence ? newestStep(state) : older.get(name);
    },
  };
  return { decision: decideAppend(view, append.entry, append.guards), before };
}

function newestStep({ count, crc, seq, bases }: StoredState): CommittedStep {
  return { count, crc, seq, parts: [...bases].map(([index, baseOffset]) => ({ index, baseOffset })) };
}

/** The steps that a decided append adds: those that are no duplicates. */
export function newSteps({ decision }: Decided, guards: Guards | undefined): readonly ProducerStep[] {
  const fresh = new Set(decision.producers.map(({ producerId, index }) => stateName(producerId, index)));
  return (guards?.producers ?? []).filter(({ producerId, index }) => fresh.has(stateName(producerId, index)));
}
