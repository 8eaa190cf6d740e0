import type { ShardKey } from "../../../ports/journal.ts";
import { pageSk, pagesPk } from "../keys.ts";
import type { Item, Value } from "../table.ts";
import type { PlacedEntry } from "./head.ts";
import { decodeEntry } from "./stored-entry.ts";
import { checkVersion, corrupt, formatVersion, n, readBytes, readList, readNumber, readText, s } from "./values.ts";

/**
 * A run of entries that left a head's tail. Immutable. Attributes: `v` format · `nx` number of the entry after the last one · `base` each
 * partition's offset before the first entry · `mx` each partition's largest timestamp from the journal's first entry to this page's last
 * one (it only grows from page to page, so a time is found by halving) · `refs` the entries.
 *
 * All that a page says was true of the head that it was made from, and what is true of an entry never changes. So a page that was written
 * and then not used, as another roller was faster, says the same as the one that was: a reader needs pages that cover what it wants, no more.
 */
export interface Page {
  readonly firstSeq: number;
  readonly nextSeq: number;
  readonly bases: readonly number[];
  /** -1 where the partition had no record with a timestamp. */
  readonly maxTimestampsMs: readonly number[];
  readonly entries: readonly PlacedEntry[];
}

export interface NewPage {
  readonly firstSeq: number;
  readonly rollId: string;
  readonly bases: readonly number[];
  readonly maxTimestampsMs: readonly number[];
  readonly refs: readonly Value[];
}

export function encodePage(shard: ShardKey, page: NewPage): Item {
  return {
    pk: s(pagesPk(shard)),
    sk: s(pageSk(page.firstSeq, page.rollId)),
    v: n(formatVersion),
    nx: n(page.firstSeq + page.refs.length),
    base: { L: page.bases.map(n) },
    mx: { L: page.maxTimestampsMs.map(n) },
    refs: { L: page.refs },
  };
}

/** @throws corrupt_log, unsupported_version */
export function decodePage(item: Item): Page {
  checkVersion(item, "A journal page");
  const sk = readText(item["sk"], "a page's sk");
  const firstSeq = Number(sk.slice(0, sk.indexOf("#")));
  const nextSeq = readNumber(item["nx"], "a page's nx");
  const refs = readList(item["refs"], "a page's refs");
  if (!Number.isSafeInteger(firstSeq) || firstSeq + refs.length !== nextSeq || refs.length === 0) throw corrupt(`page ${sk}`);
  const numbers = (name: string): readonly number[] => readList(item[name], `a page's ${name}`).map((each) => readNumber(each, name));
  const bases = numbers("base");
  return { firstSeq, nextSeq, bases, maxTimestampsMs: numbers("mx"), entries: placeForward(refs, firstSeq, bases) };
}

function placeForward(refs: readonly Value[], firstSeq: number, bases: readonly number[]): readonly PlacedEntry[] {
  const next = [...bases];
  return refs.map((value, nth) => {
    const stored = decodeEntry(readBytes(value, "an entry of a page"));
    const own = stored.parts.map(({ index, records }) => {
      const base = next[index];
      if (base === undefined) throw corrupt(`a page from entry ${firstSeq} on without a base of partition ${index}`);
      next[index] = base + records;
      return base;
    });
    return { seq: firstSeq + nth, stored, bases: own };
  });
}
