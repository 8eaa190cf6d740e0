import type { ShardKey } from "./journal.ts";

/**
 * Gives storage back: what the journal keeps and nobody can ask for any more. Cases: `lib/testing/conformance/upkeep.ts`.
 *
 * Safe at any time and in any number of processes at once, whoever writes, reads, trims or closes meanwhile, and however late what they sent arrives:
 * nothing that the journal can still be asked for, nor what a commit that is on its way will refer to, is ever freed. A grace is no part of that: it lets slow writers finish.
 */
export interface Upkeep {
  /**
   * Frees what `trim` forgot of a shard, and what writers stored for it and did not commit; of a closed shard, all, until nothing of it is left.
   * A shard that was never there has nothing. Ending early, or failing half way, is harmless: the next call goes on.
   * @throws unavailable, throttled, timeout
   */
  reclaim(shard: ShardKey, options: ReclaimOptions): Promise<Reclaimed>;

  /** Frees what writers stored and did not commit, of all shards, where finding it by shard would cost too much. Engines without such things do nothing. */
  sweep(options: ReclaimOptions): Promise<Reclaimed>;

  /**
   * Reads what the engine keeps for the day on which it needs it, and that its other ports do not read. Engines without such things do nothing.
   * @param onDamage hears of each place that is not as it was written
   * @param signal ends it early
   * @throws unsupported_version, unavailable
   */
  verify(onDamage: (damage: Damage) => void, signal?: AbortSignal): Promise<void>;
}

export interface Damage {
  /** What the engine calls it: a file. */
  readonly name: string;
  /** The byte in it. */
  readonly position: number;
  readonly message: string;
}

export interface ReclaimOptions {
  /** What was stored and not committed stays this long at least, by this machine's clock. */
  readonly graceMs: number;
  /** Frees nothing and only tells. Default false. */
  readonly isDryRun?: boolean;
  /** Hears of each thing that is freed, or would be. */
  readonly onFound?: (found: Reclaimable) => void;
  /** Ends early, between two steps. */
  readonly signal?: AbortSignal;
}

export interface Reclaimable {
  /** What the engine calls it: a key of a table or bucket, a file. */
  readonly name: string;
  readonly bytes: number;
  /** `trimmed`: below the journal's start · `closed`: its shard is · `uncommitted`: no entry has it, and none will */
  readonly why: "trimmed" | "closed" | "uncommitted";
}

export interface Reclaimed {
  /** Things, and their bytes, that were freed (or would be). */
  readonly things: number;
  readonly bytes: number;
  /** Whether it came to the end. False: call again. */
  readonly isComplete: boolean;
}
