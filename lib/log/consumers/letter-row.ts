import type { Catalog, CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import { newerFormat } from "../newer-format.ts";
import type { DeadLetter, Delivery } from "./consumers.ts";

/** A dead letter: the catalog's row `dead-letters/<group>`, its id. */
export interface LetterRow extends DeadLetter {
  /** Of the row; 0 when there is none. */
  readonly version: number;
  /** What is of another topic of that name cannot be read any more. */
  readonly topicId: string;
}

const formatVersion = 1;

export function lettersPk(group: string): string {
  return `dead-letters/${group}`;
}

export function letterKey(group: string, id: string): CatalogKey {
  return { pk: lettersPk(group), sk: id };
}

/** Ids sort as partitions and offsets do. */
export function letterId(topic: string, partition: number, fromOffset: number): string {
  return `${partitionPrefix(topic, partition)}${String(fromOffset).padStart(19, "0")}`;
}

function partitionPrefix(topic: string, partition: number): string {
  return `${topic}/${String(partition).padStart(5, "0")}/`;
}

export function readLetter({ key, version, value }: CatalogItem): LetterRow {
  const { v, ...row } = value as unknown as Omit<LetterRow, "version" | "id"> & { readonly v: number };
  if (v !== formatVersion) throw newerFormat(`Dead letter ${key.sk}`, v, formatVersion);
  return { ...row, id: key.sk, version };
}

/** Fails when the row is not as it was any more; one that is new takes the place of an older one of the same range. */
export function letterWrite(group: string, { id, version, ...row }: LetterRow): CatalogWrite {
  const put = { ...row, v: formatVersion } as unknown as JsonValue;
  return { key: letterKey(group, id), put, if: version === 0 ? "any" : version };
}

/** Those of a partition that are to be delivered once more. */
export async function redriving(catalog: Catalog, { group, topic, partition }: Delivery): Promise<readonly LetterRow[]> {
  const found: LetterRow[] = [];
  const prefix = partitionPrefix(topic, partition);
  // The prefix itself is no id, and all ids of the partition follow it.
  for await (const item of eachItem(catalog, lettersPk(group), { after: prefix })) {
    if (!item.key.sk.startsWith(prefix)) break;
    const letter = readLetter(item);
    if (letter.isRedriving) found.push(letter);
  }
  return found;
}

/** Partitions in which dead letters are to be delivered once more: rows of one `pk`, so that the sweep finds all with one query. */
export const redrivesPk = "redrives";

export function redriveKey({ group, topic, partition }: Delivery): CatalogKey {
  return { pk: redrivesPk, sk: `${encodeURIComponent(group)}/${topic}/${partition}` };
}

export function redriveWrite({ group, topic, partition }: Delivery): CatalogWrite {
  return { key: redriveKey({ group, topic, partition }), put: { group, topic, partition }, if: "any" };
}

export function readRedrive({ value }: CatalogItem): Delivery {
  const { group, topic, partition } = value as unknown as Delivery;
  return { group, topic, partition };
}
