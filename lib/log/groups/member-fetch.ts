import { mapBounded } from "../../core/bounded.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FetchResult, Log, Watermarks } from "../log.ts";
import { topicGone } from "../topic-gone.ts";
import type { CommittedOffset, MemberIdentity } from "./groups.ts";

/** Kafka's `auto.offset.reset`: where to go on with a partition that has no offset, or one whose records are gone. */
export const offsetResets = ["latest", "earliest", "none"] as const;
export type OffsetReset = (typeof offsetResets)[number];

export interface MemberFetch {
  readonly identity: MemberIdentity;
  /** By partition, where the member is, ahead of what is committed. Others begin where the group has come to. */
  readonly positions: readonly PartitionPosition[];
  readonly reset: OffsetReset;
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called with the topics each time before something of them is read. @throws what the fetch is to end with */
  readonly mayRead: (topics: readonly string[]) => Promise<void>;
}

export interface PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What was read of one partition. */
export interface PartitionFetch extends PartitionPosition {
  readonly result: FetchResult;
}

type Reader = Pick<Log, "groups" | "fetch" | "watermarks" | "changed">;

/**
 * Reads what comes next of the partitions that a member has, of each in order; waits for the first record when there is none. Where the group has come nowhere yet, it is
 * committed where it begins, so that nothing that comes meanwhile is passed over.
 * @throws as `groups.acquire`; offset_out_of_range with the reset `none`
 */
export async function fetchForMember(log: Reader, clock: Clock, group: string, fetch: MemberFetch): Promise<readonly PartitionFetch[]> {
  const { identity, signal } = fetch;
  const acquired = await log.groups.acquire(group, identity);
  const topics = [...new Set(acquired.map(({ topic }) => topic))];
  await fetch.mayRead(topics);
  let places = await startPlaces(log, group, fetch, acquired);
  const endMs = clock.nowMs() + fetch.waitMs;
  for (;;) {
    const seen = await marksOf(log, places);
    const found = await readAll(log, places, fetch, clock.nowMs());
    const leftMs = endMs - clock.nowMs();
    if (places.length === 0 || leftMs <= 0 || signal.aborted || found.some(({ result }) => result.batches.byteLength > 0)) return found;
    places = found.map(({ topic, partition, result }) => ({ topic, partition, offset: result.nextOffset }));
    await firstChange(log, seen, leftMs, signal);
    await fetch.mayRead(topics);
  }
}

async function startPlaces(
  log: Reader,
  group: string,
  { identity, positions, reset }: MemberFetch,
  acquired: readonly CommittedOffset[],
): Promise<readonly PartitionPosition[]> {
  const known = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const places = await mapBounded(acquired, limits.shardConcurrency, async ({ topic, partition, offset: committed }) => {
    const offset = known.get(`${topic}/${partition}`) ?? committed;
    if (offset !== undefined) return [{ topic, partition, offset, isNew: false }];
    const start = await resetOffset(log, topic, partition, reset).catch(topicGone);
    return start === undefined ? [] : [{ topic, partition, offset: start, isNew: true }];
  });
  const fresh = places.flat().filter(({ isNew }) => isNew);
  for (let at = 0; at < fresh.length; at += limits.offsetCommitsMax) {
    await log.groups.commit(group, identity, fresh.slice(at, at + limits.offsetCommitsMax));
  }
  return places.flat().map(({ topic, partition, offset }) => ({ topic, partition, offset }));
}

async function resetOffset(log: Reader, topic: string, partition: number, reset: OffsetReset): Promise<number> {
  if (reset === "none")
    throw new LogError(
      "offset_out_of_range",
      `The group has no offset of partition ${partition} of ${topic}, and autoOffsetReset is none.`,
    );
  const [marks] = await log.watermarks(topic, [partition]);
  return (reset === "earliest" ? marks?.logStartOffset : marks?.highWatermark) ?? 0;
}

/** All partitions' ends of each topic, to find out what comes after. */
async function marksOf(log: Reader, places: readonly PartitionPosition[]): Promise<ReadonlyMap<string, readonly Watermarks[]>> {
  const topics = [...new Set(places.map(({ topic }) => topic))];
  const found = await mapBounded(topics, limits.shardConcurrency, (topic) => log.watermarks(topic).catch(topicGone));
  return new Map(topics.flatMap((topic, at) => (found[at] === undefined ? [] : [[topic, found[at]]])));
}

/** Each partition in its turn, beginning with another one each time, until the answer is full. */
async function readAll(
  log: Reader,
  places: readonly PartitionPosition[],
  fetch: MemberFetch,
  nowMs: number,
): Promise<readonly PartitionFetch[]> {
  const first = places.length === 0 ? 0 : nowMs % places.length;
  const found: PartitionFetch[] = [];
  let [recordsLeft, bytesLeft] = [fetch.recordsMax, fetch.bytesMax];
  for (const place of [...places.slice(first), ...places.slice(0, first)]) {
    if (recordsLeft <= 0 || bytesLeft <= 0) break;
    const result = await readOne(log, place, fetch.reset, { recordsMax: recordsLeft, bytesMax: bytesLeft }).catch(topicGone);
    if (result === undefined) continue;
    found.push({ ...place, result });
    recordsLeft -= result.nextOffset - result.offset;
    bytesLeft -= result.batches.byteLength;
  }
  return found;
}

async function readOne(
  log: Reader,
  { topic, partition, offset }: PartitionPosition,
  reset: OffsetReset,
  room: { readonly recordsMax: number; readonly bytesMax: number },
): Promise<FetchResult> {
  try {
    return await log.fetch(topic, partition, { from: offset, ...room });
  } catch (reason) {
    if (LogError.from(reason).code !== "offset_out_of_range" || reset === "none") throw reason;
    return await log.fetch(topic, partition, { from: reset, ...room });
  }
}

async function firstChange(
  log: Reader,
  seen: ReadonlyMap<string, readonly Watermarks[]>,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [...seen].map(async ([topic, marks]) => {
    try {
      await log.changed(topic, waitMs, either, marks);
    } finally {
      over.abort();
    }
  });
  for (const wait of await Promise.allSettled(waits)) if (wait.status === "rejected") topicGone(wait.reason);
}
