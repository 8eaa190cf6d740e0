import type { Context } from "../../../engines/aws/context.ts";
import { readPayloadItemKey, readPayloadObjectKey, shardName } from "../../../engines/aws/keys.ts";
import type { Key } from "../../../engines/aws/table.ts";
import { Round } from "../../../engines/aws/upkeep/round.ts";
import type { Suspects } from "../../../engines/aws/upkeep/suspects.ts";
import { freeUncommitted } from "../../../engines/aws/upkeep/uncommitted.ts";
import type { ShardKey } from "../../../ports/journal.ts";

/** What is stored just now, as a listing shows it. */
export interface Listing {
  /** Keys of the table, at least those of payloads. */
  readonly items: readonly Key[];
  /** Keys of the bucket. */
  readonly objects: readonly string[];
}

/**
 * Frees payloads that no entry refers to as the engine does, but of every epoch and at once: with no grace only the fence keeps it from freeing what a slow
 * writer is about to commit. What is there it is told, where the engine has to look for it.
 */
export async function collectOnce(context: Context, listing: Listing, onFreed: (name: string) => void = () => undefined): Promise<void> {
  const shards = new Map<string, { readonly shard: ShardKey; readonly suspects: Suspects }>();
  const suspect = (isObject: boolean, named: ReturnType<typeof readPayloadObjectKey>): void => {
    if (named === undefined) return;
    const { shard, fenceEpoch, id } = named;
    const own = shards.get(shardName(shard)) ?? { shard, suspects: new Map() };
    shards.set(shardName(shard), own);
    own.suspects.set(id, { place: { id, isObject, fenceEpoch }, bytes: 0 });
  };
  for (const key of listing.items) suspect(false, readPayloadItemKey(key));
  for (const key of listing.objects) suspect(true, readPayloadObjectKey(key));
  const round = new Round({ graceMs: 0, onFound: ({ name }) => onFreed(name) });
  for (const { shard, suspects } of shards.values()) await freeUncommitted(context, shard, suspects, round);
}
