import type { Clock } from "../../ports/clock.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import type { Frontiers } from "./frontiers.ts";
import type { StrataTuning } from "./tuning.ts";

/** What works on the strata is made with. */
export interface StrataServices {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly compression: Compression;
  readonly frontiers: Frontiers;
  readonly tuning: StrataTuning;
  /** By the clock, when the round ends that it is done in. Default: never. */
  readonly endMs?: number | undefined;
  /** Hears of what a deletion has given back. */
  readonly onFreed?: ((freed: Freed) => void) | undefined;
}

export interface Freed {
  /** Of the object store. */
  readonly objects: number;
  /** Of them, and of the journal. */
  readonly bytes: number;
}
