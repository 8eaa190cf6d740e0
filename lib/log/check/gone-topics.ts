import { limits } from "../../core/limits.ts";
import type { CatalogItem } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import { dropExpired } from "../strata/expire.ts";
import { frontiersPk, readFrontier } from "../strata/frontier.ts";
import { collectGarbage, garbagePk } from "../strata/garbage.ts";
import { allSegments, segmentsPk } from "../strata/segment-row.ts";
import { transactIf } from "../transact-if.ts";
import { type Check } from "./context.ts";
import { fault, type Finding, restoreAdvice } from "./finding.ts";
import { readObjectKey, segmentObjectsPrefix } from "../strata/segment-object-key.ts";
import { isClosed } from "./orphan-safety.ts";
import { lifeOf, type TopicLives } from "./topic-lives.ts";

/** Finds what is left of topics that are gone, each once. Of which it hears only from objects and marks: a catalog cannot list its keys. */
export class GoneTopics {
  readonly #check: Check;
  readonly #lives: TopicLives;
  readonly #told = new Set<string>();

  constructor(check: Check, lives: TopicLives) {
    this.#check = check;
    this.#lives = lives;
  }

  async *look(topicId: string): AsyncGenerator<Finding, void, undefined> {
    if (this.#told.has(topicId) || (await this.#lives.of(topicId)) !== "gone") return;
    // Several may ask at once.
    if (this.#told.has(topicId)) return;
    if (this.#told.size >= limits.checkTopicsKept) this.#told.clear();
    this.#told.add(topicId);
    const remains = await remainsOf(this.#check, topicId);
    if (remains.length === 0) return;
    const rows = remains.join(", ");
    if (!(await isClosed(this.#check, topicId))) {
      const message = `Topic ${topicId} has lost its rows among the topics and in topic-ids; its journal is open, and there are ${rows}. ${restoreAdvice.catalog}`;
      yield fault({ kind: "dangling", what: "topic", where: { topicId }, message });
      return;
    }
    const message = `Of topic ${topicId}, which is gone, there are rows still: ${rows}. Nobody can read what they name. --repair removes them.`;
    const repair = () => removeRemains(this.#check, topicId);
    yield fault({ kind: "dangling", what: "topic", where: { topicId }, message, repair });
  }
}

/** The `pk`s under which there is something. */
async function remainsOf(check: Check, topicId: string): Promise<readonly string[]> {
  const remains: string[] = [];
  const hasRows = async (pk: string): Promise<boolean> => (await check.engine.catalog.query(pk, { limit: 1 })).length > 0;
  for (const pk of [frontiersPk(topicId), garbagePk(topicId)]) if (await hasRows(pk)) remains.push(pk);
  for (const partition of await partitionsOf(check, topicId)) {
    if (await hasRows(segmentsPk(topicId, partition))) return [...remains, `segments/${topicId}/…`];
  }
  return remains;
}

/** Partitions that there may be rows of: those of its frontiers, and those of its objects. */
async function partitionsOf(check: Check, topicId: string): Promise<ReadonlySet<number>> {
  const partitions = new Set<number>();
  let perShard = 0;
  let shards = 0;
  for await (const item of eachItem(check.engine.catalog, frontiersPk(topicId))) {
    const { sealed, start } = readFrontier(item);
    perShard = Math.max(perShard, sealed.length, start.length);
    shards = Math.max(shards, Number(item.key.sk) + 1);
  }
  for (let partition = 0; partition < Math.min(perShard * shards, limits.partitionsMax); partition++) partitions.add(partition);
  for (let nth = 0; nth < 256; nth++) {
    const prefix = `${segmentObjectsPrefix}${nth.toString(16).padStart(2, "0")}/${topicId}/`;
    for (const { key } of await check.engine.objects.list(prefix, { limit: limits.objectsListMax })) {
      const named = readObjectKey(key);
      if (named !== undefined) partitions.add(named.partition);
    }
  }
  return partitions;
}

/** Removes the rows, and the objects that they name, as the janitor does with those of a topic that is being deleted. */
async function removeRemains(check: Check, topicId: string): Promise<boolean> {
  if ((await lifeOf(check, topicId)) !== "gone") return false;
  const { catalog } = check.engine;
  for (const partition of await partitionsOf(check, topicId)) {
    const rows = await allSegments(catalog, topicId, partition);
    await dropExpired(check, topicId, partition, rows, Number.MAX_SAFE_INTEGER);
  }
  // Nobody reads them: nothing has to wait until it is due.
  await collectGarbage(check.engine, topicId, Number.MAX_SAFE_INTEGER);
  const frontiers: CatalogItem[] = [];
  for await (const item of eachItem(check.engine.catalog, frontiersPk(topicId))) frontiers.push(item);
  for (const { key, version } of frontiers) await transactIf(catalog, [{ key, delete: true, if: version }]);
  return true;
}
