import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import { readTopic, topicKey, topicsPk } from "../topic-row.ts";

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
  for (let after: string | undefined; ; ) {
    const items = await catalog.query(topicsPk, { limit: limits.listLimitDefault, ...(after === undefined ? {} : { after }) });
    for (const item of items) {
      const { topic, version } = readTopic(item);
      const writes: readonly CatalogWrite[] = [
        { key: topicKey(topic.name), check: true, if: version },
        { key: topicIdKey(topic.id), put: topic.name, if: "absent" },
      ];
      await catalog.transact(writes).catch(ignoreConflict);
    }
    after = items.at(-1)?.key.sk;
    if (items.length < limits.listLimitDefault || after === undefined) break;
  }
  await catalog.transact([{ key: upgradeKey, put: 1, if: "any" }]);
}

/** It has its row, or was changed just now by a build that makes rows. */
function ignoreConflict(reason: unknown): void {
  const { code, outcome } = LogError.from(reason);
  if (code !== "conflict" || outcome !== "not-applied") throw reason;
}
