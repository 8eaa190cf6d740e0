/** Consumer groups by the SDK, against server processes that are killed under them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type GroupConsumer, type GroupRecord, LogError, type Position } from "../../lib/client/index.ts";
import { runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";
import { until } from "./until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess;
let topics = 0;

before(async () => {
  folder = await temporaryFolder();
  server = await startServerProcess({ data: join(folder.path, "data") });
});
after(async () => {
  await server.stop();
  await folder.remove();
});

const client = () => connect({ url: server.url });
const timeout = 60_000;
/** Fast beats, so that partitions change hands soon. */
const quick = { autoOffsetReset: "earliest", sessionTimeoutMs: 6_000, autoCommitIntervalMs: 200 } as const;

/** A topic of that many records: `<partition>.<number>`. */
async function filled(partitions: number, each: number): Promise<string> {
  const name = `g${topics++}`;
  await client().topics.create({ name, partitions });
  await fill(name, partitions, 0, each);
  return name;
}

async function fill(topic: string, partitions: number, from: number, to: number): Promise<void> {
  const producer = client().producer({ topic });
  for (let number = from; number < to; number++) {
    for (let partition = 0; partition < partitions; partition++) void producer.send({ partition, value: `${partition}.${number}` });
  }
  await producer.close();
}

const wanted = (partitions: number, from: number, to: number): readonly string[] =>
  Array.from({ length: partitions * (to - from) }, (_, nth) => `${nth % partitions}.${from + Math.floor(nth / partitions)}`).sort();

/** What a consumer gives until there are so many. */
async function taken(consumer: GroupConsumer, count: number): Promise<readonly GroupRecord[]> {
  const records: GroupRecord[] = [];
  while (records.length < count) {
    const { value } = await consumer.next();
    if (value === undefined) break;
    records.push(value);
  }
  return records;
}

const valuesOf = (records: readonly GroupRecord[]): readonly string[] => records.map(({ value }) => String(value)).sort();

test("a member reads all, and the next one of its group goes on where it has committed, also in another life of the server", {
  timeout,
}, async () => {
  const topic = await filled(3, 20);
  const first = client().consumer({ group: "a", topics: [topic], ...quick });
  assert.deepEqual(valuesOf(await taken(first, 60)), wanted(3, 0, 20));
  await first.commit();
  await first.close();
  assert.deepEqual(await first.next(), { done: true, value: undefined });
  assert.equal((await client().groups.lag("a")).lag, 0);
  const { data, port } = server;
  await server.stop("SIGKILL");
  server = await startServerProcess({ data, port });
  await fill(topic, 3, 20, 25);
  const second = client().consumer({ group: "a", topics: [topic], ...quick });
  assert.deepEqual(valuesOf(await taken(second, 15)), wanted(3, 20, 25));
  const other = client().consumer({ group: "b", topics: [topic], ...quick });
  assert.equal((await taken(other, 75)).length, 75, "another group reads all on its own");
  await Promise.all([second.close(), other.close()]);
});

test("without a commit records come again, in order within their partition", { timeout }, async () => {
  const topic = await filled(2, 10);
  const options = { group: "again", topics: [topic], ...quick, enableAutoCommit: false };
  for (let life = 0; life < 2; life++) {
    const seen: GroupRecord[] = [];
    for await (const record of client().consumer(options)) {
      seen.push(record);
      if (seen.length === 20) break;
    }
    for (const partition of [0, 1]) {
      const own = seen.filter((record) => record.partition === partition).map(({ value }) => value);
      assert.deepEqual(
        own,
        Array.from({ length: 10 }, (_, number) => `${partition}.${number}`),
      );
    }
  }
  assert.equal((await client().groups.get("again")).state, "Empty");
});

