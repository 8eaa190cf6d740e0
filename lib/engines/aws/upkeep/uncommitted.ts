import { mapBounded } from "../../../core/bounded.ts";
import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import { faultOf, repeat, type Context } from "../context.ts";
import { decodeHead, type Head } from "../items/head.ts";
import { decodeStart } from "../items/start.ts";
import { n, readBytes, s } from "../items/values.ts";
import { headKey, payloadItemKey, startKey } from "../keys.ts";
import { freePayloads, type StoredPayload } from "./freeing.ts";
import type { Round } from "./round.ts";
import { acquit, type Suspects } from "./suspects.ts";

/**
 * Frees those of some stored payloads that no entry of the shard has and none can come to have (P9). A commit that refers to one may be on its way for
 * ever, so first the head's fence is raised to their epochs: from then on it is refused. Then what is committed is looked at, head before pages, and the rest goes.
 * No clock is needed for that. Of a shard that is closed, or not there any more, no entry can be asked for, and none is committed: all go.
 *
 * @param suspects stored before this is called; it is emptied of those that stay
 * @returns false when some could not be judged: look for them again later
 */
export async function freeUncommitted(context: Context, shard: ShardKey, suspects: Suspects, round: Round): Promise<boolean> {
  if (suspects.size === 0) return true;
  const first = await readHead(context, shard);
  if (first === undefined) {
    await free(context, shard, suspects, round, "closed");
    return true;
  }
  // Most are committed, and a raised fence costs writers: it is for those that do not seem to be.
  const startSeq = await readStart(context, shard);
  await acquit(context, shard, first, suspects, { startSeq, isThorough: round.isDryRun, isEventual: true });
  if (suspects.size === 0 || round.isOver) return suspects.size === 0;
  let head: Head | undefined = first;
  if (!round.isDryRun) {
    await raiseFence(context, shard, Math.max(...epochsOf(suspects)));
    head = await readHead(context, shard);
    if (head === undefined) return false;
    for (const [id, { place }] of suspects) if (place.fenceEpoch > head.fence) suspects.delete(id);
  }
  const options = { startSeq: await readStart(context, shard), isThorough: round.isDryRun, isEventual: false };
  if (!(await acquit(context, shard, head, suspects, options))) return false;
  await free(context, shard, suspects, round, "uncommitted");
  return true;
}

/** Payloads of epochs up to this one can no longer be committed, once the head is seen with it. */
async function raiseFence(context: Context, shard: ShardKey, epoch: number): Promise<void> {
  const change = {
    update: "SET fe = :x",
    condition: "st = :open AND fe < :x",
    values: { ":x": n(epoch), ":open": s("open") },
  };
  try {
    await repeat(context, () => context.table.update(headKey(shard), change));
  } catch (reason) {
    // It is as high, or the shard was closed: the head tells.
    if (faultOf(reason).kind !== "condition") throw reason;
  }
}

async function free(context: Context, shard: ShardKey, suspects: Suspects, round: Round, why: "closed" | "uncommitted"): Promise<void> {
  const sized = await mapBounded([...suspects.values()], limits.awsUpkeepAtOnceMax, async ({ place, bytes }): Promise<StoredPayload[]> => {
    if (bytes !== undefined) return [{ place, bytes }];
    const key = payloadItemKey(shard, place.fenceEpoch, place.id);
    const item = await repeat(context, () => context.table.get(key));
    return item === undefined ? [] : [{ place, bytes: readBytes(item["d"], `payload ${place.id}`).length }];
  });
  await freePayloads(context, shard, sized.flat(), round, why);
}

/** Undefined for one that is closed or not there. */
async function readHead(context: Context, shard: ShardKey): Promise<Head | undefined> {
  const item = await repeat(context, () => context.table.get(headKey(shard)));
  return item === undefined ? undefined : decodeHead(item);
}

async function readStart(context: Context, shard: ShardKey): Promise<number> {
  return decodeStart(await repeat(context, () => context.table.get(startKey(shard)))).seq;
}

function epochsOf(suspects: Suspects): readonly number[] {
  return [...suspects.values()].map(({ place }) => place.fenceEpoch);
}
