import { mapBounded } from "../../../core/bounded.ts";
import { limits } from "../../../core/limits.ts";
import type { ShardKey } from "../../../ports/journal.ts";
import type { Context } from "../context.ts";
import { decodePage } from "../items/page.ts";
import type { PayloadPlace, StoredEntry } from "../items/stored-entry.ts";
import { payloadIdPrefixes, pagesPk, payloadsPk } from "../keys.ts";
import { itemsOf, keyOf } from "./freeing.ts";

/** A stored payload that perhaps no entry refers to. Its bytes are not known of one that was found by its key alone. */
export interface Suspect {
  readonly place: PayloadPlace;
  readonly bytes: number | undefined;
}

/** Suspects of one shard by their ids. */
export type Suspects = Map<string, Suspect>;

/** The small payloads of some of a shard's epochs, in bounded portions: an eventual read may miss one, which is then not freed yet. */
export async function* storedItems(context: Context, shard: ShardKey, epochs: readonly number[]): AsyncGenerator<Suspects> {
  let found: Suspects = new Map();
  for (const fenceEpoch of epochs) {
    await mapBounded(payloadIdPrefixes, limits.awsUpkeepAtOnceMax, async (hex) => {
      for await (const items of itemsOf(context, { pk: payloadsPk(shard, fenceEpoch, hex), isEventual: true, keysOnly: true })) {
        for (const { sk: id } of items.map(keyOf)) found.set(id, { place: { id, isObject: false, fenceEpoch }, bytes: undefined });
      }
    });
    if (found.size < limits.awsSuspectsMax) continue;
    yield found;
    found = new Map();
  }
  if (found.size > 0) yield found;
}

/** What a head tells of entries: those of its tail, and that there are pages for those before. */
export interface Tail {
  readonly tailSeq: number;
  tail(): readonly { readonly stored: StoredEntry }[];
}

export interface AcquitOptions {
  /** Entries from here on have to be seen. */
  readonly startSeq: number;
  /** Looks on below, as far down as there are pages. */
  readonly isThorough: boolean;
  /** What a stale read misses stays suspected. */
  readonly isEventual: boolean;
}

/**
 * Takes out of the suspects what an entry refers to: head before pages, so that an entry that a roll moves meanwhile is seen in one of them. Pages from
 * the newest on, as suspects are: the walk ends when none is left.
 * @param head as it was read before this
 * @returns whether those that are left are referred to by no entry from the start on; false when some entries were not to be seen
 */
export async function acquit(context: Context, shard: ShardKey, head: Tail, suspects: Suspects, options: AcquitOptions): Promise<boolean> {
  const { startSeq, isThorough, isEventual } = options;
  for (const { stored } of head.tail()) suspects.delete(stored.payload.id);
  let seenSeq = head.tailSeq;
  if (suspects.size === 0 || (seenSeq <= startSeq && !isThorough)) return true;
  for await (const items of itemsOf(context, { pk: pagesPk(shard), descending: true, isEventual })) {
    for (const { firstSeq, nextSeq, entries } of items.map(decodePage)) {
      for (const { stored } of entries) suspects.delete(stored.payload.id);
      if (nextSeq >= seenSeq) seenSeq = Math.min(seenSeq, firstSeq);
    }
    if (suspects.size === 0 || (seenSeq <= startSeq && !isThorough)) return true;
  }
  return seenSeq <= startSeq;
}