test("two members share the partitions, each record comes to one of them, and who is left has all", { timeout }, async () => {
  const topic = await filled(4, 50);
  const events: string[] = [];
  const seen = new Map<string, string[]>();
  const work = async (name: string, consumer: GroupConsumer): Promise<void> => {
    for await (const { value } of consumer) seen.set(String(value), [...(seen.get(String(value)) ?? []), name]);
  };
  const told = (name: string) => ({
    onPartitionsAssigned: (partitions: readonly unknown[]) => void events.push(`${name}+${partitions.length}`),
    onPartitionsRevoked: (partitions: readonly unknown[]) => void events.push(`${name}-${partitions.length}`),
  });
  const a = client().consumer({ group: "two", topics: [topic], ...quick, ...told("a") });
  const working = [work("a", a)];
  await until("all are seen", () => seen.size === 200);
  const b = client().consumer({ group: "two", topics: [topic], ...quick, ...told("b") });
  working.push(work("b", b));
  await until("both have two", () => a.assignment.length === 2 && b.assignment.length === 2);
  await fill(topic, 4, 50, 100);
  await until("all are seen", () => seen.size === 400);
  const shares = [...seen].filter(([value]) => Number(value.split(".")[1]) >= 50);
  assert.deepEqual([...new Set(shares.map(([, by]) => by.join()))].sort(), ["a", "b"], "each once, by both of them");
  await b.close();
  await until("it has all", () => a.assignment.length === 4);
  await fill(topic, 4, 100, 110);
  await until("all are seen", () => seen.size === 440);
  assert.deepEqual(events, ["a+4", "a-2", "b+2", "a+2"]);
  await a.close();
  await Promise.all(working);
});

test("the partitions of a member that is gone without a word go to another one after its session", { timeout }, async () => {
  const topic = await filled(2, 5);
  const dead = client();
  // It beats once, and is never heard of again.
  await dead.groups.beat("gone", "dead", { topics: [topic], sessionTimeoutMs: 6_000 });
  const consumer = client().consumer({ group: "gone", topics: [topic], ...quick });
  const started = performance.now();
  assert.deepEqual(valuesOf(await taken(consumer, 10)), wanted(2, 0, 5));
  assert.ok(performance.now() - started > 3_000, "half of them were the other one's until then");
  await consumer.close();
});

test("a member that is taken for gone while it sleeps is told, and what it had handled is not committed over the other one's", {
  timeout,
}, async () => {
  const topic = await filled(1, 10);
  const lost: unknown[] = [];
  let isDeaf = false;
  const deaf = connect({
    url: server.url,
    fetch: (url, init) => (isDeaf ? Promise.reject(new TypeError("no network")) : fetch(url, init)),
  });
  const sleeper = deaf.consumer({
    group: "zombie",
    topics: [topic],
    ...quick,
    onPartitionsLost: (partitions) => void lost.push(...partitions),
  });
  await taken(sleeper, 3);
  isDeaf = true;
  const other = client().consumer({ group: "zombie", topics: [topic], ...quick });
  while ((await taken(other, 1))[0]?.value !== "0.9");
  await other.commit();
  isDeaf = false;
  await until("it is told", () => lost.length === 1);
  assert.deepEqual(
    (await client().groups.offsets("zombie")).map(({ offset }) => offset),
    [10],
  );
  await Promise.all([sleeper.close(), other.close()]);
});

test("pause, resume and seek", { timeout }, async () => {
  const topic = await filled(2, 5);
  const consumer = client().consumer({ group: "seek", topics: [topic], ...quick, prefetchBytes: 1 });
  const [first] = await taken(consumer, 1);
  const place = { topic, partition: first?.partition ?? 0 };
  consumer.pause([place]);
  const others = await taken(consumer, 5);
  assert.ok(others.every(({ partition }) => partition !== place.partition));
  consumer.resume([place]);
  assert.equal((await taken(consumer, 4)).at(-1)?.value, `${place.partition}.4`);
  consumer.seek(place, { offset: 2 });
  assert.equal((await taken(consumer, 1))[0]?.value, `${place.partition}.2`);
  assert.throws(() => consumer.seek({ topic, partition: 9 }, "earliest"), { code: "invalid_request" });
  for (const bad of [new Date(), -1, 0.5, "begin", undefined, { offset: -1 }, { time: "now" }])
    assert.throws(() => consumer.seek(place, bad as Position), { code: "invalid_request", outcome: "not-applied" });
  // As Kafka's seek takes it; and what was refused has moved nothing.
  consumer.seek(place, 1);
  assert.equal((await taken(consumer, 1))[0]?.value, `${place.partition}.1`);
  await consumer.close();
});

