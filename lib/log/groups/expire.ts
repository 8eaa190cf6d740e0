import type { Catalog, CatalogItem } from "../../ports/catalog.ts";
import { consumerKey } from "../consumers/consumer-row.ts";
import { groupMarkWrite, readGroupMark } from "./group-marks.ts";
import type { Groups } from "./groups.ts";
import { foundIn, groupKey } from "./members.ts";
import { offsetRows } from "./offset-row.ts";

/**
 * Looks at a marked group: deletes it with its offsets when it has had no members, and was set no offset, for so long; else marks it for later.
 * @returns whether it is gone
 */
export async function expireGroup(
  { catalog, groups }: { readonly catalog: Catalog; readonly groups: Groups },
  mark: CatalogItem,
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
): Promise<boolean> {
  const remove = { key: mark.key, delete: true, if: "any" } as const;
  const { group } = readGroupMark(mark);
  // Those who are gone without a word count from now on.
  await groups.settle(group);
  const item = await catalog.get(groupKey(group));
  if (item === undefined) {
    await catalog.transact([remove]);
    return false;
  }
  const { members, emptySinceMs } = foundIn(item).state;
  const isTriggered = (await catalog.get(consumerKey(group))) !== undefined;
  let usedMs = members.size > 0 || isTriggered ? nowMs : emptySinceMs;
  for await (const { committedMs } of offsetRows(catalog, group)) usedMs = Math.max(usedMs, committedMs);
  if (usedMs + retentionMs > nowMs) {
    await catalog.transact([remove, groupMarkWrite(group, usedMs)]);
    return false;
  }
  await groups.delete(group);
  await catalog.transact([remove]);
  return true;
}
