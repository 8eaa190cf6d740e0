import type { Topic } from "../../../../lib/log/log.ts";
import type { StrataTuning } from "../../../../lib/log/strata/tuning.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import type { CheckWorld } from "./world.ts";

/** A fault, and how it is found. */
export interface Planted {
  readonly name: string;
  readonly plant?: (world: CheckWorld, topic: Topic) => Promise<void>;
  /** Where the fault is in what an engine tells: one that is put before it. */
  readonly through?: (world: CheckWorld, topic: Topic) => Engine;
  readonly found: readonly string[];
  readonly says: RegExp;
  /** What is left after a repair; default: all of it. */
  readonly left?: readonly string[];
  readonly tuning?: Partial<StrataTuning>;
}

/** Nothing is trimmed: what is sealed is in the journal too. */
export const untrimmed = { trimLagMs: Number.MAX_SAFE_INTEGER };
/** The id of a topic that never was. */
export const noTopic = "0000000000000000000000000000dead";
