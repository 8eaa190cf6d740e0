import { iterateRecords } from "../../core/codec/record-batch.ts";
import { mapBounded } from "../../core/bounded.ts";
import { limits } from "../../core/limits.ts";
import { eachItem } from "../each-item.ts";
import { offsetKey, type OffsetRow } from "../groups/offset-row.ts";
import type { Topic, Watermarks } from "../log.ts";
import { topicGone } from "../topic-gone.ts";
import type { Consumer, ConsumerState, ConsumerStatus, PartitionStatus } from "./consumers.ts";
import { placeOf } from "./held.ts";
import { noDelivery } from "./lease.ts";
import { lettersPk } from "./letter-row.ts";
import { rowsOf } from "./pending.ts";
import type { DeliveryServices } from "./services.ts";

/** How it is with each partition of a consumer. Of a topic that is gone there are none. */
export async function consumerStatus(services: DeliveryServices, consumer: Consumer): Promise<ConsumerStatus> {
  const { log, catalog } = services;
  const topic = await log.topics.get(consumer.topic).catch(topicGone);
  const marks = topic === undefined ? undefined : await log.watermarks(topic.name).catch(topicGone);
  const rows = topic === undefined ? new Map<number, OffsetRow>() : await rowsOf(services, consumer, topic);
  const partitions = await mapBounded(marks ?? [], limits.shardConcurrency, (mark) =>
    partitionStatus(services, consumer, mark, rows.get(mark.partition)),
  );
  let deadLetters = 0;
  const letters = eachItem(catalog, lettersPk(consumer.group), { pageItems: limits.catalogQueryLimitMax });
  while ((await letters.next()).done !== true) deadLetters++;
  const isFailing = partitions.some(({ lastError }) => lastError !== "");
  return { consumer, state: stateOf(consumer, topic, isFailing), partitions, deadLetters };
}

/** As the status has it, without a look at the topic's partitions. */
export async function consumerState(services: DeliveryServices, consumer: Consumer): Promise<ConsumerState> {
  if (!consumer.enabled) return stateOf(consumer, undefined, false);
  const topic = await services.log.topics.get(consumer.topic).catch(topicGone);
  const rows = topic === undefined ? [] : [...(await rowsOf(services, consumer, topic)).values()];
  return stateOf(
    consumer,
    topic,
    rows.some(({ delivery = noDelivery }) => delivery.error !== ""),
  );
}

function stateOf({ enabled }: Consumer, topic: Topic | undefined, isFailing: boolean): ConsumerState {
  if (!enabled) return "Disabled";
  if (topic === undefined) return "NoTopic";
  return isFailing ? "Problem" : "Enabled";
}

async function partitionStatus(
  services: DeliveryServices,
  { group, topic }: Consumer,
  { partition, logStartOffset, highWatermark }: Watermarks,
  row: OffsetRow | undefined,
): Promise<PartitionStatus> {
  const { clock, isShared, held } = services;
  const state = row?.delivery ?? noDelivery;
  const offset = row === undefined || row.offset < 0 ? undefined : row.offset;
  const from = Math.max(offset ?? 0, logStartOffset);
  const lag = Math.max(0, highWatermark - from);
  return {
    partition,
    offset,
    highWatermark,
    lag,
    oldestTimestampMs: lag === 0 ? undefined : await timestampAt(services, topic, partition, from),
    isLeased: isShared ? state.untilMs > clock.nowMs() : held.has(placeOf(offsetKey(group, topic, partition))),
    attempts: state.attempts,
    retryAtMs: state.retryAtMs > clock.nowMs() ? state.retryAtMs : undefined,
    invocations: state.invocations,
    lastError: state.error,
    lastErrorMs: state.errorMs === 0 ? undefined : state.errorMs,
  };
}

/** Of the first record from an offset on. */
async function timestampAt(
  { log, compression }: DeliveryServices,
  topic: string,
  partition: number,
  from: number,
): Promise<number | undefined> {
  const found = await log.fetch(topic, partition, { from, recordsMax: 1, bytesMax: 1 }).catch(() => undefined);
  if (found === undefined) return undefined;
  for (const { timestampMs } of iterateRecords(found.batches, compression, found.offset)) return timestampMs;
  return undefined;
}