test("auto.offset.reset: latest begins at the end, none says that nothing is committed", { timeout }, async () => {
  const topic = await filled(1, 5);
  const late = client().consumer({ group: "late", topics: [topic], ...quick, autoOffsetReset: "latest" });
  const next = late.next();
  await until("it has it", () => late.assignment.length === 1);
  // The end is looked up by the first fetch.
  await sleep(300);
  await fill(topic, 1, 5, 6);
  assert.equal((await next).value?.value, "0.5");
  await late.close();
  const none = client().consumer({ group: "none", topics: [topic], ...quick, autoOffsetReset: "none" });
  await assert.rejects(none.next(), { code: "offset_out_of_range" });
  assert.deepEqual(await none.next(), { done: true, value: undefined });
  await none.close();
});

test("while a record is worked on, nothing is asked for again and again", { timeout }, async () => {
  const topic = await filled(2, 5);
  let fetches = 0;
  const counting = connect({
    url: server.url,
    fetch: (url, init) => {
      if (url.includes("/records")) fetches++;
      return fetch(url, init);
    },
  });
  const consumer = counting.consumer({ group: "slow", topics: [topic], ...quick });
  await taken(consumer, 1);
  await sleep(1_000);
  assert.ok(fetches <= 6, `${fetches} fetches`);
  await consumer.close();
});

test("what comes after a group has begun at the end is not passed over, whoever reads then", { timeout }, async () => {
  const topic = await filled(1, 3);
  const options = { group: "begun", topics: [topic], ...quick, autoOffsetReset: "latest" } as const;
  const first = client().consumer(options);
  const waiting = first.next();
  await until("it has it", () => first.assignment.length === 1);
  while ((await client().groups.offsets("begun")).length === 0) await sleep(20);
  await first.close();
  assert.equal((await waiting).done, true);
  await fill(topic, 1, 3, 6);
  const second = client().consumer(options);
  assert.deepEqual(valuesOf(await taken(second, 3)), wanted(1, 3, 6));
  await second.close();
});

test("commits of its own and those that come by themselves do not get into each other's way", { timeout }, async () => {
  const topic = await filled(2, 150);
  const consumer = client().consumer({ group: "both", topics: [topic], ...quick, autoCommitIntervalMs: 1 });
  for (let nth = 0; nth < 300; nth++) {
    await taken(consumer, 1);
    await consumer.commit();
  }
  assert.equal((await client().groups.lag("both")).lag, 0);
  await consumer.close();
});

test("a commit while partitions are taken away leaves out the record that is being worked on", { timeout }, async () => {
  const topic = await filled(2, 3);
  const told = Promise.withResolvers<undefined>();
  const first: GroupConsumer = client().consumer({
    group: "hand",
    topics: [topic],
    ...quick,
    enableAutoCommit: false,
    onPartitionsRevoked: async () => {
      await first.commit();
      told.resolve(undefined);
    },
  });
  await taken(first, 1);
  const second = client().consumer({ group: "hand", topics: [topic], ...quick, enableAutoCommit: false });
  const theirs = second.next();
  await told.promise;
  const committed = (await client().groups.offsets("hand")).map(({ offset }) => offset);
  assert.deepEqual(new Set(committed), new Set([0]), "where it has begun, and nothing after that");
  await Promise.all([first.close(), second.close()]);
  await theirs;
});

