import type { Catalog, CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import { newerFormat } from "../newer-format.ts";

/** How far a group has come with a partition, and who may say so: the catalog's row `offsets/<group>`, `<topic>/<partition>`. */
export interface OffsetRow {
  /** Of the row; 0 when there is none. */
  readonly version: number;
  /** What is of another topic of that name counts for nothing. */
  readonly topicId: string;
  /** -1: nothing is committed. */
  readonly offset: number;
  readonly metadata: string;
  readonly committedMs: number;
  /** Who may commit, and since which generation. Who had the partition before that is refused. "": nobody who is a member. */
  readonly member: string;
  readonly since: number;
  /** Of a partition that a triggered consumer delivers; who sets or commits the offset as a member leaves it out. Default: there is none. */
  readonly delivery?: DeliveryState | undefined;
  /** The transaction that has committed `offset`: by it a repeated one is known. Default: it was committed alone. */
  readonly transaction?: string | undefined;
}

/** How it is with a partition of a triggered consumer. */
export interface DeliveryState {
  /** Until when the row's `member` holds the partition. 0: nobody does. */
  readonly untilMs: number;
  /** Failed calls of the records that are tried now. */
  readonly attempts: number;
  /** Where the records that are tried now end, last; before it where those end that were tried before they were split. Empty: nothing has failed. */
  readonly ends: readonly number[];
  /** When the next call may be. 0: at once. */
  readonly retryAtMs: number;
  /** Calls since there is the row. */
  readonly invocations: number;
  /** Of the newest call that failed; "" once one has succeeded. */
  readonly error: string;
  readonly errorMs: number;
  /** The first record that waits for its batch to fill, and until when: set where who delivers had no time to wait so long. Default: none is known to. */
  readonly window?: { readonly offset: number; readonly endMs: number };
}

const formatVersion = 1;

export function noOffset(topicId: string): OffsetRow {
  return { version: 0, topicId, offset: -1, metadata: "", committedMs: 0, member: "", since: 0 };
}

export function offsetsPk(group: string): string {
  return `offsets/${group}`;
}

export function offsetKey(group: string, topic: string, partition: number): CatalogKey {
  return { pk: offsetsPk(group), sk: `${topic}/${String(partition).padStart(5, "0")}` };
}

/** Fails when the row is not as it was any more. */
export function offsetWrite(key: CatalogKey, before: OffsetRow, next: Omit<OffsetRow, "version">): CatalogWrite {
  const { topicId, offset, metadata, committedMs, member, since, delivery, transaction } = next;
  const put: JsonValue = {
    v: formatVersion,
    ...{ topicId, offset, metadata, committedMs, member, since },
    ...(delivery !== undefined && { delivery: delivery as unknown as JsonValue }),
    ...(transaction !== undefined && { transaction }),
  };
  return { key, put, if: before.version === 0 ? "absent" : before.version };
}

/** As it is, whatever topic it is of. */
export async function findOffset(catalog: Catalog, key: CatalogKey): Promise<OffsetRow | undefined> {
  const item = await catalog.get(key);
  return item && decodeOffset(item);
}

export async function readOffset(catalog: Catalog, key: CatalogKey, topicId: string): Promise<OffsetRow> {
  return ofTopic(await findOffset(catalog, key), topicId);
}

/** What a row says of a topic. */
export function ofTopic(row: OffsetRow | undefined, topicId: string): OffsetRow {
  if (row === undefined) return noOffset(topicId);
  // Of a topic that is gone: what was committed there is not known here.
  const { version, member, since } = row;
  return row.topicId === topicId ? row : { ...noOffset(topicId), version, member, since };
}

export interface PlacedOffset extends OffsetRow {
  readonly key: CatalogKey;
  readonly topic: string;
  readonly partition: number;
}

/** All of a group, by topic and partition. */
export async function* offsetRows(catalog: Catalog, group: string): AsyncGenerator<PlacedOffset> {
  for await (const item of eachItem(catalog, offsetsPk(group))) {
    const { key } = item;
    const slash = key.sk.lastIndexOf("/");
    yield { ...decodeOffset(item), key, topic: key.sk.slice(0, slash), partition: Number(key.sk.slice(slash + 1)) };
  }
}

function decodeOffset({ key, version, value }: CatalogItem): OffsetRow {
  const { v, ...row } = value as unknown as Omit<OffsetRow, "version"> & { readonly v: number };
  if (v !== formatVersion) throw newerFormat(`The offset ${key.pk} ${key.sk}`, v, formatVersion);
  return { ...row, version };
}
