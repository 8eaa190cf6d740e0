import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogError } from "../../../lib/client/index.ts";
import { limits } from "../../../lib/core/limits.ts";
import { partitionForKey } from "../../../lib/core/partition.ts";
import { everything, inProcess, produces, seeded } from "./in-process.ts";

const utf8 = new TextEncoder();
const coded =
  (code: string, outcome = "not-applied") =>
  (error: unknown) => {
    assert.equal((error as LogError).code, code, String(error));
    assert.equal((error as LogError).outcome, outcome);
    return true;
  };

test("sends of one moment share a request, and each learns its own place", async () => {
  const { log, seen } = inProcess();
  await log.topics.create({ name: "t" });
  const producer = log.producer({ topic: "t" });
  const sent = await Promise.all(Array.from({ length: 1_000 }, (_, at) => producer.send({ value: `v${at}` })));
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    Array.from({ length: 1_000 }, (_, at) => at),
  );
  assert.equal(seen.filter(produces).length, 1);
});

test("keyed records go where Kafka's producers put them; keyless ones take turns", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", partitions: 6 });
  const producer = log.producer({ topic: "t", lingerMs: 0 });
  for (let at = 0; at < 40; at++) {
    const { partition } = await producer.send({ key: `key-${at}`, value: "v" });
    assert.equal(partition, partitionForKey(utf8.encode(`key-${at}`), 6));
  }
  const used = new Set<number>();
  for (let at = 0; at < 60; at++) used.add((await producer.send({ value: "v" })).partition);
  assert.equal(used.size, 6);
});

test("whatever the network does, each record is in the log once, in order, and where its sender was told", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const chance = seeded(seed);
    const server = inProcess();
    const { log } = server;
    await log.topics.create({ name: "t", partitions: 6, partitionsPerShard: 2 });
    server.fate = () => {
      const dice = chance();
      if (dice < 0.2) return "before";
      if (dice < 0.4) return "after";
      return dice < 0.5 ? 503 : "none";
    };
    const producer = log.producer({ topic: "t", batchBytes: 400, deliveryTimeoutMs: 3_600_000 });
    const sends = Array.from({ length: 300 }, async (_, at) => {
      const key = `k${Math.floor(chance() * 10)}`;
      const place = await producer.send({ key, value: String(at) });
      return { ...place, key, value: String(at) };
    });
    const sent = await Promise.all(sends);
    server.fate = () => "none";
    const found = [...(await everything(log, "t"))].flatMap(([partition, records]) => records.map((record) => ({ ...record, partition })));
    const order = (a: { partition: number; offset: number }, b: { partition: number; offset: number }) =>
      a.partition - b.partition || a.offset - b.offset;
    assert.deepEqual(found.sort(order), sent.sort(order), `seed ${seed}`);
    for (let key = 0; key < 10; key++) {
      const values = found.filter((record) => record.key === `k${key}`).map(({ value }) => Number(value));
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
        `seed ${seed}, key ${key}`,
      );
    }
  }
});

test("a retry is the same request: the same numbers and the same bytes; the next one counts on", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t" });
  const producer = server.log.producer({ topic: "t" });
  let lost = 3;
  server.fate = (request) => (produces(request) && lost-- > 0 ? "after" : "none");
  await producer.send({ key: "k", value: "v" });
  await producer.send({ key: "k", value: "w" });
  const posts = server.seen.filter(produces).map(({ headers, body }) => ({
    id: headers.get("producer-id"),
    epoch: headers.get("producer-epoch"),
    sequence: headers.get("producer-seq"),
    body,
  }));
  assert.equal(posts.length, 5);
  for (const post of posts.slice(0, 4)) assert.deepEqual(post, posts[0]);
  assert.deepEqual([posts[0]!.sequence, posts[4]!.sequence], ["0", "1"]);
  assert.ok(BigInt(posts[0]!.id!) >= 2n ** 62n && BigInt(posts[0]!.id!) < 2n ** 63n, "an id that no small one meets");
});

test("one request is in flight a shard", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t", partitions: 4, partitionsPerShard: 2 });
  const inFlight = new Map<number, number>();
  const producer = server.log.producer({ topic: "t", lingerMs: 0, batchBytes: 1 });
  let most = 0;
  server.fate = (request) => {
    if (!produces(request)) return "none";
    const { records } = JSON.parse(request.body) as { records: { partition: number }[] };
    const shard = records[0]!.partition >> 1;
    inFlight.set(shard, (inFlight.get(shard) ?? 0) + 1);
    most = Math.max(most, inFlight.get(shard)!);
    return "none";
  };
  const sends = Array.from({ length: 40 }, async (_, at) => {
    const { partition } = await producer.send({ partition: at % 4, value: String(at) });
    inFlight.set(partition >> 1, inFlight.get(partition >> 1)! - 1);
  });
  await Promise.all(sends);
  assert.equal(most, 1);
});

test("when the time is over the outcome is unknown if the record may be in the log; later records go on", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t" });
  const producer = server.log.producer({ topic: "t", deliveryTimeoutMs: 1_000 });
  await producer.send({ value: "first" });
  server.fate = () => "after";
  await assert.rejects(producer.send({ value: "doubtful" }), coded("unavailable", "unknown"));
  server.fate = () => "none";
  assert.equal((await producer.send({ value: "last" })).offset, 2, "the doubtful one had been written");
});

