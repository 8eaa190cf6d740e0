/** Every bound that DynamoDB and S3 set, met and passed by one. SimTable's own bounds are in sim-agrees.test.ts. */
import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { limits } from "../../lib/core/limits.ts";
import { type AwsEngine, createAwsEngine } from "../../lib/engines/aws/index.ts";
import { payloadItemKey } from "../../lib/engines/aws/keys.ts";
import { sdkBucket } from "../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
import type { Bucket } from "../../lib/engines/aws/bucket.ts";
import type { Item, Table } from "../../lib/engines/aws/table.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import type { Entry, Guards } from "../../lib/ports/journal.ts";
import { itemBytes } from "../../lib/testing/sim/aws/item-size.ts";
import { type EmulatedAws, startEmulatedAws } from "../../scripts/emulators/aws-store.ts";
import {
  type Between,
  entryOf,
  fault,
  headOf,
  namesIn,
  numberOf,
  openShard,
  range,
  shard,
  SleepClock,
  step,
  tableBehind,
} from "../unit/engines/aws/support.ts";

const itemBytesMax = 400 * 1024;
const refused = { code: "request_too_large", outcome: "not-applied" } as const;

suite("at the limits of DynamoDB and S3", () => {
  let aws: EmulatedAws;
  let table: Table;
  let bucket: Bucket;
  before(async () => {
    aws = await startEmulatedAws();
  });
  after(() => aws.stop());
  beforeEach(async () => {
    const store = await aws.createStore();
    table = sdkTable(aws.clients.dynamodb, store.table);
    bucket = sdkBucket(aws.clients.s3, store.bucket);
  });

  /** Waits take no time, so that a deadline comes soon. */
  const open = (between: Between = (_, run) => run()): AwsEngine =>
    createAwsEngine({ table: tableBehind(between, table), bucket, clock: new SleepClock(), random: nodeRandom });
  /** While it is on, no page can be put, so no tail is rolled. */
  const noRolls = (isOn: () => boolean): Between => {
    return (call, run) => (isOn() && call.op === "put" && call.pk.startsWith("J#") ? Promise.reject(fault("throttled")) : run());
  };
  const objects = async (prefix: string) => await bucket.list(prefix, { limit: 10 });
  /** One part of each partition. */
  const wideEntry = (records = 1): Entry => ({
    parts: Array.from({ length: 16 }, (_, index) => ({
      index,
      records,
      maxTimestampMs: 1_700_000_000_000 + index,
      batches: Buffer.of(index),
    })),
  });
  /** So many producers of Kafka's kind, spread over the partitions. */
  const kafkaSteps = (count: number, sequence: number): Guards => ({
    producers: Array.from({ length: count }, (_, nth) =>
      step(sequence, { producerId: limits.producerIdMax - BigInt(nth), index: nth % 16, crc: 0xffffffff }),
    ),
  });

  test("an item has 400 KB", async () => {
    const bare: Item = { pk: { S: "p" }, sk: { S: "s" }, d: { B: new Uint8Array(0) } };
    const room = itemBytesMax - itemBytes(bare);
    await table.put({ ...bare, d: { B: new Uint8Array(room) } });
    await assert.rejects(table.put({ ...bare, d: { B: new Uint8Array(room + 1) } }), { kind: "refused" });
  });

  test("a payload of the greatest inline size is an item, one of a byte more an object", async () => {
    const engine = open();
    await openShard(engine);
    const bytes = limits.awsInlineBytesMax - 5;
    const most = { ...entryOf("item", { bytes }), inlineBytesMax: Number.MAX_SAFE_INTEGER };
    await engine.journal.append(shard, most);
    assert.deepEqual(await objects("j/"), []);
    await engine.journal.append(shard, { ...entryOf("object", { bytes: bytes + 1 }), inlineBytesMax: Number.MAX_SAFE_INTEGER });
    assert.deepEqual(
      (await objects("j/")).map((object) => object.bytes),
      [limits.awsInlineBytesMax + 1],
    );
    assert.deepEqual(await namesIn(open()), ["item", "object"]);
  });

  test("a payload's item has room for the longest keys", async () => {
    const { pk, sk } = payloadItemKey({ topicId: "t".repeat(249), shard: 2 ** 31 }, 2 ** 31, "0123456789abcdef");
    await table.put({ pk: { S: pk }, sk: { S: sk }, v: { N: "1" }, d: { B: new Uint8Array(limits.awsInlineBytesMax) } });
  });

  test("an entry has 32 MiB", async () => {
    const engine = open();
    await openShard(engine);
    await assert.rejects(engine.journal.append(shard, entryOf("over", { bytes: limits.entryBytesMax + 1 })), refused);
    assert.deepEqual(await objects("j/"), []);
    await engine.journal.append(shard, entryOf("most", { bytes: limits.entryBytesMax }));
    assert.deepEqual(await namesIn(open()), ["most"]);
  });

  test("a shard has 16 partitions", async () => {
    const engine = open();
    await assert.rejects(engine.journal.open(shard, { partitions: 17, layout: 0 }), { code: "invalid_partitions" });
    await openShard(engine, shard, 16);
    await engine.journal.append(shard, wideEntry());
    const [entry] = await open().journal.entries(shard, { seq: 0 }, 1);
    const parts = await open().journal.read(entry!.parts.map(({ index }) => ({ entry: entry!, index })));
    assert.deepEqual(
      parts.map(([index]) => index),
      [...Array(16).keys()],
    );
    await assert.rejects(engine.journal.append(shard, { parts: [{ ...wideEntry().parts[0]!, index: 16 }] }), {
      code: "unknown_topic_or_partition",
    });
  });

  test("62 producer states over 16 partitions pass, new and again", async () => {
    const engine = open();
    await openShard(engine, shard, 16);
    for (let sequence = 0; sequence < 4; sequence++) {
      const { seq } = await engine.journal.append(shard, wideEntry(), kafkaSteps(62, sequence));
      assert.equal(seq, sequence);
    }
    const { producers } = await open().journal.head(shard, limits.producerIdMax);
    assert.deepEqual(
      producers.map(({ sequence }) => sequence),
      [3],
    );
  });

  test("65 producer steps are too many, and nothing is written", async () => {
    const engine = open();
    await openShard(engine, shard, 16);
    await assert.rejects(engine.journal.append(shard, wideEntry(), kafkaSteps(limits.awsEntryStatesMax + 1, 0)), refused);
    assert.equal((await open().journal.head(shard)).seq, 0);
    assert.deepEqual(await objects("j/"), []);
  });

  test("64 producer states pass again", async () => {
    const engine = open();
    await openShard(engine, shard, 16);
    for (let sequence = 0; sequence < 4; sequence++) {
      await engine.journal.append(shard, wideEntry(), kafkaSteps(limits.awsEntryStatesMax, sequence));
    }
  });

  test("64 HTTP producers of one entry pass again", async () => {
    const engine = open();
    await openShard(engine, shard, 16);
    for (let sequence = 0; sequence < 2; sequence++) {
      const producers = Array.from({ length: limits.awsEntryStatesMax }, (_, nth) => step(sequence, { producerId: BigInt(nth) }));
      await engine.journal.append(shard, wideEntry(), { producers });
    }
  });

  test("as many appends as share a commit pass with a producer for each of their parts", async () => {
    const engine = open();
    await openShard(engine, shard, 16);
    for (let sequence = 0; sequence < 3; sequence++) {
      // These are sent at once; what follows shares the next commits.
      const first = Array.from({ length: limits.awsCommitsAtOnceMax }, () => engine.journal.append(shard, entryOf("e")));
      const shared = Array.from({ length: limits.awsGroupEntriesMax }, (_, nth) => {
        const indexes = [0, 1, 2].map((part) => (3 * nth + part) % 16).sort((a, b) => a - b);
        const producers = indexes.map((index) => step(sequence, { producerId: limits.producerIdMax - BigInt(nth), index }));
        const parts = indexes.map((index) => ({ index, records: 100_000, maxTimestampMs: 1, batches: Buffer.of(index) }));
        return engine.journal.append(shard, { parts }, { producers });
      });
      await Promise.all([...first, ...shared]);
      await engine.idle();
    }
    assert.equal((await open().journal.head(shard)).seq, 60);
  });

  test("a transaction has 100 appends and writes", async () => {
    const engine = open();
    await openShard(engine);
    const writes = (count: number) =>
      Array.from({ length: count }, (_, nth) => ({ key: { pk: "c", sk: `${nth}` }, put: nth, if: "any" }) as const);
    const appends = [{ shard, entry: entryOf("e0") }];
    await assert.rejects(engine.journal.transact(appends, writes(limits.transactWritesMax)), refused);
    await assert.rejects(engine.catalog.transact(writes(limits.transactWritesMax + 1)), refused);
    assert.equal((await engine.journal.head(shard)).seq, 0);
    await engine.journal.transact(appends, writes(limits.transactWritesMax - 1));
    await engine.catalog.transact(writes(limits.transactWritesMax));
    assert.equal((await engine.catalog.query("c", { limit: 1_000 })).length, 100);
    assert.deepEqual(await namesIn(open()), ["e0"]);
  });

  test("a transaction's catalog values fit one DynamoDB transaction", async () => {
    const engine = open();
    const value = "v".repeat(limits.catalogValueBytesMax - 2);
    const writes = (count: number) =>
      Array.from({ length: count }, (_, nth) => ({ key: { pk: "c", sk: `${nth}` }, put: value, if: "any" }) as const);
    const most = Math.floor((limits.awsTransactBytesMax - limits.catalogValueBytesMax) / limits.catalogValueBytesMax);
    await engine.catalog.transact(writes(most));
    await assert.rejects(engine.catalog.transact(writes(most + 1)), refused);
    await assert.rejects(engine.catalog.transact([{ ...writes(1)[0]!, put: `${value}v` }]), refused);
  });

  test("an object's key has 512 characters", async () => {
    const { objects: store } = open();
    const key = `${"a/".repeat(200)}${"b".repeat(112)}`;
    assert.equal(await store.put(key, Buffer.from("x")), true);
    assert.deepEqual(Buffer.from((await store.get(key))!), Buffer.from("x"));
    await assert.rejects(store.put(`${key}b`, Buffer.from("x")), { code: "invalid_request" });
    assert.deepEqual(
      (await store.list("", { limit: 10 })).map((object) => object.key),
      [key],
    );
  });

  test("a tail that cannot be rolled takes 128 entries; the next ones pass once it can", async () => {
    let isStuck = true;
    const engine = open(noRolls(() => isStuck));
    await openShard(engine);
    for (const name of range(0, limits.awsTailEntriesMax)) await engine.journal.append(shard, entryOf(name));
    await engine.idle();
    await assert.rejects(engine.journal.append(shard, entryOf("over")), { code: "throttled", outcome: "not-applied", retryAfterMs: 500 });
    assert.deepEqual(await namesIn(open()), range(0, limits.awsTailEntriesMax));
    isStuck = false;
    await engine.journal.append(shard, entryOf("e128"));
    assert.deepEqual(await namesIn(open()), range(0, limits.awsTailEntriesMax + 1));
  });

  test("a tail that cannot be rolled takes 12 KB of entries", async () => {
    let isStuck = true;
    const engine = open(noRolls(() => isStuck));
    await openShard(engine, shard, 16);
    let count = 0;
    const append = () => engine.journal.append(shard, wideEntry(100_000));
    await assert.rejects(
      async () => {
        for (; count < limits.awsTailEntriesMax; count++) await append();
      },
      { code: "throttled", outcome: "not-applied" },
    );
    const bytes = numberOf(await table.get(headOf), "tsz");
    assert.ok(bytes <= limits.awsTailBytesMax && bytes + bytes / count > limits.awsTailBytesMax, `${bytes}`);
    isStuck = false;
    await append();
    assert.equal((await open().journal.head(shard)).seq, count + 1);
  });

  test("a head takes 480 producer states; one more passes once it can be rolled", async () => {
    let isStuck = true;
    const engine = open(noRolls(() => isStuck));
    await openShard(engine, shard, 16);
    const by = (first: number, count: number): Guards => ({
      producers: Array.from({ length: count }, (_, nth) => step(0, { producerId: BigInt(first + nth), index: (first + nth) % 16 })),
    });
    const most = 480;
    let entries = 0;
    for (let first = 0; first < most; first += limits.awsEntryStatesMax, entries++)
      await engine.journal.append(shard, wideEntry(), by(first, Math.min(limits.awsEntryStatesMax, most - first)));
    await assert.rejects(engine.journal.append(shard, wideEntry(), by(most, 1)), { code: "throttled", outcome: "not-applied" });
    isStuck = false;
    assert.equal((await engine.journal.append(shard, wideEntry(), by(most, 1))).seq, entries);
    for (const producer of [0, most / 2, most - 1, most]) {
      const { producers } = await open().journal.head(shard, BigInt(producer));
      assert.equal(producers.length, 1, `${producer}`);
    }
    // Retries get their first answers, from the head and from beside it.
    const again = await open().journal.append(shard, wideEntry(), by(0, limits.awsEntryStatesMax));
    assert.ok(again.seq === 0 && again.parts.every(({ duplicate }) => duplicate));
  });
});
