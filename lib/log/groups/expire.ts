import type { CatalogItem } from "../../ports/catalog.ts";
import { consumerKey } from "../consumers/consumer-row.ts";
import { expireLetters, type LetterServices } from "../consumers/expire-letters.ts";
import { groupMarkWrite, readGroupMark } from "./group-marks.ts";
import type { Groups } from "./groups.ts";
import { foundIn, groupKey } from "./members.ts";
import { offsetRows } from "./offset-row.ts";

/**
 * Looks at a marked group: deletes it with its offsets when it has had no members, and was set no offset, for so long; else marks it for later. Of a triggered consumer
 * the dead letters go whose records are gone.
 * @returns whether it is gone
 */
export async function expireGroup(
  services: LetterServices & { readonly groups: Groups },
  mark: CatalogItem,
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
): Promise<boolean> {
  const { catalog, groups } = services;
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
  if (isTriggered) await expireLetters(services, group);
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
