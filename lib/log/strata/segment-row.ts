import type { Catalog, CatalogItem, CatalogKey, JsonValue } from "../../ports/catalog.ts";
import { limits } from "../../core/limits.ts";
import { eachItem } from "../each-item.ts";
import { newerFormat } from "../newer-format.ts";

/** One segment of a partition: the catalog's row `segments/<topicId>/<partition>`, `<base offset>`. Rows of a partition follow each other without a hole, up to where it is sealed. */
export interface SegmentRow {
  readonly version: number;
  readonly baseOffset: number;
  /** The next segment's base offset. */
  readonly next: number;
  /** Of the object. */
  readonly key: string;
  /** Of the whole object; its last `endBytes` are footer and tail. */
  readonly bytes: number;
  readonly endBytes: number;
  readonly records: number;
  /** -1: no record has one. */
  readonly minTimestampMs: number;
  readonly maxTimestampMs: number;
  /** The largest timestamp of the partition up to here, of what is gone too. */
  readonly reachedMs: number;
  /** Compaction has taken out of it what a record before this offset supersedes; 0: nothing was looked for. From `next` on all of it was looked at. */
  readonly cleanedTo: number;
  /** Since when, at the latest, compaction has kept the tombstones in it; 0: it has seen none in it. */
  readonly tombstonesMs: number;
  /** When the newest of its entries that have no timestamp was sealed; undefined: it has none, or an earlier build sealed it. */
  readonly untimedMs?: number | undefined;
}

export type SegmentValue = Omit<SegmentRow, "version" | "baseOffset">;

const formatVersion = 1;

export function segmentsPk(topicId: string, partition: number): string {
  return `segments/${topicId}/${partition}`;
}

export function segmentKey(topicId: string, partition: number, baseOffset: number): CatalogKey {
  return { pk: segmentsPk(topicId, partition), sk: padOffset(baseOffset) };
}

export function segmentValue(row: SegmentValue): JsonValue {
  const { next, key, bytes, endBytes, records, minTimestampMs, maxTimestampMs, reachedMs, cleanedTo, tombstonesMs, untimedMs } = row;
  const times = { minTimestampMs, maxTimestampMs, reachedMs, ...(untimedMs !== undefined && { untimedMs }) };
  return { v: formatVersion, next, key, bytes, endBytes, records, ...times, cleanedTo, tombstonesMs };
}

/** @throws unsupported_version */
export function readSegmentRow(item: CatalogItem): SegmentRow {
  const { v, ...value } = item.value as unknown as SegmentValue & { readonly v: number };
  if (v !== formatVersion) throw newerFormat(`The segment ${item.key.pk} ${item.key.sk}`, v, formatVersion);
  return { ...value, version: item.version, baseOffset: Number(item.key.sk) };
}

/** The segment that an offset is in, by a strongly consistent read; undefined when none is about it. */
export async function segmentAt(catalog: Catalog, topicId: string, partition: number, offset: number): Promise<SegmentRow | undefined> {
  const range = { limit: 1, descending: true, after: padOffset(offset + 1) };
  const [item] = await catalog.query(segmentsPk(topicId, partition), range);
  const row = item && readSegmentRow(item);
  return row !== undefined && offset < row.next ? row : undefined;
}

/** A partition's newest segment, by a strongly consistent read. */
export async function lastSegment(catalog: Catalog, topicId: string, partition: number): Promise<SegmentRow | undefined> {
  const [item] = await catalog.query(segmentsPk(topicId, partition), { limit: 1, descending: true });
  return item && readSegmentRow(item);
}

/** A partition's segments in order, from the first one that begins at or after an offset. */
export async function* segmentsFrom(
  catalog: Catalog,
  topicId: string,
  partition: number,
  offset = 0,
): AsyncGenerator<SegmentRow, void, undefined> {
  const after = offset === 0 ? undefined : padOffset(offset - 1);
  const items = eachItem(catalog, segmentsPk(topicId, partition), { after, pageItems: limits.catalogQueryLimitMax });
  for await (const item of items) yield readSegmentRow(item);
}

/** All of a partition's segments, oldest first: few, since small ones are merged. */
export async function allSegments(catalog: Catalog, topicId: string, partition: number): Promise<readonly SegmentRow[]> {
  const rows: SegmentRow[] = [];
  for await (const row of segmentsFrom(catalog, topicId, partition)) rows.push(row);
  return rows;
}

/** Wide enough for every safe integer. */
function padOffset(offset: number): string {
  return String(offset).padStart(16, "0");
}