test("a request that never left is told as certainly not applied", async () => {
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const { log } = inProcess({ fetch: () => Promise.reject(new TypeError("fetch failed", { cause: refused })) });
  await assert.rejects(log.producer({ topic: "t", deliveryTimeoutMs: 1_000 }).send({ value: "v" }), coded("unavailable"));
  await assert.rejects(log.topics.create({ name: "t" }), coded("unavailable"));
});

test("a producer that is not idempotent sends nothing twice when the outcome is unknown", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t" });
  const producer = server.log.producer({ topic: "t", idempotent: false });
  await producer.send({ value: "first" });
  server.seen.length = 0;
  server.fate = () => "after";
  await assert.rejects(producer.send({ value: "doubtful" }), coded("unavailable", "unknown"));
  assert.equal(server.seen.length, 1);
  assert.equal(server.seen[0]!.headers.get("producer-id"), null);
});

test("a record that is too large fails alone; its neighbours are written in order", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", config: { "max.message.bytes": 1_000 } });
  const producer = log.producer({ topic: "t" });
  const sends = ["a", "b", "x".repeat(5_000), "c", "d"].map((value) => producer.send({ value }));
  const results = await Promise.allSettled(sends);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  assert.ok(coded("message_too_large")((results[2] as PromiseRejectedResult).reason));
  assert.deepEqual(
    (await everything(log, "t")).get(0)!.map(({ value }) => value),
    ["a", "b", "c", "d"],
  );
});

test("a partition that is not there fails alone, and is there once the topic has grown", async () => {
  const { log, clock } = inProcess();
  await log.topics.create({ name: "t", partitions: 2 });
  const producer = log.producer({ topic: "t" });
  const good = producer.send({ partition: 1, value: "v" });
  await assert.rejects(producer.send({ partition: 2, value: "v" }), coded("unknown_topic_or_partition"));
  assert.equal((await good).partition, 1);
  await log.topics.alter("t", { partitions: 3 });
  await clock.sleep(1);
  assert.deepEqual(await producer.send({ partition: 2, value: "v" }), { partition: 2, offset: 0 });
});

test("a topic made anew is written from its start, in its own shards", async () => {
  const { log, clock } = inProcess();
  await log.topics.create({ name: "t", partitions: 4, partitionsPerShard: 4 });
  const producer = log.producer({ topic: "t", metadataMaxAgeMs: 1 });
  await producer.send({ partition: 3, value: "old" });
  await log.topics.delete("t");
  await assert.rejects(producer.send({ partition: 3, value: "lost" }), coded("unknown_topic_or_partition"));
  await log.topics.create({ name: "t", partitions: 4, partitionsPerShard: 1 });
  await clock.sleep(10);
  assert.equal((await producer.send({ partition: 3, value: "new" })).offset, 0);
});

test("a full buffer holds sends back, in order, and ready() tells when there is room", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  const producer = log.producer({ topic: "t", bufferBytes: 200, batchBytes: 60 });
  const sends = Array.from({ length: 50 }, (_, at) => producer.send({ value: `value ${at}` }));
  let isReady = false;
  const ready = producer.ready().then(() => {
    isReady = true;
  });
  await Promise.resolve();
  assert.equal(isReady, false);
  const sent = await Promise.all(sends);
  await ready;
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    Array.from({ length: 50 }, (_, at) => at),
  );
});

test("records that wait for room have a bound: beyond it send is throttled", async () => {
  const { log } = inProcess();
  const producer = log.producer({ topic: "t", bufferBytes: 1 });
  const sends = Array.from({ length: limits.producerWaitingMax }, () => producer.send({ value: "v" }));
  await assert.rejects(producer.send({ value: "one more" }), coded("throttled"));
  const results = await Promise.allSettled(sends);
  assert.ok(results.every((result) => result.status === "rejected" && coded("unknown_topic_or_partition")(result.reason)));
});

test("flush waits for what was sent before it, close takes no more", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  const producer = log.producer({ topic: "t", lingerMs: 60_000 });
  let settled = 0;
  const sends = Array.from({ length: 10 }, () => producer.send({ value: "v" }).then(() => settled++));
  await producer.flush();
  assert.equal(settled, 10);
  await producer.flush();
  sends.push(producer.send({ value: "v" }).then(() => settled++));
  await producer.close();
  await producer.close();
  assert.equal(settled, 11);
  await assert.rejects(producer.send({ value: "v" }), coded("unavailable"));
});

test("flush ends although records fail", async () => {
  const { log } = inProcess();
  const producer = log.producer({ topic: "not-there" });
  const failed = assert.rejects(producer.send({ value: "v" }), coded("unknown_topic_or_partition"));
  await producer.flush();
  await failed;
});

test("a producer that was replaced ends: every record is told so", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t" });
  const producer = server.log.producer({ topic: "t" });
  await producer.send({ value: "v" });
  const id = server.seen.findLast(produces)!.headers.get("producer-id")!;
  const replacement = await server.raw("POST", "/v1/topics/t/records", '{"records":[{"value":"mine"}]}', {
    "producer-id": id,
    "producer-epoch": "1",
    "producer-seq": "0",
  });
  assert.equal(replacement.status, 200);
  await assert.rejects(producer.send({ value: "w" }), coded("producer_fenced"));
  const requests = server.seen.length;
  await assert.rejects(producer.send({ value: "x" }), coded("producer_fenced"));
  assert.equal(server.seen.length, requests, "nothing more is sent");
});
