import { limits } from "../../core/limits.ts";
import { eachItem } from "../../log/each-item.ts";
import { noFrontier, readFrontier } from "../../log/strata/frontier.ts";
import { readGarbage } from "../../log/strata/garbage.ts";
import { segmentObjectsPrefix } from "../../log/strata/segment-object-key.ts";
import { readSegmentRow, type SegmentRow } from "../../log/strata/segment-row.ts";
import { topicNameOf } from "../../log/strata/topic-ids.ts";
import { readTopic, topicKey } from "../../log/topic-row.ts";
import type { CatalogItem } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import { type StoreWatch, topicIdOf } from "./store-watch.ts";

/**
 * What is wrong with the strata once all is at rest and the janitor has nothing left to do: rows that do not follow each other, rows whose objects are
 * missing, objects that nothing names, rows of topics that are gone. Reads all there is.
 */
export async function checkStrata(engine: Engine, watch: StoreWatch): Promise<readonly string[]> {
  const objects = await objectKeys(engine);
  const named = new Map<string, string>();
  const wrong: string[] = [];
  const name = (key: string, by: string): void => {
    const other = named.get(key);
    if (other !== undefined) wrong.push(`${other} and ${by} name ${key}`);
    named.set(key, by);
  };
  for (const pk of watch.strataPks) {
    const items = await itemsOf(engine, pk);
    const isGone = (await topicNameOf(engine.catalog, topicIdOf(pk))) === undefined;
    for (const item of items) {
      const { key } = item;
      const mayStay = pk.startsWith("garbage/") && !watch.wasInTime(key);
      if (isGone && !mayStay) wrong.push(`${pk} has a row ${key.sk}, and its topic is deleted`);
      if (pk.startsWith("garbage/")) for (const own of readGarbage(item).keys) name(own, `${pk} ${key.sk}`);
      if (!pk.startsWith("segments/")) continue;
      const row = readSegmentRow(item);
      name(row.key, `${pk} ${row.baseOffset}`);
      if (!objects.has(row.key)) wrong.push(`${pk} ${row.baseOffset} names ${row.key}, which is not there`);
    }
    if (!isGone && pk.startsWith("frontiers/")) wrong.push(...(await checkRows(engine, topicIdOf(pk))));
  }
  for (const key of objects) if (!named.has(key) && !watch.mayComeLate(key)) wrong.push(`nothing names ${key}`);
  return wrong;
}

/** From its log start offset up to where it is sealed, a partition's rows follow each other without a hole. */
async function checkRows(engine: Engine, topicId: string): Promise<readonly string[]> {
  const { catalog } = engine;
  const item = await catalog.get(topicKey((await topicNameOf(catalog, topicId)) ?? ""));
  if (item === undefined) return [`${topicId} has no row under its name`];
  const { partitions, partitionsPerShard } = readTopic(item).topic;
  const frontiers = new Map((await itemsOf(engine, `frontiers/${topicId}`)).map((own) => [Number(own.key.sk), readFrontier(own)]));
  const wrong: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const pk = `segments/${topicId}/${partition}`;
    const frontier = frontiers.get(Math.floor(partition / partitionsPerShard)) ?? noFrontier;
    const index = partition % partitionsPerShard;
    const rows: readonly SegmentRow[] = (await itemsOf(engine, pk)).map(readSegmentRow);
    const [start, sealed] = [frontier.start[index] ?? 0, frontier.sealed[index] ?? 0];
    for (const [nth, { next }] of rows.entries()) {
      const following = rows[nth + 1]?.baseOffset ?? sealed;
      if (next !== following) wrong.push(`${pk} goes on at ${following} after ${next}`);
    }
    const first = rows[0]?.baseOffset ?? sealed;
    if (first > start) wrong.push(`${pk} begins at ${first}, and the log at ${start}`);
  }
  return wrong;
}

async function itemsOf({ catalog }: Engine, pk: string): Promise<readonly CatalogItem[]> {
  const items: CatalogItem[] = [];
  for await (const item of eachItem(catalog, pk)) items.push(item);
  return items;
}

/** Of segments. */
async function objectKeys({ objects }: Engine): Promise<ReadonlySet<string>> {
  const limit = limits.objectsListMax;
  for (let keys: readonly string[] = []; ; ) {
    const after = keys.at(-1);
    const page = await objects.list(segmentObjectsPrefix, { limit, ...(after === undefined ? {} : { after }) });
    keys = [...keys, ...page.map(({ key }) => key)];
    if (page.length < limit) return new Set(keys);
  }
}
