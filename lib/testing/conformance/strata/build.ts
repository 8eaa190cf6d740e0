import type { Janitor, JanitorReport } from "../../../log/janitor.ts";
import type { Log } from "../../../log/log.ts";
import type { StrataTuning } from "../../../log/strata/tuning.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Engine } from "../../../ports/engine.ts";
import type { ConformanceCase } from "../case.ts";
import type { LogHarness } from "../log/build.ts";

/** One store under a log whose strata are worked on as the case says. */
export interface StrataHarness extends LogHarness {
  /** Opens a log. Several may be open at a time if the engine is shared; a case opens one after the other. @param time the clock, or what it shows while its sleeps take real time. Default: the machine's */
  openTuned(tuning: Partial<StrataTuning>, time?: Clock | (() => number)): Promise<TunedLog>;
}

export interface TunedLog {
  readonly log: Log;
  readonly engine: Engine;
  readonly janitor: Janitor;
}

/** Everything at once: each round seals what there is, trims it, and collects. */
export const atOnce: Partial<StrataTuning> = {
  sealAgeMs: 0,
  trimLagMs: 0,
  garbageGraceMs: 0,
  mergeSegmentsMin: 4,
  quietMs: 0,
  markMs: 0,
};

export type StrataCase = ConformanceCase<StrataHarness>;

/** @param run gets a round of the janitor as a function */
export function strataCase(
  name: string,
  run: (world: TunedLog & { readonly harness: StrataHarness; readonly round: () => Promise<JanitorReport> }) => Promise<void>,
  tuning: Partial<StrataTuning> = {},
): StrataCase {
  return {
    name,
    async run(harness) {
      const opened = await harness.openTuned({ ...atOnce, ...tuning });
      try {
        await run({ ...opened, harness, round: () => opened.janitor(Number.MAX_SAFE_INTEGER) });
      } finally {
        await opened.log.close();
      }
    },
  };
}

/** The keys of all objects of an engine. */
export async function objectKeys({ objects }: Engine): Promise<readonly string[]> {
  return (await objects.list("", { limit: 1_000 })).map(({ key }) => key);
}
