import type { Topic } from "../log.ts";
import { topicGone } from "../topic-gone.ts";
import type { Carrier, Consumer, Delivery, DeliveryLimits, DeliveryReport } from "./consumers.ts";
import { type Counts, DeliveryRun, type End, type RunParts } from "./delivery-run.ts";
import { Lease, LeaseLost } from "./lease.ts";
import { redrivePartition } from "./redrive.ts";
import type { DeliveryServices } from "./services.ts";
import { limits } from "../../core/limits.ts";

interface Go {
  readonly delivery: Delivery;
  readonly carrier: Carrier;
  readonly options: DeliveryLimits;
  readonly consumerOf: (group: string) => Promise<Consumer>;
}

/** Delivers a partition: takes its lease, goes on until nothing is left, gives it free and looks once more. */
export async function deliverPartition(services: DeliveryServices, go: Go): Promise<DeliveryReport> {
  const counts: Counts = { calls: 0, records: 0, filtered: 0, failedCalls: 0, givenUp: 0 };
  for (let { delivery } = go; ; delivery = withoutToken(delivery)) {
    const end = await deliverOnce(services, { ...go, delivery }, counts);
    if (end !== undefined) return { ...counts, ...end };
  }
}

/** @returns undefined when there is something to be looked at again */
async function deliverOnce(services: DeliveryServices, go: Go, counts: Counts): Promise<End | undefined> {
  const { delivery, carrier, options } = go;
  const consumer = await go.consumerOf(delivery.group);
  const topic = await topicOf(services, consumer, delivery);
  if (!consumer.enabled || topic === undefined) return { state: "stopped" };
  const lease = await Lease.take(services, delivery, topic.id);
  if (!(lease instanceof Lease)) return lease;
  const parts: RunParts = { consumer, topic, delivery, carrier, options, counts };
  try {
    const end = await runAll(services, go, parts, lease);
    // What came just before the lease was given free, while others still saw it held.
    if (end?.state !== "done") return end;
    return (await isMore(services, delivery, lease)) ? undefined : end;
  } catch (reason) {
    if (!(reason instanceof LeaseLost)) throw reason;
    return { state: "stopped" };
  } finally {
    lease.leave();
  }
}

/** @returns undefined when the consumer was changed meanwhile, and is to be read again */
async function runAll(services: DeliveryServices, go: Go, parts: RunParts, lease: Lease): Promise<End | undefined> {
  const { clock } = services;
  const run = new DeliveryRun(services, parts, lease);
  await redrivePartition(services, parts, lease);
  for (let readMs = clock.nowMs(); ; ) {
    const end = await run.next();
    if (end !== undefined) return end;
    const nowMs = clock.nowMs();
    if (nowMs - readMs >= 0 && nowMs - readMs < limits.deliverSettingsMs) continue;
    readMs = nowMs;
    if ((await go.consumerOf(parts.delivery.group)).version === parts.consumer.version) continue;
    await lease.release();
    return undefined;
  }
}

async function topicOf({ log }: DeliveryServices, consumer: Consumer, delivery: Delivery): Promise<Topic | undefined> {
  if (consumer.topic !== delivery.topic) return undefined;
  const topic = await log.topics.get(delivery.topic).catch(topicGone);
  return topic !== undefined && delivery.partition < topic.partitions ? topic : undefined;
}

async function isMore({ log }: DeliveryServices, { topic, partition }: Delivery, lease: Lease): Promise<boolean> {
  const [marks] = (await log.watermarks(topic, [partition]).catch(topicGone)) ?? [];
  return marks !== undefined && Math.max(lease.offset ?? 0, marks.logStartOffset) < marks.highWatermark;
}

function withoutToken({ group, topic, partition }: Delivery): Delivery {
  return { group, topic, partition };
}
