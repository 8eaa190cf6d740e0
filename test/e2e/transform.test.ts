/** Consume, transform, produce: each record that is read has its outputs exactly once, whoever dies, and whichever answers get lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Fetch, type GroupConsumer, type GroupConsumerOptions, type GroupRecord, LogError } from "../../lib/client/index.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";
import { until } from "./until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: ServerProcess;
const members: GroupConsumer[] = [];

before(async () => {
  folder = await temporaryFolder();
  server = await startServerProcess({ data: join(folder.path, "data") });
});
after(async () => {
  await Promise.all(members.map((member) => member.close()));
  await server.stop();
  await folder.remove();
});

const timeout = 120_000;
const through = (own: Fetch) => connect({ url: server.url, fetch: own });
const client = () => through(fetch);
function member(group: string, own: Fetch = fetch, more: Partial<GroupConsumerOptions> = {}): GroupConsumer {
  const consumer = through(own).consumer({ ...options(group), ...more });
  members.push(consumer);
  return consumer;
}
const options = (group: string) =>
  ({ group, topics: [`${group}-in`], autoOffsetReset: "earliest", sessionTimeoutMs: 6_000, enableAutoCommit: false }) as const;

/** Topics `<name>-in`, with that many records by turns over its partitions, and `<name>-out`. */
async function filled(name: string, partitions: number, count: number): Promise<void> {
  for (const end of ["in", "out"]) await client().topics.create({ name: `${name}-${end}`, partitions });
  const producer = client().producer({ topic: `${name}-in` });
  for (let nth = 0; nth < count; nth++)
    void producer.send({ partition: nth % partitions, key: `k${nth % (3 * partitions)}`, value: `${nth}` });
  await producer.close();
}

const output = ({ topic, partition, key, value }: GroupRecord) => ({ topic: topic.replace("-in", "-out"), partition, key, value });

async function copy(consumer: GroupConsumer): Promise<void> {
  for await (const record of consumer) await consumer.commitWith([output(record)]);
}

/** The values of each partition. */
async function written(name: string, partitions: number): Promise<readonly (readonly number[])[]> {
  const all: number[][] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const { records, highWatermark } = await client().fetch({ topic: `${name}-out`, partition, from: "earliest", limit: 10_000 });
    assert.equal(records.length, highWatermark);
    all.push(records.map(({ value }) => Number(value)));
  }
  return all;
}

const wanted = (partitions: number, count: number): readonly (readonly number[])[] =>
  Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: Math.ceil((count - partition) / partitions) }, (_row, nth) => partition + nth * partitions),
  );

const lag = async (group: string): Promise<number | undefined> =>
  (
    await client()
      .groups.lag(group)
      .catch(() => undefined)
  )?.lag;

test("two members copy 2,000 records over 8 partitions, answers get lost, one dies in the middle: each is there once, in order", {
  timeout,
}, async () => {
  await filled("copy", 8, 2_000);
  let [dying, living, isDead, lost] = [0, 0, false, 0];
  /** Its last transaction is done, and it never learns so. */
  const mortal: Fetch = async (url, init) => {
    if (isDead) throw new TypeError("gone");
    const isStep = url.endsWith("/transactions");
    const response = await fetch(url, init);
    if (!isStep || ++dying < 200) return response;
    isDead = true;
    throw new TypeError("gone");
  };
  /** Every so often an answer, or a request, does not come. */
  const shaky: Fetch = async (url, init) => {
    const nth = url.endsWith("/transactions") ? ++living : 0;
    if (nth % 23 === 22) throw new TypeError("lost on its way");
    const response = await fetch(url, init);
    if (nth % 17 !== 16) return response;
    lost++;
    throw new TypeError("lost on its way back");
  };
  const a = member("copy", mortal);
  const b = member("copy", shaky);
  const death = assert.rejects(copy(a), (error) => error instanceof LogError && error.outcome === "unknown");
  const work = copy(b);
  await until("it is dead", () => isDead);
  assert.ok(a.assignment.length > 0 && a.assignment.length < 8);
  await until("who is left has all", () => b.assignment.length === 8);
  for (;;) if ((await lag("copy")) === 0) break;
  await b.close();
  await Promise.all([work, death]);
  assert.ok(lost > 10, "answers got lost");
  assert.deepEqual(await written("copy", 8), wanted(8, 2_000));
});

test("after a step that is refused its records come again, and what was made of them is in the log once", { timeout }, async () => {
  await filled("batch", 4, 100);
  const consumer = member("batch");
  let [gathered, refused]: [GroupRecord[], number] = [[], 0];
  let count = 0;
  for await (const record of consumer) {
    gathered.push(record);
    if (gathered.length < 10) continue;
    const outputs = gathered.map(output);
    gathered = [];
    const tooLarge = { topic: "batch-out", value: new Uint8Array(2_000_000) };
    const step = consumer.commitWith(count++ % 3 === 1 ? [...outputs, tooLarge] : outputs);
    await step.catch((error: unknown) => {
      assert.ok(error instanceof LogError && error.code === "message_too_large" && error.outcome === "not-applied");
      refused++;
    });
    if ((await lag("batch")) === 0 && refused > 3) break;
  }
  assert.deepEqual(await written("batch", 4), wanted(4, 100));
  assert.equal((await client().groups.get("batch")).state, "Empty");
});

test("who has lost a partition writes nothing, and what was given of it comes to its next member", { timeout }, async () => {
  await filled("fence", 1, 3);
  let isDeaf = false;
  const deaf: Fetch = (url, init) => (isDeaf ? Promise.reject(new TypeError("no network")) : fetch(url, init));
  let isTold = false;
  const a = member("fence", deaf, { onPartitionsLost: () => void (isTold = true) });
  const first = await a.next();
  assert.ok(first.value !== undefined);
  isDeaf = true;
  const b = member("fence");
  const { value } = await b.next();
  assert.equal(value?.value, "0");
  isDeaf = false;
  await until("it is told", () => isTold);
  await assert.rejects(a.commitWith([output(first.value)]), { code: "illegal_generation", outcome: "not-applied" });
  assert.deepEqual(await written("fence", 1), [[]]);
  assert.deepEqual(await b.commitWith([output(value)]), [{ topic: "fence-out", partition: 0, offset: 0 }]);
  await a.close();
  await b.close();
  assert.deepEqual(await written("fence", 1), [[0]]);
});

test("outputs are tied to records that are handled by nothing else", { timeout }, async () => {
  await filled("tied", 1, 3);
  const auto = member("tied", fetch, { enableAutoCommit: true });
  await assert.rejects(auto.commitWith([]), { code: "invalid_request" });
  await auto.close();
  const consumer = member("tied");
  const { value } = await consumer.next();
  assert.ok(value !== undefined);
  assert.deepEqual(await consumer.commitWith([output(value), { topic: "tied-out", value: "more", headers: { of: "0" } }]), [
    { topic: "tied-out", partition: 0, offset: 0 },
    { topic: "tied-out", partition: 0, offset: 1 },
  ]);
  await assert.rejects(consumer.commitWith([output(value)]), { code: "invalid_request" });
  assert.equal((await consumer.next()).value?.value, "1");
  assert.deepEqual(await consumer.commitWith([]), [], "nothing was made of it");
  assert.equal(await lag("tied"), 1);
  await consumer.close();
  assert.equal((await written("tied", 1))[0]?.length, 2);
});
