import type { Catalog, CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import type { Topic } from "../log.ts";
import { deletedTopicsPk, readTopic, topicKey, topicsPk } from "../topic-row.ts";
import { transactIf } from "../transact-if.ts";

/**
 * The row `topic-ids`, `<topic id>`: it is made and deleted with the topic, and never changes. Its value is the topic's name. An id is never used again, so whoever
 * names it in a transaction knows that the topic lives.
 */
export function topicIdKey(topicId: string): CatalogKey {
  return { pk: "topic-ids", sk: topicId };
}

export function topicLives(topicId: string): CatalogWrite {
  return { key: topicIdKey(topicId), check: true, if: 1 };
}

/** Undefined: it was deleted. */
export async function topicNameOf(catalog: Catalog, topicId: string): Promise<string | undefined> {
  const value = (await catalog.get(topicIdKey(topicId)))?.value;
  return typeof value === "string" ? value : undefined;
}

const upgradeKey = { pk: "upgrades", sk: "topic-ids" };

/** Topics that were made before there were such rows get theirs: once for each store. */
export async function ensureTopicIds(catalog: Catalog): Promise<void> {
  if ((await catalog.get(upgradeKey)) !== undefined) return;
  for await (const item of eachItem(catalog, topicsPk)) {
    const { topic, version } = readTopic(item);
    // It has its row, or was changed just now by a build that makes rows: nothing is to be done then.
    await putTopicId(catalog, topic, version);
  }
  await catalog.transact([{ key: upgradeKey, put: 1, if: "any" }]);
}

/** Gives a topic its row, if it still is as it was read, and is not one that was deleted and made anew since. @returns false when it is not, or has one */
export async function putTopicId(catalog: Catalog, { name, id }: Pick<Topic, "name" | "id">, version: number): Promise<boolean> {
  return await transactIf(catalog, [
    { key: topicKey(name), check: true, if: version },
    { key: { pk: deletedTopicsPk, sk: id }, check: true, if: "absent" },
    { key: topicIdKey(id), put: name, if: "absent" },
  ]);
}
