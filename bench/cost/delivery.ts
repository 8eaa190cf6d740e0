import { limits } from "../../lib/core/limits.ts";
import type { Carrier, DeliveryReport } from "../../lib/log/consumers/consumers.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { atMost, figure, type Metric, progress } from "../support/metrics.ts";
import { exactly } from "./measure.ts";
import { assumedLambda, prices } from "./prices.ts";
import { type Opened, type Store, simStore } from "./store.ts";
import { between, sumOf, type Tallies } from "./usage.ts";

const group = "billing";
const topic = "orders";
const partitions = 16;
const partitionsPerShard = 4;
const rounds = 100;
const batchSize = 100;
const backlogBatches = 50;
const sweepsAMonth = 60 * 730;
const idleMs = 3_000;
const believedMs = Math.max(limits.topicCacheMs, limits.frontierCacheMs, limits.accessCacheMs) + 1_000;

/** What a batch may cost in write units: taking the lease, and giving it back with the offset; of a backlog the offset alone. */
const aloneUnitsMax = 2;
const backlogUnitsMax = 1.1;

const carrier: Carrier = {
  call: async () => null,
  sendFailure: async () => undefined,
};

/** What delivering to a function costs, of the table and the bucket: a router and those who deliver are processes of their own, as their functions are. */
export async function measureDelivery(): Promise<Metric[]> {
  progress("delivery to functions …");
  const store = await simStore(nodeClock);
  const [writer, router, deliverer] = [store.open(), store.open(), store.open()];
  await writer.log.topics.create({ name: topic, partitions, partitionsPerShard });
  const target = "arn:aws:lambda:eu-west-1:123456789012:function:billing";
  await writer.log.consumers.put({ group, topic, target, startingPosition: "LATEST", batchSize, targetTimeoutMs: 30_000 });
  await deliverOne(writer, router, deliverer, 0);
  return [
    ...(await measureAlone(writer, router, deliverer)),
    ...(await measureBacklog(store, writer)),
    ...(await measureIdle(writer, router, deliverer)),
    ...(await measureSweep(router)),
  ];
}

/** Records that come one at a time, each with a hint of its own. */
async function measureAlone(writer: Opened, router: Opened, deliverer: Opened): Promise<Metric[]> {
  const [routed, delivered] = [router.usage.tallies, deliverer.usage.tallies];
  let batches = 0;
  for (let nth = 0; nth < rounds; nth++) batches += (await deliverOne(writer, router, deliverer, nth % partitions)).calls;
  const [byRouter, byDeliverer] = [between(routed, router.usage.tallies), between(delivered, deliverer.usage.tallies)];
  const name = "a record alone, delivered";
  return [
    exactly(`${name}: batches`, batches, "batches", rounds),
    atMost(`${name}: write units`, (of(byRouter, "writeUnits") + of(byDeliverer, "writeUnits")) / batches, "WU/batch", aloneUnitsMax),
    figure(`${name}, router: read units`, of(byRouter, "readUnits") / batches, "RU/batch"),
    figure(`${name}, router: requests`, of(byRouter, "requests") / batches, "calls/batch"),
    figure(`${name}, deliver: read units`, of(byDeliverer, "readUnits") / batches, "RU/batch"),
    figure(`${name}, deliver: requests`, of(byDeliverer, "requests") / batches, "calls/batch"),
    figure(`${name}: table and bucket`, (million * (dollars(byRouter) + dollars(byDeliverer))) / batches, "$/million batches"),
    figure(`${name}: router's and deliver's invocations`, million * 2 * invocation(assumedLambda.requestMs), "$/million batches"),
  ];
}

/** Many batches one after the other under one lease. */
async function measureBacklog(store: Store, writer: Opened): Promise<Metric[]> {
  for (let nth = 0; nth < backlogBatches; nth++) {
    await writer.log.append(topic, { records: Array.from({ length: batchSize }, () => ({ ...record(), partition: 0 })) });
  }
  const deliverer = store.open();
  const { calls } = await deliverer.log.consumers.deliver({ group, topic, partition: 0 }, carrier, {});
  const spent = deliverer.usage.tallies;
  const name = `a backlog of ${backlogBatches} batches of ${batchSize}`;
  return [
    exactly(`${name}: batches`, calls, "batches", backlogBatches),
    atMost(`${name}: write units`, of(spent, "writeUnits") / calls, "WU/batch", backlogUnitsMax),
    figure(`${name}: read units`, of(spent, "readUnits") / calls, "RU/batch"),
    figure(`${name}: requests`, of(spent, "requests") / calls, "calls/batch"),
  ];
}

async function measureIdle(...processes: readonly Opened[]): Promise<Metric[]> {
  const before = processes.map(({ usage }) => usage.tallies);
  await nodeClock.sleep(idleMs);
  const requests = processes.reduce((sum, { usage }, at) => sum + of(between(before[at] ?? new Map(), usage.tallies), "requests"), 0);
  return [exactly(`a consumer, idle for ${idleMs / 1_000} s: requests`, requests, "calls", 0)];
}

async function measureSweep(router: Opened): Promise<Metric[]> {
  await router.log.consumers.pending();
  // A minute lies between two sweeps: what a process believes for some seconds is read again.
  await nodeClock.sleep(believedMs);
  const before = router.usage.tallies;
  const found = await router.log.consumers.pending();
  const spent = between(before, router.usage.tallies);
  const name = `a sweep over 1 consumer of ${partitions} partitions`;
  const month = sweepsAMonth * (dollars(spent) + invocation(assumedLambda.requestMs));
  return [
    exactly(`${name}: found`, found.length, "partitions", 0),
    exactly(`${name}: write units`, of(spent, "writeUnits"), "WU", 0),
    figure(`${name}: read units`, of(spent, "readUnits"), "RU"),
    figure(`${name}: requests`, of(spent, "requests"), "calls"),
    figure(`${name}, each minute, its function included`, month, "$/month"),
  ];
}

async function deliverOne(writer: Opened, router: Opened, deliverer: Opened, partition: number): Promise<DeliveryReport> {
  await writer.log.append(topic, { records: [{ ...record(), partition }] });
  const { id: topicId } = await writer.log.topics.get(topic);
  const [delivery] = await router.log.consumers.pending([{ topicId, shard: Math.floor(partition / partitionsPerShard) }]);
  if (delivery === undefined) throw new Error("the router found nothing to deliver");
  return await deliverer.log.consumers.deliver(delivery, carrier, {});
}

function record() {
  return { key: null, value: new Uint8Array(100), headers: [] };
}

const million = 1e6;

function of(tallies: Tallies, measure: Parameters<typeof sumOf>[1]): number {
  return sumOf(tallies, measure);
}

function dollars(tallies: Tallies): number {
  const { dynamodb, s3 } = prices;
  const table = of(tallies, "writeUnits") * dynamodb.writeUnit + of(tallies, "readUnits") * dynamodb.readUnit;
  return table + sumOf(tallies, "requests", "S3 GET") * s3.get;
}

function invocation(durationMs: number): number {
  return prices.lambda.request + (durationMs / 1_000) * assumedLambda.memoryGb * prices.lambda.gbSecond;
}
