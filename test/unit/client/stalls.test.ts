/** That a consumer waits for others is told: once when it begins, once when it is over. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { GroupConsumerOptions, LogError } from "../../../lib/client/index.ts";
import { type InProcess, inProcess, reads } from "./in-process.ts";

interface Told {
  readonly events: string[];
  readonly onStalled: (error: LogError) => void;
  readonly onRecovered: () => void;
}

function telling(): Told {
  const events: string[] = [];
  return { events, onStalled: ({ code }) => void events.push(code), onRecovered: () => void events.push("recovered") };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 20_000, what);
    await turn();
  }
}

async function topicOf(server: InProcess, ...values: string[]): Promise<void> {
  await server.log.topics.create({ name: "t", partitions: 2 }).catch(() => undefined);
  const producer = server.log.producer({ topic: "t" });
  for (const value of values) void producer.send({ partition: 0, value });
  await producer.close();
}

const member = (options: Partial<GroupConsumerOptions>): GroupConsumerOptions => ({
  group: "g",
  topics: ["t"],
  autoOffsetReset: "earliest",
  ...options,
});

test("a consumer tells that the server is away, once, and that it is back, once", async () => {
  const server = inProcess();
  await topicOf(server, "a");
  for (const make of [
    (told: Told) => server.log.consume({ topic: "t", from: "earliest", onStalled: told.onStalled, onRecovered: told.onRecovered }),
    ({ onStalled, onRecovered }: Told) => server.log.consumer(member({ onStalled, onRecovered })),
  ]) {
    const told = telling();
    const records = make(told);
    assert.equal((await records.next()).value?.value, "a");
    const next = records.next();
    server.fate = () => "before";
    const from = server.seen.length;
    await until("many attempts are lost", () => server.seen.length > from + 40);
    assert.deepEqual(told.events, ["unavailable"]);
    server.fate = () => "none";
    await until("it is back", () => told.events.length > 1);
    await topicOf(server, "b");
    assert.equal((await next).value?.value, "b");
    assert.deepEqual(told.events, ["unavailable", "recovered"]);
    await records.return();
    await server.log.topics.delete("t");
    await topicOf(server, "a");
  }
});

test("what the next attempt mends is not told, nor a server that only asks to wait", async () => {
  const server = inProcess();
  await topicOf(server, "a", "b", "c");
  const lost = new Set<string>();
  server.fate = (request) => {
    const key = `${request.method} ${request.path}`;
    if (lost.has(key)) return "none";
    lost.add(key);
    return "before";
  };
  const told = telling();
  const { onStalled, onRecovered } = told;
  const consumer = server.log.consumer(member({ onStalled, onRecovered }));
  assert.equal((await consumer.next()).value?.value, "a");
  await consumer.close();
  let busy = 20;
  server.fate = (request) => (reads(request) && busy-- > 0 ? 429 : "none");
  const records = server.log.consume({ topic: "t", from: "earliest", onStalled, onRecovered });
  assert.equal((await records.next()).value?.value, "a");
  await records.return();
  assert.deepEqual(told.events, []);
});

test("a group consumer tells that a topic is not there, and when it is", async () => {
  const server = inProcess();
  const told = telling();
  const { onStalled, onRecovered } = told;
  const consumer = server.log.consumer(member({ onStalled, onRecovered }));
  const next = consumer.next();
  await until("it is told", () => told.events.length === 1);
  const from = server.seen.length;
  await until("it beats on", () => server.seen.length > from + 10);
  assert.deepEqual(told.events, ["unknown_topic_or_partition"]);
  await topicOf(server, "a");
  assert.equal((await next).value?.value, "a");
  assert.deepEqual(told.events, ["unknown_topic_or_partition", "recovered"]);
  await consumer.close();
});

test("a topic that has all its partitions with others is there", async () => {
  const server = inProcess();
  await topicOf(server, "a");
  await server.log.groups.beat("g", "other", { topics: ["t"] });
  const told = telling();
  const consumer = server.log.consumer(member({ onStalled: told.onStalled }));
  const next = consumer.next();
  const from = server.seen.length;
  await until("it has looked, and beats on", () => server.seen.length > from + 20);
  assert.deepEqual(told.events, []);
  assert.ok(server.seen.filter(({ path }) => path === "/v1/topics/t").length <= 6, "it looks once a generation");
  await consumer.close();
  await next;
});

test("what a callback throws ends the consumer with it", async () => {
  const server = inProcess();
  await topicOf(server);
  server.fate = () => "before";
  const onStalled = (): void => {
    throw new Error("enough");
  };
  for (const records of [server.log.consume({ topic: "t", onStalled }), server.log.consumer(member({ onStalled }))]) {
    await assert.rejects(records.next(), { code: "internal", message: "enough" });
    assert.equal((await records.next()).done, true);
  }
});
