import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import type { ObjectInfo } from "../../ports/object-store.ts";
import { eachItem } from "../each-item.ts";
import { garbagePk, readGarbage } from "../strata/garbage.ts";
import { readSegmentRow, segmentKey, segmentsFrom } from "../strata/segment-row.ts";
import { type Check, checkAtOnce } from "./context.ts";
import { fault, type Finding } from "./finding.ts";
import { inOrder } from "./in-order.ts";
import { isNeedless } from "./orphan-safety.ts";
import { type NamedObject, readObjectKey, segmentObjectsPrefix } from "../strata/segment-object-key.ts";

/** @param onTopic hears of the topic of each object */
export async function* checkObjects(
  check: Check,
  onTopic: (topicId: string) => AsyncGenerator<Finding, void, undefined>,
): AsyncGenerator<Finding, void, undefined> {
  for (let after: string | undefined; ; ) {
    const page = await check.engine.objects.list(segmentObjectsPrefix, {
      limit: limits.objectsListMax,
      ...(after !== undefined && { after }),
    });
    yield* checkPage(check, page, onTopic);
    after = page.at(-1)?.key;
    if (after === undefined || page.length < limits.objectsListMax) return;
  }
}

async function* checkPage(
  check: Check,
  page: readonly ObjectInfo[],
  onTopic: (topicId: string) => AsyncGenerator<Finding, void, undefined>,
): AsyncGenerator<Finding, void, undefined> {
  check.seen({ objects: page.length });
  // A segment's row has the base offset that its object's key has: nearly all are found at once.
  const followed = await mapBounded(page, checkAtOnce.rows, ({ key }) => isFollowed(check, key, readObjectKey(key)));
  const topicIds = new Set(page.flatMap(({ key }) => readObjectKey(key)?.topicId ?? []));
  yield* inOrder(check, topicIds, checkAtOnce.rows, onTopic);
  const others = page.filter((_, nth) => followed[nth] !== true);
  const needless = new Map<string, Promise<boolean>>();
  yield* inOrder(check, others, checkAtOnce.rows, (info) => checkOther(check, info, needless));
}

/** An object that no row names at first sight. @param needless by partition, what was found out before */
async function* checkOther(
  check: Check,
  info: ObjectInfo,
  needless: Map<string, Promise<boolean>>,
): AsyncGenerator<Finding, void, undefined> {
  const named = readObjectKey(info.key);
  if (named === undefined) yield strange(info);
  else if (await isUnreferenced(check, info.key, named)) {
    const name = `${named.topicId}/${named.partition}`;
    const canGo = needless.get(name) ?? isNeedless(check, named);
    needless.set(name, canGo);
    yield orphan(check, info, named, await canGo);
  }
}

async function isFollowed({ engine }: Check, key: string, named: NamedObject | undefined): Promise<boolean> {
  if (named === undefined) return false;
  const item = await engine.catalog.get(segmentKey(named.topicId, named.partition, named.baseOffset));
  return item !== undefined && readSegmentRow(item).key === key;
}

/**
 * Whether nothing names an object that was listed, nor can come to (decision 0009). In this order: its writer has put a garbage row first, its swap takes that away
 * in the step that puts a segment's row, and what replaces that puts a garbage row in the step that takes it away.
 */
async function isUnreferenced(check: Check, key: string, { topicId, partition }: NamedObject): Promise<boolean> {
  if (await isGarbage(check, topicId, key)) return false;
  for await (const row of segmentsFrom(check.engine.catalog, topicId, partition)) if (row.key === key) return false;
  if (await isGarbage(check, topicId, key)) return false;
  return await isThere(check, key);
}

async function isGarbage(check: Check, topicId: string, key: string): Promise<boolean> {
  for await (const item of eachItem(check.engine.catalog, garbagePk(topicId))) if (readGarbage(item).keys.includes(key)) return true;
  return false;
}

/** Collected meanwhile, it was garbage between two looks. */
async function isThere({ engine }: Check, key: string): Promise<boolean> {
  return (await engine.objects.list(key, { limit: 1 }))[0]?.key === key;
}

function orphan(check: Check, { key, bytes }: ObjectInfo, named: NamedObject, canGo: boolean): Finding {
  const { topicId, partition, baseOffset: offset } = named;
  const where = { topicId, partition, offset, key };
  const what = `Nothing names the object ${key} of ${bytes} bytes, and nothing can come to`;
  if (!canGo) {
    const message = `${what}. Keep it: other parts of its partition are missing or damaged, and it may hold what they held. Its footer says which offsets it has.`;
    return fault({ kind: "unreferenced", what: "object", where, message });
  }
  const repair = async (): Promise<boolean> => {
    if (!(await isUnreferenced(check, key, named)) || !(await isNeedless(check, named))) return false;
    await check.engine.objects.delete([key]);
    return true;
  };
  const message = `${what}: it was stored late, after it had been given up. --repair deletes it.`;
  return fault({ kind: "unreferenced", what: "object", where, message, repair });
}

function strange({ key, bytes }: ObjectInfo): Finding {
  const message = `The object ${key} of ${bytes} bytes has a name that no segment has: the log did not write it. Find out who did, and move it elsewhere.`;
  return fault({ kind: "unreferenced", what: "object", where: { key }, message });
}
