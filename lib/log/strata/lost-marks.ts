import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogItem, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { eachItem } from "../each-item.ts";
import type { Work } from "../in-turns.ts";
import type { Topic } from "../log.ts";
import { shardCount } from "../placement.ts";
import { readTopic, topicKey, topicsPk } from "../topic-row.ts";
import { startAfterRetention } from "./expire.ts";
import { frontierKey, readFrontier } from "./frontier.ts";
import { activePk, activeWrite, duePk, dueWrite, readActive, readDue, shardText } from "./marks.ts";
import { allSegments } from "./segment-row.ts";
import type { StrataServices } from "./services.ts";
import { earliest, looksAgainMs, retentionOf } from "./tend.ts";

/** How far the search has come: the topic that it was at last, by name, and that one's next shard; null: it is done with it. */
interface Place {
  readonly topic: string;
  readonly shard: number | null;
}

/** The catalog's row of the search. */
interface Search extends Place {
  /** When it began; it is done when `isOver`. */
  readonly begunMs: number;
  readonly isOver: boolean;
}

interface Candidate {
  readonly topic: Topic;
  readonly shard: number;
  /** Where to go on after it. */
  readonly next: Place;
}

export const marksSearchKey = { pk: "janitor", sk: "marks" };

/**
 * Looks once a day for shards that have work to come and no mark: a writer's request to mark them failed, or its process ended before it was made. Of each round it
 * takes a small part: so many shards (`limits.catalogQueryLimitMax`), which costs a scan of all marks, and for each shard that has none two reads, and one more for
 * each of its partitions that was ever sealed.
 * @param found the value of its row, `marksSearchKey`
 */
export async function* restoreMarks(services: StrataServices, found: JsonValue | undefined): Work {
  const { catalog } = services.engine;
  const nowMs = services.clock.nowMs();
  const known = found as unknown as Search | undefined;
  const sinceMs = known === undefined ? 0 : nowMs - known.begunMs;
  if (known?.isOver === true && sinceMs >= 0 && sinceMs < limits.sweepEveryMs) return;
  const save = async (search: Search): Promise<void> => {
    await catalog.transact([{ key: marksSearchKey, put: { ...search }, if: "any" }]);
  };
  // A log's first one comes a day after its first round.
  if (known === undefined) return save({ begunMs: nowMs, isOver: true, topic: "", shard: null });
  yield;
  const begun = known.isOver ? { begunMs: nowMs, topic: "", shard: null } : known;
  const candidates = await candidatesFrom(catalog, begun);
  const isOver = candidates.length < limits.catalogQueryLimitMax;
  const unmarked = new Map(candidates.map((each) => [shardText(keyOf(each)), each]));
  for (const [pk, read] of [
    [activePk, readActive],
    [duePk, readDue],
  ] as const) {
    yield;
    for await (const item of eachItem(catalog, pk, { pageItems: limits.catalogQueryLimitMax }))
      unmarked.delete(shardText(read(item).shard));
  }
  const left = [...unmarked.values()];
  for (let at = 0; at < left.length; at += limits.transactWritesMax) {
    yield;
    const own = left.slice(at, at + limits.transactWritesMax);
    const writes = await mapBounded(own, limits.shardConcurrency, (each) => markFor(services, each));
    const made = writes.filter((write) => write !== undefined);
    if (made.length > 0) await catalog.transact(made);
  }
  const next = candidates.at(-1)?.next ?? { topic: "", shard: null };
  await save({ begunMs: begun.begunMs, isOver, ...next });
}

function keyOf({ topic: { id: topicId }, shard }: Candidate) {
  return { topicId, shard };
}

/** The next shards, in order. */
async function candidatesFrom(catalog: Catalog, from: Place): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const add = (topic: Topic, first: number): boolean => {
    const count = shardCount(topic.partitions, topic.partitionsPerShard);
    for (let shard = first; shard < count && found.length < limits.catalogQueryLimitMax; shard++)
      found.push({ topic, shard, next: { topic: topic.name, shard: shard + 1 < count ? shard + 1 : null } });
    return found.length < limits.catalogQueryLimitMax;
  };
  const begun = from.shard === null ? undefined : topicIn(await catalog.get(topicKey(from.topic)));
  if (begun !== undefined && !add(begun, from.shard ?? 0)) return found;
  const after = from.topic === "" ? undefined : from.topic;
  for await (const item of eachItem(catalog, topicsPk, { after, pageItems: limits.catalogQueryLimitMax })) {
    const topic = topicIn(item);
    if (topic !== undefined && !add(topic, 0)) break;
  }
  return found;
}

/** Undefined: it is not there, or cannot be read, which its visits tell. */
function topicIn(item: CatalogItem | undefined): Topic | undefined {
  try {
    return item && readTopic(item).topic;
  } catch {
    return undefined;
  }
}

/** The mark that a shard has to have; undefined: nothing of it has to be looked at before somebody appends. */
async function markFor(services: StrataServices, candidate: Candidate): Promise<CatalogWrite | undefined> {
  const key = keyOf(candidate);
  const nowMs = services.clock.nowMs();
  try {
    const dueMs = await dueIn(services, candidate);
    if (dueMs === undefined) return undefined;
    return dueMs <= nowMs ? activeWrite(key, nowMs) : dueWrite(key, dueMs);
  } catch (reason) {
    const { code } = LogError.from(reason);
    if (code === "unknown_topic_or_partition") return undefined;
    // A visit finds what is wrong there, and tells it.
    if (code === "corrupt_log" || code === "internal" || code === "unsupported_version") return activeWrite(key, nowMs);
    throw reason;
  }
}

/** When a shard has to be looked at; 0: something waits. */
async function dueIn(services: StrataServices, candidate: Candidate): Promise<number | undefined> {
  const { engine, clock } = services;
  const { topic, shard } = candidate;
  const key = keyOf(candidate);
  const head = await engine.journal.head(key);
  const frontier = readFrontier(await engine.catalog.get(frontierKey(key)));
  if (head.seq > frontier.seq || head.startSeq < frontier.seq) return 0;
  const times: (number | undefined)[] = [];
  for (const [index, sealed] of frontier.sealed.entries()) {
    if (sealed === 0) continue;
    const rows = await allSegments(engine.catalog, topic.id, shard * topic.partitionsPerShard + index);
    const start = Math.max(frontier.start[index] ?? 0, startAfterRetention(rows, retentionOf(topic), clock.nowMs()));
    if (rows.some(({ next }) => next <= start)) return 0;
    times.push(looksAgainMs(services, topic, rows));
  }
  return earliest(times);
}
