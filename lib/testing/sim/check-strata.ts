import { limits } from "../../core/limits.ts";
import { noFrontier, readFrontier } from "../../log/strata/frontier.ts";
import { garbageOf } from "../../log/strata/garbage.ts";
import { readSegmentRow, type SegmentRow } from "../../log/strata/segment-row.ts";
import { topicNameOf } from "../../log/strata/topic-ids.ts";
import { readTopic, topicKey } from "../../log/topic-row.ts";
import type { CatalogItem } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import type { StoreWatch } from "./store-watch.ts";

/** @returns whether a topic that was made is there still */
type Lives = (topicId: string) => boolean;

/**
 * What is wrong with the strata once all is at rest and the janitor has nothing left to do: rows that do not follow each other, rows whose objects are
 * missing, objects that nothing names, rows of topics that are gone. Reads all there is.
 */
export async function checkStrata(engine: Engine, watch: StoreWatch): Promise<readonly string[]> {
  const topicIds = new Set([...watch.strataPks].map(topicIdOf));
  const living = new Set<string>();
  for (const topicId of topicIds) if ((await topicNameOf(engine.catalog, topicId)) !== undefined) living.add(topicId);
  const lives: Lives = (topicId) => living.has(topicId);
  const objects = await objectKeys(engine);
  const named = new Map<string, string>();
  const wrong: string[] = [];
  for (const pk of watch.strataPks) {
    const items = await itemsOf(engine, pk);
    if (!lives(topicIdOf(pk)) && items.length > 0) wrong.push(`${pk} has ${items.length} rows, and its topic is deleted`);
    if (!pk.startsWith("segments/")) continue;
    for (const { key, baseOffset } of items.map(readSegmentRow)) {
      named.set(key, pk);
      if (!objects.has(key)) wrong.push(`${pk} ${baseOffset} names ${key}, which is not there`);
    }
  }
  for (const topicId of living) {
    for (const { keys } of await garbageOf(engine.catalog, topicId, limits.catalogQueryLimitMax)) {
      for (const key of keys) {
        if (named.has(key)) wrong.push(`${key} is named by ${named.get(key)} and is garbage`);
        named.set(key, "garbage");
      }
    }
    wrong.push(...(await checkRows(engine, topicId)));
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
  const limit = limits.catalogQueryLimitMax;
  for (let items: readonly CatalogItem[] = []; ; ) {
    const after = items.at(-1)?.key.sk;
    const page = await catalog.query(pk, { limit, ...(after === undefined ? {} : { after }) });
    items = [...items, ...page];
    if (page.length < limit) return items;
  }
}

/** Of segments. */
async function objectKeys({ objects }: Engine): Promise<ReadonlySet<string>> {
  const limit = limits.objectsListMax;
  for (let keys: readonly string[] = []; ; ) {
    const after = keys.at(-1);
    const page = await objects.list("s/", { limit, ...(after === undefined ? {} : { after }) });
    keys = [...keys, ...page.map(({ key }) => key)];
    if (page.length < limit) return new Set(keys);
  }
}

function topicIdOf(pk: string): string {
  return pk.split("/")[1] ?? "";
}
