import type { Catalog, CatalogItem, CatalogKey, CatalogWrite, JsonValue } from "../ports/catalog.ts";
import { deletedTopicsPk, readTopic, topicRowValue, type TopicRow } from "./topic-row.ts";
import { transactIf } from "./transact-if.ts";

/**
 * A topic that is being made has a row under `deletedTopicsPk` before its first shard is opened, and the step that makes it takes that away. Should its maker end in
 * between, it is given up, and ends as a topic that is deleted does.
 */
export function makingWrite(name: string, row: TopicRow): CatalogWrite {
  return { key: deletedTopicKey(row.id), put: { ...deletedTopicValue(name, row), isNew: true }, if: "absent" };
}

/** Fails once it was given up. */
export function madeWrite({ id }: TopicRow): CatalogWrite {
  return { key: deletedTopicKey(id), delete: true, if: 1 };
}

export function deletedTopicValue(name: string, row: TopicRow): Readonly<Record<string, JsonValue>> {
  return { ...(topicRowValue(row) as Readonly<Record<string, JsonValue>>), name };
}

/** @param item under `deletedTopicsPk` */
export function isBeingMade({ value }: CatalogItem): boolean {
  return (value as { readonly isNew?: boolean }).isNew === true;
}

/** Whether its maker has had so long that it has ended, as far as clocks agree: if it has not, its last step fails. */
export function isLongInMaking(item: CatalogItem, nowMs: number, graceMs: number): boolean {
  return isBeingMade(item) && nowMs - readTopic(item).row.createdMs >= graceMs;
}

/** From then on nobody can make it. @returns its row as it is then; undefined when it was made, or another one was faster */
export async function giveUpMaking(catalog: Catalog, { key, version, value }: CatalogItem): Promise<CatalogItem | undefined> {
  const { isNew: _, ...put } = value as Readonly<Record<string, JsonValue>>;
  return (await transactIf(catalog, [{ key, put, if: version }])) ? { key, version: version + 1, value: put } : undefined;
}

export function deletedTopicKey(id: string): CatalogKey {
  return { pk: deletedTopicsPk, sk: id };
}
