import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import { eachItem } from "../each-item.ts";
import type { Topic } from "../log.ts";
import { garbagePk, type GarbageRow, readGarbage } from "../strata/garbage.ts";
import { readSegmentRow, segmentKey } from "../strata/segment-row.ts";
import { type Check } from "./context.ts";
import { fault, type Finding } from "./finding.ts";
import { readObjectKey } from "../strata/segment-object-key.ts";

/** What a topic's garbage rows are about is about to be deleted: no row that readers follow may name it. */
export async function* checkGarbage(check: Check, topic: Topic): AsyncGenerator<Finding, void, undefined> {
  for await (const item of eachItem(check.engine.catalog, garbagePk(topic.id))) {
    const row = readGarbage(item);
    check.seen({});
    const followed = await mapBounded(row.keys, limits.shardConcurrency, (key) => isFollowed(check, key));
    const keys = row.keys.filter((_, nth) => followed[nth] === true);
    if (keys.length === 0 || !(await isFinal(check, row))) continue;
    for (const key of keys) {
      const { partition, baseOffset } = readObjectKey(key) ?? {};
      const where = { topic: topic.name, topicId: topic.id, key, ...(partition !== undefined && { partition, offset: baseOffset ?? 0 }) };
      const message = `Readers follow a row to ${key}, and the garbage row ${row.sk} (${row.why}) has it deleted at ${row.dueMs} (milliseconds since the epoch). Stop the janitor, keep a copy of the object, and delete the garbage row or restore the segment's from a copy.`;
      yield fault({ kind: "inconsistent", what: "garbage", where, message });
    }
  }
}

async function isFollowed({ engine }: Check, key: string): Promise<boolean> {
  const named = readObjectKey(key);
  if (named === undefined) return false;
  const item = await engine.catalog.get(segmentKey(named.topicId, named.partition, named.baseOffset));
  return item !== undefined && readSegmentRow(item).key === key;
}

/** What became garbage stays garbage. Only a swap that is not done yet takes its row away, in the step that has readers follow its objects. */
async function isFinal({ engine }: Check, row: GarbageRow): Promise<boolean> {
  if (row.why !== "unfinished" || row.isDoomed) return true;
  const now = await engine.catalog.get({ pk: garbagePk(row.topicId), sk: row.sk });
  return now?.version === row.version;
}
