import type { ShardKey } from "../../ports/journal.ts";
import type { Reclaimed } from "../../ports/upkeep.ts";
import type { StrataServices } from "./services.ts";

/** Gives a shard's storage back, in time. @param isLate asked after each thing that is freed: true ends it @returns `isCut`: it was ended, and the next call goes on */
export async function reclaim(
  { engine, tuning }: Pick<StrataServices, "engine" | "tuning">,
  shard: ShardKey,
  isLate: () => boolean,
): Promise<Reclaimed & { readonly isCut: boolean }> {
  const ending = new AbortController();
  const { signal } = ending;
  const onFound = (): void => {
    if (isLate()) ending.abort();
  };
  const reclaimed = await engine.upkeep.reclaim(shard, { graceMs: tuning.garbageGraceMs, signal, onFound });
  return { ...reclaimed, isCut: signal.aborted && !reclaimed.isComplete };
}