test("a place for a partition is taken from elsewhere before its first record", { timeout }, async () => {
  const topic = await filled(1, 5);
  const consumer: GroupConsumer = client().consumer({
    group: "elsewhere",
    topics: [topic],
    ...quick,
    onPartitionsAssigned: ([place]) => {
      if (place !== undefined) consumer.seek(place, { offset: 3 });
    },
  });
  assert.equal((await taken(consumer, 1))[0]?.value, "0.3");
  await consumer.close();
});

test("closing does not wait for a server that is not there, nor for the callback that asks for it", { timeout }, async () => {
  const topic = await filled(1, 5);
  let isDeaf = false;
  const deaf = connect({
    url: server.url,
    fetch: (url, init) => (isDeaf ? Promise.reject(new TypeError("no network")) : fetch(url, init)),
  });
  const consumer = deaf.consumer({ group: "close", topics: [topic], ...quick, sessionTimeoutMs: 30_000, autoCommitIntervalMs: 60_000 });
  await taken(consumer, 3);
  isDeaf = true;
  const started = performance.now();
  await consumer.close();
  assert.ok(performance.now() - started < 10_000, "half a minute of its session was left");
  const closing: GroupConsumer = client().consumer({
    group: "closing",
    topics: [topic],
    ...quick,
    onPartitionsAssigned: () => closing.close(),
  });
  assert.deepEqual(await closing.next(), { done: true, value: undefined });
});

test("a member that another one has replaced ends with an error", { timeout }, async () => {
  const topic = await filled(1, 1);
  const options = { group: "same", topics: [topic], memberId: "one", ...quick };
  const first = client().consumer(options);
  await taken(first, 1);
  const waiting = first.next();
  const second = client().consumer(options);
  const nexts = second.next();
  await assert.rejects(waiting, (error) => error instanceof LogError && error.code === "fenced_instance_id");
  await second.close();
  await nexts;
});

test("the command reads as a member, goes on where its group has come to, and leaves", { timeout }, async () => {
  const topic = await filled(1, 8);
  const run = (...args: readonly string[]) => runCommand(["consume", topic, "--group", "shell", ...args], { url: server.url });
  assert.equal((await run("--from-beginning", "--max", "3")).stdout, "0.0\n0.1\n0.2\n");
  assert.equal((await run("--max", "3")).stdout, "0.3\n0.4\n0.5\n");
  const { code, stdout } = await runCommand(["consume", topic, "--group", "shell"], { url: server.url, interruptAt: "0.7" });
  assert.deepEqual([code, stdout], [130, "0.6\n0.7\n"]);
  assert.deepEqual((await client().groups.get("shell")).members, []);
  const refused = await run("--offset", "3");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /groups reset/);
  const nameless = await runCommand(["consume", topic, "--group", ""], { url: server.url });
  assert.equal(nameless.code, 2);
  assert.match(nameless.stderr, /--group must be a name of 1 to 249 characters/);
  assert.match((await runCommand(["consume", "nope", "--group", "shell"], { url: server.url })).stderr, /no topic "nope"/);
});

test("a terminal that is closed ends the command as Ctrl-C does: it leaves its group", { timeout }, async () => {
  const topic = await filled(1, 1);
  const args = ["consume", topic, "--group", "hangup", "--from-beginning"];
  const { code, stdout } = await runCommand(args, { url: server.url, interruptAt: "0.0", interruptWith: "SIGHUP" });
  assert.deepEqual([code, stdout], [130, "0.0\n"]);
  assert.deepEqual((await client().groups.get("hangup")).members, []);
});

test("bad options are refused at once", () => {
  assert.throws(() => client().consumer({ group: "g" }), { code: "invalid_request" });
  assert.throws(() => client().consumer({ group: "g", topics: ["t"], prefix: "t" }), { code: "invalid_request" });
  assert.throws(() => client().consumer({ group: "g", topics: ["t"], sessionTimeoutMs: 5 }), { code: "invalid_request" });
});
