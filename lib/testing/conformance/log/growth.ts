import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import { partitionForKey } from "../../../core/partition.ts";
import type { Log } from "../../../log/log.ts";
import { refused } from "../expect.ts";
import { labelsOf, logCase, places, record, withLog } from "./build.ts";
import type { LogCase, LogHarness } from "./build.ts";

/** Idempotent requests over a topic that grows: the records of a request go where its first attempt went. */
export const growthCases: readonly LogCase[] = [
  {
    name: "retries after growth get their first answers, keyed, keyless and placed, also after a reopening",
    async run(harness) {
      const first = await withLog(harness, async (log) => {
        await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 2 });
        const answers: (readonly string[])[] = [];
        for (let sequence = 0; sequence < 30; sequence++) {
          answers.push(places(await mixed(log, sequence)));
          if (sequence % 10 === 9) await log.topics.alter("t", { partitions: 2 + 3 * ((sequence + 1) / 10) });
        }
        await checkRetries(log, answers);
        return answers;
      });
      await withLog(harness, async (log) => checkRetries(log, first));
    },
  },
  logCase("a retry after growth adds nothing when growth moves only some of its keys", async (log, harness) => {
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    const where = (key: string, partitions: number) => partitionForKey(new TextEncoder().encode(key), partitions);
    const stays = keys.find((key) => where(key, 2) === 0 && where(key, 4) === 0) ?? "";
    const moves = keys.find((key) => where(key, 2) === 1 && where(key, 4) === 3) ?? "";
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 2 });
    const send = () =>
      log.append("t", { records: [record("s", { key: stays }), record("m", { key: moves })], producer: { id: 3n, epoch: 0, sequence: 0 } });
    assert.deepEqual(places(await send()), ["0:0", "1:0"]);
    await log.topics.alter("t", { partitions: 4 });
    assert.deepEqual(places(await send()), ["0:0=", "1:0="]);
    assert.deepEqual(await everything(log, harness), ["0 s", "1 m"]);
  }),
  logCase("a retry after growth tells each record's own offset when growth swaps its keys", async (log, harness) => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}`);
    const where = (key: string, partitions: number) => partitionForKey(new TextEncoder().encode(key), partitions);
    const left = keys.find((key) => where(key, 2) === 0 && where(key, 3) === 1) ?? "";
    const right = keys.find((key) => where(key, 2) === 1 && where(key, 3) === 0) ?? "";
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 4 });
    const send = () =>
      log.append("t", { records: [record("l", { key: left }), record("r", { key: right })], producer: { id: 3n, epoch: 0, sequence: 0 } });
    assert.deepEqual(places(await send()), ["0:0", "1:0"]);
    await log.topics.alter("t", { partitions: 3 });
    assert.deepEqual(places(await send()), ["0:0=", "1:0="]);
    assert.deepEqual(await everything(log, harness), ["0 l", "1 r"]);
  }),
  logCase("a late copy of a fenced producer's request adds nothing where growth would send it now", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 1, partitionsPerShard: 1 });
    const send = (epoch: number, label: string) =>
      log.append("t", {
        records: Array.from({ length: 8 }, (_, i) => record(`${label}${i}`, { key: `key ${i}` })),
        producer: { id: 3n, epoch, sequence: 0 },
      });
    await send(0, "old");
    await send(1, "new");
    await log.topics.alter("t", { partitions: 6 });
    await refused(send(0, "old"), "producer_fenced");
    assert.equal((await everything(log, harness)).length, 16);
  }),
  logCase("a topic grows a bounded number of times, and is told so then", async (log) => {
    await log.topics.create({ name: "t", partitions: 1 });
    for (let growth = 1; growth <= limits.topicGrowthsMax; growth++) await log.topics.alter("t", { partitions: 1 + growth });
    await refused(log.topics.alter("t", { partitions: 100 }), "invalid_partitions");
    await log.topics.alter("t", { config: { "retention.ms": 1 } });
    assert.equal((await log.topics.get("t")).partitions, 1 + limits.topicGrowthsMax);
  }),
  logCase("requests that race growths are in the log once, and are found there by every retry", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 1, partitionsPerShard: 2 });
    const sends = (async () => {
      const answers: (readonly string[])[] = [];
      for (let sequence = 0; sequence < 60; sequence++) answers.push(places(await overtaken(() => mixed(log, sequence))));
      return answers;
    })();
    for (let partitions = 2; partitions <= 9; partitions++) await log.topics.alter("t", { partitions });
    await checkRetries(log, await sends);
    const labels = (await everything(log, harness)).map((seen) => seen.split(" ")[1]);
    assert.equal(new Set(labels).size, labels.length);
    assert.equal(labels.length, 120);
  }),
];

/** A request that meets one growth after the other is told to come again. */
async function overtaken<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (reason) {
      if (tries === 10 || LogError.from(reason).code !== "conflict") throw reason;
    }
  }
}

function mixed(log: Log, sequence: number) {
  return log.append("t", {
    records: [record(`${sequence}k`, { key: `key ${sequence}` }), record(`${sequence}n`)],
    producer: { id: 5n, epoch: 0, sequence },
  });
}

async function checkRetries(log: Log, answers: readonly (readonly string[])[]): Promise<void> {
  for (let sequence = answers.length - 1; sequence >= 0; sequence -= 3) {
    assert.deepEqual(
      places(await mixed(log, sequence)),
      (answers[sequence] ?? []).map((place) => `${place}=`),
      `the retry of ${sequence}`,
    );
  }
}

/** Every record of the topic, as `partition label`. */
async function everything(log: Log, harness: LogHarness): Promise<readonly string[]> {
  const { partitions } = await log.topics.get("t");
  const all: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    for (const label of await labelsOf(log, harness, "t", partition)) all.push(`${partition} ${label}`);
  }
  return all;
}
