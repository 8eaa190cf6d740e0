import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Topic } from "../log.ts";
import { topicGone } from "../topic-gone.ts";
import type { Carrier, Consumer, Delivery, DeliveryLimits, DeliveryReport } from "./consumers.ts";
import { DeliveryRun } from "./delivery-run.ts";
import { Lease, LeaseLost } from "./lease.ts";
import { redrivePartition } from "./redrive.ts";
import type { Counts, End, Progress, RunParts } from "./run-parts.ts";
import type { DeliveryServices } from "./services.ts";

interface Go {
  readonly delivery: Delivery;
  readonly carrier: Carrier;
  readonly options: DeliveryLimits;
  readonly consumerOf: (group: string) => Promise<Consumer>;
}

/** Delivers a partition: takes its lease, goes on until nothing is left, gives it free and looks once more. */
export async function deliverPartition(services: DeliveryServices, go: Go): Promise<DeliveryReport> {
  const counts: Counts = { calls: 0, records: 0, filtered: 0, failedCalls: 0, givenUp: 0 };
  const progress: Progress = { isMade: false };
  for (let { delivery } = go; ; delivery = withoutToken(delivery)) {
    const end = await deliverOnce(services, { ...go, delivery }, { counts, progress });
    if (end !== undefined) return { ...counts, ...end };
  }
}

/** @returns undefined when there is something to be looked at again */
async function deliverOnce(services: DeliveryServices, go: Go, done: Pick<RunParts, "counts" | "progress">): Promise<End | undefined> {
  const { delivery, carrier, options } = go;
  const consumer = await go.consumerOf(delivery.group);
  const topic = await topicOf(services, consumer, delivery);
  if (!consumer.enabled || topic === undefined) return { state: "stopped" };
  const lease = await Lease.take(services, delivery, topic.id);
  if (!(lease instanceof Lease)) return lease;
  const parts: RunParts = { consumer, topic, delivery, carrier, options, ...done };
  try {
    const end = await runAll(services, go, parts, lease);
    // What came just before the lease was given free, while others still saw it held.
    if (end?.state !== "done") return end;
    return (await isMore(services, delivery, lease)) ? undefined : end;
  } catch (reason) {
    if (reason instanceof LeaseLost) return { state: "stopped" };
    // What others can do at once is not to wait for the lease's end.
    await lease.release().catch(() => undefined);
    if (isGone(reason)) return { state: "stopped" };
    throw reason;
  } finally {
    lease.leave();
  }
}

/** @returns undefined when the consumer or the topic was changed meanwhile, and is to be read again */
async function runAll(services: DeliveryServices, go: Go, parts: RunParts, lease: Lease): Promise<End | undefined> {
  const { clock } = services;
  const run = new DeliveryRun(services, parts, lease);
  let lookedMs: number | undefined;
  for (;;) {
    const sinceMs = lookedMs === undefined ? undefined : clock.nowMs() - lookedMs;
    if (sinceMs === undefined || sinceMs < 0 || sinceMs >= limits.deliverSettingsMs) {
      const isFirst = lookedMs === undefined;
      lookedMs = clock.nowMs();
      if (!isFirst && !(await isAsItWas(services, go, parts))) {
        await lease.release();
        return undefined;
      }
      const short = await redrivePartition(services, parts, lease);
      if (short !== undefined) return short;
    }
    const end = await run.next();
    if (end !== undefined) return end;
  }
}

async function isAsItWas(services: DeliveryServices, { consumerOf }: Go, { consumer, topic, delivery }: RunParts): Promise<boolean> {
  const now = await consumerOf(delivery.group);
  // One that was removed and made anew begins with the same version.
  return (
    now.version === consumer.version && now.createdMs === consumer.createdMs && (await topicOf(services, now, delivery))?.id === topic.id
  );
}

function isGone(reason: unknown): boolean {
  return reason instanceof LogError && (reason.code === "group_id_not_found" || reason.code === "unknown_topic_or_partition");
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
