import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import { eachItem } from "../each-item.ts";
import { findOffset, type OffsetRow, offsetKey, offsetRows, readOffset } from "../groups/offset-row.ts";
import type { Topic, Watermarks } from "../log.ts";
import { topicNameOf } from "../strata/topic-ids.ts";
import { topicGone } from "../topic-gone.ts";
import { consumersPk, readConsumer } from "./consumer-row.ts";
import type { Consumer, Delivery, ShardHint } from "./consumers.ts";
import { noDelivery } from "./lease.ts";
import { readRedrive, redrivesPk } from "./letter-row.ts";
import type { DeliveryServices } from "./services.ts";

export async function allConsumers({ catalog }: Pick<DeliveryServices, "catalog">): Promise<readonly Consumer[]> {
  const found: Consumer[] = [];
  for await (const item of eachItem(catalog, consumersPk)) found.push(readConsumer(item));
  return found;
}

/** Partitions that have something to deliver now, and that nobody delivers. */
export async function pendingDeliveries(
  services: DeliveryServices,
  of: readonly ShardHint[] | undefined,
  onFailure: ((group: string, reason: unknown) => void) | undefined,
): Promise<readonly Delivery[]> {
  const enabled = (await allConsumers(services)).filter((consumer) => consumer.enabled);
  if (enabled.length === 0) return [];
  const found = new Map<string, Delivery>();
  const add = (delivery: Delivery): void => void found.set(JSON.stringify([delivery.group, delivery.topic, delivery.partition]), delivery);
  if (of === undefined) for (const delivery of await redrivesOf(services, enabled)) add(delivery);
  const names = of === undefined ? undefined : await hinted(services, of);
  await mapBounded(enabled, limits.shardConcurrency, async (consumer) => {
    const hints = names?.get(consumer.topic);
    if (names !== undefined && hints === undefined) return;
    try {
      for (const delivery of await pendingOf(services, consumer, hints)) add(delivery);
    } catch (reason) {
      if (onFailure === undefined) throw reason;
      onFailure(consumer.group, reason);
    }
  });
  return [...found.values()];
}

/** Where dead letters are to be delivered once more. */
async function redrivesOf(services: DeliveryServices, enabled: readonly Consumer[]): Promise<readonly Delivery[]> {
  const { catalog, clock, isShared } = services;
  const topics = new Map(enabled.map(({ group, topic }) => [group, topic]));
  const found: Delivery[] = [];
  for await (const item of eachItem(catalog, redrivesPk)) {
    const redrive = readRedrive(item);
    if (topics.get(redrive.group) === redrive.topic) found.push(redrive);
  }
  const rows = await mapBounded(found, limits.shardConcurrency, ({ group, topic, partition }) =>
    findOffset(catalog, offsetKey(group, topic, partition)),
  );
  const nowMs = clock.nowMs();
  return found.filter((_, at) => isFree(rows[at], nowMs, isShared));
}

/** Shards by the name of their topic. */
async function hinted({ catalog }: DeliveryServices, of: readonly ShardHint[]): Promise<ReadonlyMap<string, readonly ShardHint[]>> {
  const byId = Map.groupBy(of, ({ topicId }) => topicId);
  const byName = new Map<string, readonly ShardHint[]>();
  await mapBounded([...byId], limits.shardConcurrency, async ([topicId, hints]) => {
    const name = await topicNameOf(catalog, topicId);
    if (name !== undefined) byName.set(name, hints);
  });
  return byName;
}

async function pendingOf(
  services: DeliveryServices,
  consumer: Consumer,
  hints: readonly ShardHint[] | undefined,
): Promise<readonly Delivery[]> {
  const { log, clock, isShared } = services;
  const topic = await log.topics.get(consumer.topic).catch(topicGone);
  if (topic === undefined) return [];
  const partitions = hints === undefined ? undefined : partitionsOf(topic, hints);
  if (partitions?.length === 0) return [];
  // The rows after the ends: who has given a partition free by then has looked at its end after that.
  const marks = (await log.watermarks(topic.name, partitions).catch(topicGone)) ?? [];
  const rows = await rowsOf(services, consumer, topic, partitions);
  const nowMs = clock.nowMs();
  return marks
    .filter((mark) => isPending(mark, rows.get(mark.partition), nowMs, isShared))
    .map(({ partition }) => ({ group: consumer.group, topic: topic.name, partition }));
}

function partitionsOf(topic: Topic, hints: readonly ShardHint[]): readonly number[] {
  const { id, partitions, partitionsPerShard } = topic;
  return hints.flatMap(({ topicId, shard }) => {
    const first = shard * partitionsPerShard;
    const count = Math.max(0, Math.min(partitionsPerShard, partitions - first));
    return topicId === id ? Array.from({ length: count }, (_, nth) => first + nth) : [];
  });
}

/** Each partition's row, of those that have one. */
export async function rowsOf(
  { catalog }: Pick<DeliveryServices, "catalog">,
  { group }: Pick<Consumer, "group">,
  topic: Topic,
  partitions?: readonly number[],
): Promise<ReadonlyMap<number, OffsetRow>> {
  if (partitions !== undefined && partitions.length <= limits.deliverRowReadsMax) {
    const found = await mapBounded(partitions, limits.shardConcurrency, (partition) =>
      readOffset(catalog, offsetKey(group, topic.name, partition), topic.id),
    );
    return new Map(partitions.map((partition, at) => [partition, found[at] as OffsetRow]));
  }
  const rows = new Map<number, OffsetRow>();
  for await (const row of offsetRows(catalog, group)) {
    if (row.topic === topic.name && row.topicId === topic.id) rows.set(row.partition, row);
  }
  return rows;
}

function isPending({ logStartOffset, highWatermark }: Watermarks, row: OffsetRow | undefined, nowMs: number, isShared: boolean): boolean {
  if (!isFree(row, nowMs, isShared)) return false;
  return Math.max(row?.offset ?? -1, logStartOffset) < highWatermark;
}

/** Nobody delivers it, and it does not wait for another try. */
function isFree(row: OffsetRow | undefined, nowMs: number, isShared: boolean): boolean {
  const { untilMs, retryAtMs } = row?.delivery ?? noDelivery;
  return !(isShared && untilMs > nowMs) && retryAtMs <= nowMs;
}
