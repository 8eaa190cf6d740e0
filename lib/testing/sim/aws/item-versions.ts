import type { Item, Key } from "../../../engines/aws/table.ts";
import { compareUtf8 } from "../../../engines/memory/utf8.ts";

interface Version {
  readonly atMs: number;
  /** Undefined: it was deleted. */
  readonly item: Item | undefined;
}

/** The items of a table by their keys, each with how it was for some time. */
export class ItemVersions {
  readonly #keptMs: number;
  /** By pk; the rows of each in the order of their sk. */
  readonly #partitions = new Map<string, { readonly sk: string; versions: Version[] }[]>();
  /** Deleted items, oldest first: their last versions go later. */
  #deleted: { readonly key: Key; readonly atMs: number }[] = [];

  /** @param keptMs how long what is replaced can still be seen */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** @param atMs how it was then; default: how it is */
  get({ pk, sk }: Key, atMs?: number): Item | undefined {
    const rows = this.#partitions.get(pk) ?? [];
    const row = rows[placeOf(rows, sk)];
    return row?.sk === sk ? itemAt(row.versions, atMs) : undefined;
  }

  set({ pk, sk }: Key, item: Item | undefined, nowMs: number): void {
    this.#forget(nowMs - this.#keptMs);
    const rows = this.#partitions.get(pk) ?? [];
    this.#partitions.set(pk, rows);
    const place = placeOf(rows, sk);
    const there = rows[place];
    const version = { atMs: nowMs, item };
    if (there?.sk === sk) {
      // The last one of the old that can still be seen stays.
      const firstSeen = there.versions.findLastIndex(({ atMs }) => atMs <= nowMs - this.#keptMs);
      there.versions = [...there.versions.slice(Math.max(0, firstSeen)), version];
    } else rows.splice(place, 0, { sk, versions: [version] });
    if (item === undefined) this.#deleted.push({ key: { pk, sk }, atMs: nowMs });
  }

  /** Of one pk, in the order of sk. */
  *of(pk: string, atMs?: number): Generator<readonly [sk: string, item: Item]> {
    for (const { sk, versions } of this.#partitions.get(pk) ?? []) {
      const item = itemAt(versions, atMs);
      if (item !== undefined) yield [sk, item];
    }
  }

  *all(): Generator<Item> {
    for (const pk of this.#partitions.keys()) for (const [, item] of this.of(pk)) yield item;
  }

  #forget(beforeMs: number): void {
    const kept = this.#deleted.findIndex(({ atMs }) => atMs >= beforeMs);
    for (const { key } of this.#deleted.splice(0, kept < 0 ? this.#deleted.length : kept)) {
      const rows = this.#partitions.get(key.pk) ?? [];
      const place = placeOf(rows, key.sk);
      const last = rows[place]?.sk === key.sk ? rows[place].versions.at(-1) : undefined;
      if (last !== undefined && last.item === undefined && last.atMs < beforeMs) rows.splice(place, 1);
      if (rows.length === 0) this.#partitions.delete(key.pk);
    }
  }
}

function itemAt(versions: readonly Version[], atMs: number | undefined): Item | undefined {
  return (atMs === undefined ? versions.at(-1) : versions.findLast((version) => version.atMs <= atMs))?.item;
}

/** Where the key is, or would be. */
function placeOf(rows: readonly { readonly sk: string }[], sk: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8(rows[middle]?.sk ?? "", sk) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
