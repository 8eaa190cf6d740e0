import type { Metric } from "../support/metrics.ts";
import { pauseMs, type Subject } from "./load.ts";
import { between, type Measure, sumOf, type Tallies } from "./usage.ts";

/** What some entries cost, rolls in their share: it began and ended right after a roll. */
export interface Spent {
  readonly entries: number;
  readonly tallies: Tallies;
}

/** Rolls before anything is measured: producers settle in. */
const rollsAhead = 3;

/** Appends entries one after another. @param append appends one, the nth */
export async function spentBy(subject: Subject, entriesMin: number, append: (nth: number) => Promise<unknown>): Promise<Spent> {
  const { store, opened } = subject;
  let nth = 0;
  const untilRoll = async (): Promise<void> => {
    const rolls = rollsOf(opened.usage.tallies);
    for (const start = nth; rollsOf(opened.usage.tallies) === rolls; ) {
      if (nth - start > 1_000) throw new Error("a thousand entries, and no roll");
      store.pass(pauseMs);
      await append(nth++);
    }
    await opened.engine.idle();
  };
  for (let roll = 0; roll < rollsAhead; roll++) await untilRoll();
  opened.heads.reset();
  const [from, before] = [nth, opened.usage.tallies];
  while (nth - from < entriesMin) await untilRoll();
  return { entries: nth - from, tallies: between(before, opened.usage.tallies) };
}

function rollsOf(tallies: Tallies): number {
  return tallies.get("page put")?.requests ?? 0;
}

export function perEntry({ entries, tallies }: Spent, measure: Measure, ...kinds: readonly string[]): number {
  return sumOf(tallies, measure, ...kinds) / entries;
}

/** Commits and all that rolls write: what an entry costs besides its payload. */
export const logKinds = ["commit", "roll", "page put", "state put"] as const;

export function exactly(name: string, value: number, unit: string, target: number): Metric {
  return { name, value: Number(value.toPrecision(4)), unit, target: `= ${target}`, met: value === target };
}
