import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogItem, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Random } from "../../ports/random.ts";
import { hex } from "../hex.ts";
import { transactIf } from "../transact-if.ts";
import { newerFormat } from "../newer-format.ts";

/** What has to go, unless a swap takes the row away first: the catalog's row `garbage/<topicId>`, `<due>-<id>` (decision 0009). */
export interface GarbageRow {
  readonly version: number;
  readonly topicId: string;
  readonly sk: string;
  readonly dueMs: number;
  readonly keys: readonly string[];
  /** Of all its objects; 0 where they were not known when it was put. */
  readonly bytes: number;
  readonly why: GarbageReason;
  /** Its objects are being deleted: nothing can come to refer to them any more. */
  readonly isDoomed: boolean;
}

/** `unfinished`: written for a swap that has not been · `replaced`: by a merge or a compaction · `expired`: below the log start offset, or of a topic that is deleted */
export type GarbageReason = "unfinished" | "replaced" | "expired";

/** Objects that go at some time. */
export interface NewGarbage {
  readonly topicId: string;
  readonly sk: string;
  readonly value: JsonValue;
}

const formatVersion = 1;
const dueDigits = 15;

export function garbagePk(topicId: string): string {
  return `garbage/${topicId}`;
}

export function newGarbage(
  random: Random,
  topicId: string,
  dueMs: number,
  keys: readonly string[],
  why: GarbageReason,
  bytes = 0,
): NewGarbage {
  const sk = `${padTime(dueMs)}-${hex(random.bytes(8))}`;
  return { topicId, sk, value: garbageValue({ keys, bytes, why, isDoomed: false }) };
}

function garbageValue({ keys, bytes, why, isDoomed }: Pick<GarbageRow, "keys" | "bytes" | "why" | "isDoomed">): JsonValue {
  return { v: formatVersion, keys, ...(bytes > 0 && { bytes }), why, isDoomed };
}

export function garbageWrite({ topicId, sk, value }: NewGarbage): CatalogWrite {
  return { key: { pk: garbagePk(topicId), sk }, put: value, if: "absent" };
}

/** Part of a swap: fails once the objects were doomed. */
export function garbageRelease({ topicId, sk }: NewGarbage): CatalogWrite {
  return { key: { pk: garbagePk(topicId), sk }, delete: true, if: 1 };
}

/** @throws unsupported_version */
export function readGarbage(item: CatalogItem): GarbageRow {
  const { pk, sk } = item.key;
  const { v, keys, bytes = 0, why, isDoomed } = item.value as unknown as Omit<GarbageRow, "bytes"> & { v: number; bytes?: number };
  if (v !== formatVersion) throw newerFormat(`The garbage row ${pk} ${sk}`, v, formatVersion);
  return {
    version: item.version,
    topicId: pk.slice(garbagePk("").length),
    sk,
    dueMs: Number(sk.slice(0, dueDigits)),
    keys,
    bytes,
    why,
    isDoomed,
  };
}

/** A topic's garbage, the first due first. */
export async function garbageOf(catalog: Catalog, topicId: string, limit: number): Promise<readonly GarbageRow[]> {
  return (await catalog.query(garbagePk(topicId), { limit })).map(readGarbage);
}

export interface Collected {
  readonly objects: number;
  /** Of those objects whose bytes are known: all but what was never finished. */
  readonly bytes: number;
  /** When to look again: for the next row that is due, or for what others were collecting just now and may not end; undefined when nothing is left. */
  readonly nextDueMs: number | undefined;
}

/**
 * Deletes the objects of a topic's rows that are due, and the rows.
 * @param isLate asked between two rows: true ends it
 */
export async function collectGarbage(
  { catalog, objects }: { readonly catalog: Catalog; readonly objects: ObjectStore },
  topicId: string,
  nowMs: number,
  isLate: () => boolean = () => false,
): Promise<Collected> {
  const soonMs = nowMs + 1;
  let [deleted, bytes] = [0, 0];
  let nextDueMs: number | undefined;
  for (;;) {
    const rows = await garbageOf(catalog, topicId, limits.garbageRowsRead);
    for (const row of rows) {
      if (row.dueMs > nowMs || isLate()) return { objects: deleted, bytes, nextDueMs: nextDueMs ?? Math.max(row.dueMs, soonMs) };
      if (await collectRow(catalog, objects, row)) {
        deleted += row.keys.length;
        bytes += row.bytes;
      } else nextDueMs = soonMs;
    }
    if (rows.length < limits.garbageRowsRead) return { objects: deleted, bytes, nextDueMs };
  }
}

/** @returns false when a swap took the row away meanwhile, or another collector did */
async function collectRow(catalog: Catalog, objects: ObjectStore, row: GarbageRow): Promise<boolean> {
  const key = { pk: garbagePk(row.topicId), sk: row.sk };
  const { keys } = row;
  let { version } = row;
  if (!row.isDoomed) {
    if (!(await transactIf(catalog, [{ key, put: garbageValue({ ...row, isDoomed: true }), if: version }]))) return false;
    version++;
  }
  for (let at = 0; at < keys.length; at += limits.objectsDeleteMax) await objects.delete(keys.slice(at, at + limits.objectsDeleteMax));
  return await transactIf(catalog, [{ key, delete: true, if: version }]);
}

/** Times that no clock will show sort last. */
export function padTime(timeMs: number): string {
  return String(Math.min(Math.max(0, Math.floor(timeMs)), 10 ** dueDigits - 1)).padStart(dueDigits, "0");
}
