import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import { faultOf, repeat, type Context } from "../context.ts";
import { closedTail, type PlacedEntry } from "../items/head.ts";
import { decodePage } from "../items/page.ts";
import type { UpkeepState } from "../items/upkeep-state.ts";
import { readNumber, s } from "../items/values.ts";
import { headKey, pagesPk, spilledPk, startKey } from "../keys.ts";
import type { Item } from "../table.ts";
import { epochsToLookAt, hourOf } from "./epochs.ts";
import { deleteItems, freePayloads, itemBytes, itemsOf, keyOf, payloadsOf } from "./freeing.ts";
import type { Round } from "./round.ts";
import { acquit, storedItems } from "./suspects.ts";
import { bury } from "./trimmed.ts";

export interface ClosedParts {
  readonly context: Context;
  readonly shard: ShardKey;
  /** The head, as a strong read shows it. */
  readonly item: Item;
  readonly state: UpkeepState;
  readonly round: Round;
}

/**
 * Frees all of a closed shard: payloads before the pages that tell of them, the head last. The head stays for a day as a tombstone, so that its creator's
 * request that comes late makes no new one.
 * @returns whether it came to the end
 */
export async function freeClosed(parts: ClosedParts): Promise<boolean> {
  const { context, shard, item, round } = parts;
  const key = headKey(shard);
  if (item["ttl"] !== undefined) {
    const isOver = readNumber(item["ttl"], "a head's ttl") * 1_000 < context.clock.nowMs();
    if (isOver && !round.isDryRun) await deleteHead(parts);
    return true;
  }
  const oldest = await freeEntries(parts);
  if (oldest === undefined || !(await freeStoredItems(parts, oldest))) return false;
  for (const pk of [spilledPk(shard), startKey(shard).pk]) {
    for await (const items of itemsOf(context, { pk })) {
      if (round.isOver) return false;
      await freeItems(parts, items);
    }
  }
  if (round.isOver) return false;
  if (!round.isDryRun) await bury(context, key, Math.ceil((context.clock.nowMs() + limits.awsTombstoneMs) / 1_000));
  round.note({ name: `${key.pk}/${key.sk}`, bytes: itemBytes(item), why: "closed" });
  return true;
}

/** Payloads of all entries, and the pages. @returns the oldest fence epoch seen; undefined when it was told to end */
async function freeEntries({ context, shard, item, state, round }: ClosedParts): Promise<number | undefined> {
  let freedSeq = state.payloadsSeq;
  let freedIds: ReadonlySet<string> = new Set();
  let oldest = hourOf(context.clock.nowMs());
  const free = async (entries: readonly Pick<PlacedEntry, "seq" | "stored">[]): Promise<void> => {
    const own = entries.filter(({ seq }) => seq >= freedSeq).map(({ stored }) => stored);
    // Entries of one commit may stand in two pages.
    const payloads = payloadsOf(own).filter(({ place: { id } }) => !freedIds.has(id));
    await freePayloads(context, shard, payloads, round, "closed");
    if (payloads.length > 0) freedIds = new Set(payloads.map(({ place: { id } }) => id));
    for (const { place } of payloads) oldest = Math.min(oldest, place.fenceEpoch);
    freedSeq = Math.max(freedSeq, (entries.at(-1)?.seq ?? -1) + 1);
  };
  for await (const items of itemsOf(context, { pk: pagesPk(shard) })) {
    if (round.isOver) return undefined;
    for (const page of items) if (page["ttl"] === undefined) await free(decodePage(page).entries);
    await freeItems({ context, round }, items);
  }
  await free(closedTail(item));
  return oldest;
}

/** Small payloads that were not committed: of a closed shard, none will be. */
async function freeStoredItems({ context, shard, item, state, round }: ClosedParts, oldest: number): Promise<boolean> {
  const last = hourOf(context.clock.nowMs());
  const epochs = epochsToLookAt({ doneEpoch: state.epoch, oldest, last, countMax: context.tuning.epochsBack });
  const tail = { tailSeq: 0, tail: () => closedTail(item) };
  for await (const suspects of storedItems(context, shard, epochs)) {
    if (round.isOver) return false;
    // Those that were told of, and are still there.
    if (round.isDryRun) await acquit(context, shard, tail, suspects, { startSeq: 0, isThorough: true, isEventual: false });
    const payloads = [...suspects.values()].map(({ place, bytes = 0 }) => ({ place, bytes }));
    await freePayloads(context, shard, payloads, round, "closed");
  }
  return true;
}

async function freeItems({ context, round }: Pick<ClosedParts, "context" | "round">, items: readonly Item[]): Promise<void> {
  if (!round.isDryRun) await deleteItems(context, items.map(keyOf));
  for (const item of items) {
    const { pk, sk } = keyOf(item);
    round.note({ name: `${pk}/${sk}`, bytes: itemBytes(item), why: "closed" });
  }
}

async function deleteHead({ context, shard }: ClosedParts): Promise<void> {
  try {
    await repeat(context, () => context.table.delete(headKey(shard), { condition: "st = :closed", values: { ":closed": s("closed") } }));
  } catch (reason) {
    // It is gone.
    if (faultOf(reason).kind !== "condition") throw reason;
  }
}
