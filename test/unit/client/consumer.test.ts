import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogClient, LogError } from "../../../lib/client/index.ts";
import { everything, inProcess, reads, seeded } from "./in-process.ts";

const coded = (code: string) => (error: unknown) => {
  assert.equal((error as LogError).code, code, String(error));
  return true;
};

/** Values 0 to `count - 1`, by turns in all partitions. */
async function fill(log: LogClient, topic: string, partitions: number, count: number, from = 0): Promise<void> {
  const producer = log.producer({ topic });
  await Promise.all(Array.from({ length: count }, (_, at) => producer.send({ partition: at % partitions, value: String(from + at) })));
  await producer.close();
}

/** Takes records until there are so many, and leaves. */
async function take(records: AsyncIterable<{ value: unknown; partition: number; offset: number }>, count: number): Promise<string[]> {
  const values: string[] = [];
  if (count === 0) return values;
  for await (const { value } of records) {
    values.push(String(value));
    if (values.length === count) break;
  }
  return values;
}

const numbers = (values: readonly string[]) => values.map(Number).sort((a, b) => a - b);
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);

test("until the end: all partitions, each in order, nothing twice", async () => {
  for (const requestsMax of [1, 2, 16]) {
    const { log } = inProcess();
    await log.topics.create({ name: "t", partitions: 6 });
    await fill(log, "t", 6, 600);
    const found = new Map<number, number[]>();
    for await (const { partition, offset } of log.consume({ topic: "t", from: "earliest", until: "end", requestsMax })) {
      found.set(partition, [...(found.get(partition) ?? []), offset]);
    }
    assert.deepEqual(new Map([...found].sort(([a], [b]) => a - b)), new Map(upTo(6).map((partition) => [partition, upTo(100)])));
  }
});

test("the end is that of the beginning: what is written meanwhile is not read", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  await fill(log, "t", 1, 10);
  const values: string[] = [];
  for await (const { value } of log.consume({ topic: "t", from: "earliest", until: "end", prefetchBytes: 1 })) {
    values.push(String(value));
    if (values.length === 1) await fill(log, "t", 1, 10, 10);
  }
  assert.deepEqual(numbers(values), upTo(10));
});

test("an empty topic ends at once; a topic that is not there is an error", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", partitions: 3 });
  assert.deepEqual([...(await everything(log, "t"))], []);
  await assert.rejects(everything(log, "nope"), coded("unknown_topic_or_partition"));
  await assert.rejects(take(log.consume({ topic: "t", partitions: [3] }), 1), coded("unknown_topic_or_partition"));
  assert.throws(() => log.consume({ topic: "t", partitions: [] }), coded("invalid_request"));
});

test("following: what comes later is delivered, whether partitions have long polls of their own or are watched", async () => {
  for (const requestsMax of [2, 16]) {
    const { log } = inProcess();
    await log.topics.create({ name: "t", partitions: 6 });
    await fill(log, "t", 6, 60);
    const taken = take(log.consume({ topic: "t", from: "earliest", requestsMax }), 120);
    await fill(log, "t", 6, 60, 60);
    assert.deepEqual(numbers(await taken), upTo(120));
  }
});

test("whatever the network does, nothing is skipped and nothing is delivered twice", async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const chance = seeded(seed);
    const server = inProcess();
    await server.log.topics.create({ name: "t", partitions: 5 });
    server.fate = (request) => {
      if (!reads(request)) return "none";
      const dice = chance();
      if (dice < 0.2) return "before";
      if (dice < 0.4) return "after";
      return dice < 0.5 ? 503 : "none";
    };
    const requestsMax = seed % 2 === 0 ? 2 : 16;
    const taken = take(server.log.consume({ topic: "t", from: "earliest", requestsMax, prefetchBytes: 2_000 }), 500);
    for (let part = 0; part < 5; part++) await fill(server.log, "t", 5, 100, part * 100);
    assert.deepEqual(numbers(await taken), upTo(500), `seed ${seed}`);
  }
});

