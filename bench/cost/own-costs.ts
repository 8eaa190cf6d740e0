import { progress } from "../support/metrics.ts";
import { fill, pauseMs, record, eventValue, subjectOf, topicName } from "./load.ts";
import { spentBy } from "./measure.ts";
import { assumedLambda, prices } from "./prices.ts";
import { type Cost, requestBytes, type Workload } from "./rivals.ts";
import type { Opened, StoreMaker } from "./store.ts";
import { between, sumOf, type Tallies } from "./usage.ts";

const measuredRequests = 64;

/** What this log's requests come to, and what it keeps. */
export interface OwnCost {
  readonly costs: readonly Cost[];
  /** Dollars a month for the bytes of one request. */
  readonly storedMonth: number;
}

/** Written by one process, followed by another; one request at a time, to one partition of a shard. Without sealing and deletion. */
export async function ownCost(makeStore: StoreMaker, workload: Workload): Promise<OwnCost> {
  progress(`dollars: ${workload.name} …`);
  const store = await makeStore();
  const subject = await subjectOf(store, workload.partitions);
  await fill(subject, { name: "used", entries: 1_000 }, workload.recordsARequest);
  const records = Array.from({ length: workload.recordsARequest }, (_, nth) => ({
    ...record(eventValue(workload.recordBytes, nth)),
    partition: 0,
  }));
  const { log, usage } = subject.opened;
  const before = { ...usage.stored, payloads: sumOf(usage.tallies, "requests", "payload put", "S3 PUT") };
  const reader = store.open();
  let offset = (await reader.log.fetch(topicName, 0, { from: "latest" })).nextOffset;
  const readBefore = reader.usage.tallies;
  let requests = 0;
  const spent = await spentBy(subject, measuredRequests, async () => {
    requests++;
    await log.append(topicName, { records });
    offset = await follow(reader, offset);
    store.pass(pauseMs);
  });
  const storedMonth =
    (usage.stored.tableBytes - before.tableBytes) * prices.dynamodb.storedByteMonth +
    (usage.stored.bucketBytes - before.bucketBytes) * prices.s3.storedByteMonth;
  const writeARequest = dollars(spent.tallies) / spent.entries;
  const readARequest = dollars(between(readBefore, reader.usage.tallies)) / requests;
  const { memoryGb, requestMs, msAMebibyte } = assumedLambda;
  const seconds = (requestMs + msAMebibyte * (requestBytes(workload) / 2 ** 20)) / 1_000;
  const lambda = prices.lambda.request + seconds * memoryGb * prices.lambda.gbSecond;
  const own = { service: "Stratalog, engine alone", writeARequest, readARequest, idleAMonth: 0 };
  return {
    costs: [
      own,
      { ...own, service: "Stratalog behind Lambda", writeARequest: writeARequest + lambda, readARequest: readARequest + lambda },
    ],
    storedMonth: storedMonth / requests,
  };
}

async function follow(reader: Opened, from: number): Promise<number> {
  const { nextOffset } = await reader.log.fetch(topicName, 0, { from });
  return nextOffset;
}

function dollars(tallies: Tallies): number {
  const { dynamodb, s3 } = prices;
  return (
    sumOf(tallies, "writeUnits") * dynamodb.writeUnit +
    sumOf(tallies, "readUnits") * dynamodb.readUnit +
    sumOf(tallies, "requests", "S3 PUT", "S3 LIST") * s3.put +
    sumOf(tallies, "requests", "S3 GET", "S3 HEAD") * s3.get
  );
}
