import { mapBounded } from "../../../core/bounded.ts";
import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import { faultOf, repeat, type Context } from "../context.ts";
import type { Head, PlacedEntry } from "../items/head.ts";
import { decodePage, type Page } from "../items/page.ts";
import type { UpkeepState } from "../items/upkeep-state.ts";
import { n, readNumber } from "../items/values.ts";
import { pagesFrom, pagesPk, pagesTo } from "../keys.ts";
import type { Change, Item, Key } from "../table.ts";
import { deleteItems, freePayloads, itemBytes, itemsOf, keyOf, payloadsOf } from "./freeing.ts";
import type { Round } from "./round.ts";

/** A page with what only its item tells. */
interface PageItem {
  readonly key: Key;
  readonly page: Page;
  readonly bytes: number;
  /** When it goes, in seconds; undefined for one that was not dealt with yet. */
  readonly untilS: number | undefined;
}

export interface TrimmedParts {
  readonly context: Context;
  readonly shard: ShardKey;
  /** Read strongly, the head before the start. */
  readonly head: Head;
  readonly startSeq: number;
  readonly state: UpkeepState;
  /** Looks at every page from the first on: those that came late, and those whose time is over. */
  readonly isThorough: boolean;
  readonly round: Round;
}

/**
 * Frees what lies below a journal's start. Payloads go at once. A page whose entries are all below stays for a day as a tombstone, which DynamoDB takes
 * away by its `ttl`: who is still looking for a commit among its entries gets an answer. Without it the outcome would be told as unknown.
 * @returns how far it came; undefined when it has to be called again
 */
export async function freeTrimmed(parts: TrimmedParts): Promise<UpkeepState | undefined> {
  const { context, shard, head, state, isThorough, round } = parts;
  const startSeq = Math.min(parts.startSeq, head.seq);
  const isDone = state.payloadsSeq >= startSeq && state.pagesSeq >= startSeq;
  if (startSeq === 0 || (isDone && !isThorough)) return state;
  // Entries that share a payload with one that is left follow each other: it is among the next few.
  const untilSeq = startSeq + limits.awsGroupEntriesMax;
  const bounds = { pk: pagesPk(shard), to: pagesTo(untilSeq) };
  const near = { ...bounds, from: pagesFrom(Math.min(state.pagesSeq, startSeq)), descending: true, limit: limits.awsPagesQueryMax };
  const { items, hasMore } = await repeat(context, () => context.table.query(near));
  const last = items.map(readPage);
  const kept = keptPayloads(head, last, startSeq, untilSeq);
  // A hole: it was trimmed further meanwhile.
  if (kept === undefined) return undefined;
  const walk = {
    ...parts,
    startSeq,
    kept,
    aliveSeq: Math.min(startSeq, head.tailSeq),
    freedSeq: state.payloadsSeq,
    freedIds: new Set<string>(),
  };
  if (isThorough || hasMore) {
    const from = isThorough ? {} : { from: near.from };
    for await (const batch of itemsOf(context, { ...bounds, ...from })) {
      if (round.isOver) return undefined;
      await freePages(walk, batch.map(readPage));
    }
  } else await freePages(walk, last.reverse());
  await freeEntries(walk, head.tail());
  return { ...state, payloadsSeq: Math.max(state.payloadsSeq, startSeq), pagesSeq: walk.aliveSeq };
}

interface Walk extends TrimmedParts {
  readonly kept: ReadonlySet<string>;
  /** Where the first page begins that is left, or that is still to be written. */
  aliveSeq: number;
  /** Entries below had their payloads freed, the last of them these. */
  freedSeq: number;
  freedIds: ReadonlySet<string>;
}

async function freePages(walk: Walk, pages: readonly PageItem[]): Promise<void> {
  const { context, startSeq, round } = walk;
  const fresh = pages.filter(({ untilS }) => untilS === undefined);
  for (const { page } of fresh) {
    if (page.nextSeq > startSeq) walk.aliveSeq = Math.min(walk.aliveSeq, page.firstSeq);
    await freeEntries(walk, page.entries);
  }
  const nowMs = context.clock.nowMs();
  const untilS = Math.ceil((nowMs + limits.awsTombstoneMs) / 1_000);
  const dead = fresh.filter(({ page }) => page.nextSeq <= startSeq);
  if (!round.isDryRun) await mapBounded(dead, limits.awsUpkeepAtOnceMax, ({ key }) => bury(context, key, untilS));
  for (const { key, bytes } of dead) round.note({ name: `${key.pk}/${key.sk}`, bytes, why: "trimmed" });
  // DynamoDB does this too, when it comes to it.
  const over = pages.filter((page) => page.untilS !== undefined && page.untilS * 1_000 < nowMs);
  if (!round.isDryRun)
    await deleteItems(
      context,
      over.map(({ key }) => key),
    );
}

/** Frees the payloads of entries below the start, unless an entry above has the same. */
async function freeEntries(walk: Walk, entries: readonly PlacedEntry[]): Promise<void> {
  const { context, shard, startSeq, kept, freedIds, round } = walk;
  const below = entries.filter(({ seq }) => seq >= walk.freedSeq && seq < startSeq).map(({ stored }) => stored);
  const payloads = payloadsOf(below).filter(({ place: { id } }) => !kept.has(id) && !freedIds.has(id));
  await freePayloads(context, shard, payloads, round, "trimmed");
  if (payloads.length > 0) walk.freedIds = new Set(payloads.map(({ place: { id } }) => id));
  walk.freedSeq = Math.max(walk.freedSeq, Math.min(startSeq, (entries.at(-1)?.seq ?? -1) + 1));
}

/** Has DynamoDB take an item away later. */
export async function bury(context: Context, key: Key, untilS: number): Promise<void> {
  const change: Change = {
    update: "SET #ttl = :until",
    condition: "attribute_exists(pk)",
    names: { "#ttl": "ttl" },
    values: { ":until": n(untilS) },
  };
  try {
    await repeat(context, () => context.table.update(key, change));
  } catch (reason) {
    // Somebody else was there.
    if (faultOf(reason).kind !== "condition") throw reason;
  }
}

/** Payloads of the entries from the start on that may have one in common with an entry below. Undefined: not all of those entries are to be seen. */
function keptPayloads(head: Head, pages: readonly PageItem[], startSeq: number, untilSeq: number): ReadonlySet<string> | undefined {
  const kept = new Set<string>();
  let seenSeq = Math.min(head.tailSeq, untilSeq);
  const keep = (entries: readonly PlacedEntry[]): void => {
    for (const { seq, stored } of entries) if (seq >= startSeq) kept.add(stored.payload.id);
  };
  keep(head.tail());
  for (const { page } of pages) {
    keep(page.entries);
    if (page.nextSeq >= seenSeq) seenSeq = Math.min(seenSeq, page.firstSeq);
  }
  return seenSeq <= startSeq ? kept : undefined;
}

function readPage(item: Item): PageItem {
  const untilS = item["ttl"];
  const until = untilS === undefined ? undefined : readNumber(untilS, "a page's ttl");
  return { key: keyOf(item), page: decodePage(item), bytes: itemBytes(item), untilS: until };
}