test("from an offset, a time, the end, or a place for each partition", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", partitions: 2 });
  const producer = log.producer({ topic: "t" });
  for (let at = 0; at < 10; at++) await producer.send({ partition: 0, value: String(at), timestampMs: 1_000 + at });
  for (let at = 0; at < 10; at++) await producer.send({ partition: 1, value: String(100 + at), timestampMs: 1_000 + at });
  const until = "end";
  const read = async (from: Parameters<LogClient["consume"]>[0]["from"]) =>
    numbers(await take(log.consume({ topic: "t", until, ...(from === undefined ? {} : { from }) }), 100));
  assert.deepEqual(await read({ offset: 8 }), [8, 9, 108, 109]);
  assert.deepEqual(await read({ time: 1_009 }), [9, 109]);
  assert.deepEqual(await read({ time: new Date(1_009) }), [9, 109]);
  assert.deepEqual(await read("latest"), []);
  assert.deepEqual(await read(undefined), []);
  assert.deepEqual(await read({ partitions: { 0: { offset: 7 }, 1: { time: 1_008 } } }), [7, 8, 9, 108, 109]);
  assert.deepEqual(await read({ partitions: { 0: "latest" } }), upTo(10, 100));
});

test("an offset out of range is a typed error, after which the iteration is over", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  await fill(log, "t", 1, 3);
  const records = log.consume({ topic: "t", from: { offset: 4 } });
  await assert.rejects(records.next(), coded("offset_out_of_range"));
  assert.deepEqual(await records.next(), { done: true, value: undefined });
});

test("a grown topic's new partitions are read from their first record", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", partitions: 2 });
  const records = log.consume({ topic: "t", from: "latest", requestsMax: 2 });
  const first = records.next();
  await log.topics.alter("t", { partitions: 3 });
  await fill(log, "t", 3, 3);
  const values = [String((await first).value?.value)];
  while (!values.includes("2")) values.push(String((await records.next()).value?.value));
  await records.return();
});

test("a topic that was deleted and made anew ends the iteration with an error", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t", partitions: 2 });
  await fill(log, "t", 2, 2);
  const records = log.consume({ topic: "t", from: "earliest", requestsMax: 1 });
  assert.deepEqual(numbers([String((await records.next()).value?.value), String((await records.next()).value?.value)]), [0, 1]);
  await log.topics.delete("t");
  await log.topics.create({ name: "t", partitions: 2 });
  await assert.rejects(records.next(), coded("unknown_topic_or_partition"));
});

test("return() and an aborted signal end a wait, without an error", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  const returned = log.consume({ topic: "t" });
  const waiting = returned.next();
  await returned.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  const stop = new AbortController();
  const aborted = take(log.consume({ topic: "t", signal: stop.signal }), 1);
  stop.abort();
  assert.deepEqual(await aborted, []);
  assert.deepEqual(await take(log.consume({ topic: "t", signal: AbortSignal.abort() }), 1), []);
});

test("reading ahead has a bound", async () => {
  const { log, seen } = inProcess();
  await log.topics.create({ name: "t", partitions: 4 });
  await fill(log, "t", 4, 4_000);
  seen.length = 0;
  const records = log.consume({ topic: "t", from: "earliest", until: "end", prefetchBytes: 1, requestsMax: 2 });
  await records.next();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(seen.filter(({ path }) => path.endsWith("/records")).length, 2);
  await records.return();
});

test("formats: text, JSON and bytes", async () => {
  const { log } = inProcess();
  await log.topics.create({ name: "t" });
  const producer = log.producer({ topic: "t" });
  const odd = Uint8Array.of(0xff, 0xfe);
  await Promise.all([{ n: 1 }, "no json", odd, null].map((value) => producer.send({ value })));
  const values = async (format: "text" | "json" | "bytes") =>
    (await log.fetch({ topic: "t", partition: 0, format })).records.map(({ value }) => value);
  assert.deepEqual(await values("text"), ['{"n":1}', "no json", odd, null]);
  assert.deepEqual(await values("json"), [{ n: 1 }, "no json", odd, null]);
  const utf8 = new TextEncoder();
  assert.deepEqual(await values("bytes"), [utf8.encode('{"n":1}'), utf8.encode("no json"), odd, null]);
});

test("a server that stays away ends the iteration when its time is over", async () => {
  const server = inProcess();
  await server.log.topics.create({ name: "t" });
  server.fate = () => "before";
  const records = server.log.consume({ topic: "t", from: "earliest", retryTimeoutMs: 5_000 });
  await assert.rejects(records.next(), coded("unavailable"));
});
