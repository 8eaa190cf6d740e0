import { limits } from "../../core/limits.ts";
import type { ShardHead, ShardKey } from "../../ports/journal.ts";
import { type Frontier, frontierKey, readFrontier } from "../strata/frontier.ts";
import type { Check } from "./context.ts";

/** A shard's head and frontier as they were at one moment; while others seal all the time, at moments close to each other. */
export interface ShardState {
  readonly head: ShardHead;
  readonly frontier: Frontier;
  /** Whether they are of one moment. */
  readonly isSteady: boolean;
}

/** By strongly consistent reads. @throws unknown_topic_or_partition, corrupt_log */
export async function shardState(check: Check, shard: ShardKey): Promise<ShardState> {
  for (let attempt = 1; ; attempt++) {
    const before = await frontierNow(check, shard);
    const head = await check.engine.journal.head(shard);
    const frontier = await frontierNow(check, shard);
    const isSteady = before.version === frontier.version;
    if (isSteady || attempt === limits.redecisionsMax) return { head, frontier, isSteady };
  }
}

export async function frontierNow({ engine }: Pick<Check, "engine">, shard: ShardKey): Promise<Frontier> {
  return readFrontier(await engine.catalog.get(frontierKey(shard)));
}
