/** The SDK against a server process that is killed under it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, LogError } from "../../lib/client/index.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";
import { until } from "./until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess;

before(async () => {
  folder = await temporaryFolder();
  server = await startServerProcess({ data: join(folder.path, "data") });
});

after(async () => {
  await server.stop();
  await folder.remove();
});

async function killAndRestart(): Promise<void> {
  const { data, port } = server;
  await server.stop("SIGKILL");
  server = await startServerProcess({ data, port });
}

test("producers and a consumer live through kill -9: each record once, in order, where its sender was told", {
  timeout: 120_000,
}, async () => {
  const kills = 3;
  const log = connect({ url: server.url });
  await log.topics.create({ name: "killed", partitions: 6, partitionsPerShard: 2 });
  const stop = new AbortController();
  const consumed: { partition: number; offset: number; value: string }[] = [];
  const consuming = (async () => {
    for await (const { partition, offset, value } of log.consume({ topic: "killed", from: "earliest", signal: stop.signal })) {
      consumed.push({ partition, offset, value: String(value) });
    }
  })();
  let sending = true;
  const acknowledged: { partition: number; offset: number; value: string }[] = [];
  const producing = Array.from({ length: 4 }, async (_, who) => {
    const producer = log.producer({ topic: "killed" });
    for (let number = 0; sending; number++) {
      const round = Array.from({ length: 20 }, async (_, part) => {
        const value = `${who}:${number}:${part}`;
        acknowledged.push({ ...(await producer.send({ key: `k${who}-${part % 5}`, value })), value });
      });
      await Promise.all(round);
    }
    await producer.close();
  });
  for (let kill = 1; kill <= kills; kill++) {
    const before = acknowledged.length;
    await until("200 more acknowledgements", () => acknowledged.length >= before + 200);
    await killAndRestart();
  }
  sending = false;
  await Promise.all(producing);
  await until("everything is consumed", () => consumed.length >= acknowledged.length);
  stop.abort();
  await consuming;
  const order = (a: { partition: number; offset: number }, b: { partition: number; offset: number }) =>
    a.partition - b.partition || a.offset - b.offset;
  for (let partition = 0; partition < 6; partition++) {
    const offsets = consumed.filter((record) => record.partition === partition).map(({ offset }) => offset);
    assert.deepEqual(
      offsets,
      offsets.map((_, at) => at),
      "delivered in order, dense, none twice",
    );
  }
  assert.deepEqual(consumed.toSorted(order), acknowledged.toSorted(order));
});

test("errors are typed: refused, not there, out of range, and a server that is away", async () => {
  const log = connect({ url: server.url });
  const code = async (promise: Promise<unknown>) => {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof LogError);
    return `${error.code} ${error.outcome}`;
  };
  assert.equal(await code(log.topics.create({ name: "no good" })), "invalid_topic not-applied");
  assert.equal(await code(log.topics.get("nope")), "unknown_topic_or_partition not-applied");
  assert.equal(await code(log.topics.create({ name: "killed" })), "topic_already_exists not-applied");
  assert.equal(await code(log.fetch({ topic: "killed", partition: 0, from: { offset: 1e9 } })), "offset_out_of_range not-applied");
  const away = connect({ url: "http://127.0.0.1:9", requestTimeoutMs: 5_000 });
  assert.match(await code(away.topics.list()), /^unavailable not-applied$/);
});

test("topics, offsets by time and health answer as their types say", async () => {
  const log = connect({ url: server.url });
  assert.equal((await log.health()).engine, "local");
  const made = await log.topics.create({ name: "facts", partitions: 2, config: { "retention.ms": 60_000 } });
  assert.deepEqual([made.partitions, made.config["retention.ms"], made.overrides], [2, "60000", ["retention.ms"]]);
  assert.equal((await log.topics.alter("facts", { partitions: 3 })).partitions, 3);
  const producer = log.producer({ topic: "facts" });
  await producer.send({ partition: 2, value: "x", timestampMs: 5_000 });
  await producer.close();
  assert.deepEqual((await log.topics.get("facts")).partitionDetails[2], { partition: 2, logStartOffset: 0, highWatermark: 1 });
  assert.deepEqual((await log.offsets("facts", 4_000))[2], { partition: 2, offset: 0, timestampMs: 5_000 });
  assert.deepEqual((await log.offsets("facts", new Date(6_000)))[2], { partition: 2, offset: undefined, timestampMs: undefined });
  assert.deepEqual(
    (await log.topics.list({ prefix: "fac" })).topics.map(({ name }) => name),
    ["facts"],
  );
  await log.topics.delete("facts");
});
