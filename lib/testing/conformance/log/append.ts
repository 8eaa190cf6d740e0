import assert from "node:assert/strict";
import { decodeBatches } from "../../../core/codec/record-batch.ts";
import { LogError } from "../../../core/errors.ts";
import { partitionForKey } from "../../../core/partition.ts";
import { refused } from "../expect.ts";
import { labelsOf, logCase, places, readAll, record, withLog } from "./build.ts";
import type { LogCase } from "./build.ts";

/** Appending records: routing, answers, wholeness, compare-and-append, idempotence. */
export const appendCases: readonly LogCase[] = [
  {
    name: "records come back as they were sent, also after a reopening",
    async run(harness) {
      const bytes = (text: string) => new TextEncoder().encode(text);
      const sent = [
        { key: null, value: bytes("plain"), headers: [], timestampMs: 5 },
        { key: bytes("k"), value: null, headers: [], timestampMs: 3 },
        {
          key: new Uint8Array(0),
          value: new Uint8Array(0),
          headers: [
            { key: "h", value: null },
            { key: "h", value: bytes("é") },
          ],
          timestampMs: 1_700_000_000_000,
        },
        {
          key: Uint8Array.from([0, 255, 128]),
          value: new Uint8Array(100_000).fill(7),
          headers: [{ key: "", value: new Uint8Array(0) }],
          timestampMs: 0,
        },
      ];
      await withLog(harness, async (log) => {
        await log.topics.create({ name: "t" });
        assert.deepEqual(places(await log.append("t", { records: sent })), ["0:0", "0:1", "0:2", "0:3"]);
      });
      await withLog(harness, async (log) => {
        const { batches } = await log.fetch("t", 0, { from: 0 });
        assert.deepEqual(
          decodeBatches(batches, harness.compression),
          sent.map((each, offset) => ({ offset, ...each })),
        );
      });
    },
  },
  logCase("answers are in the order of the request, whatever partitions its records go to", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 6, partitionsPerShard: 2 });
    const records = [5, 0, 3, 5, 1, 0, 5].map((partition, i) => record(`r${i}`, { partition }));
    assert.deepEqual(places(await log.append("t", { records })), ["5:0", "0:0", "3:0", "5:1", "1:0", "0:1", "5:2"]);
    assert.deepEqual(await readAll(log, harness, "t", 5), ["0 r0", "1 r3", "2 r6"]);
    assert.deepEqual(await readAll(log, harness, "t", 0), ["0 r1", "1 r5"]);
  }),
  logCase("keys go where Kafka's murmur2 sends them, keyless records of a request stay together", async (log) => {
    await log.topics.create({ name: "t", partitions: 7, partitionsPerShard: 3 });
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    const keyed = await log.append("t", { records: keys.map((key) => record("v", { key })) });
    assert.deepEqual(
      keyed.map(({ partition }) => partition),
      keys.map((key) => partitionForKey(new TextEncoder().encode(key), 7)),
    );
    const seen = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const together = new Set(
        (await log.append("t", { records: [record("a"), record("b"), record("c")] })).map(({ partition }) => partition),
      );
      assert.equal(together.size, 1);
      for (const partition of together) seen.add(partition);
    }
    assert.ok(seen.size > 1, "requests without keys are spread");
  }),
  logCase("no records, and a partition that is not there, are refused and change nothing", async (log) => {
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
    await refused(log.append("t", { records: [] }), "invalid_request");
    for (const partition of [2, 1_000_000]) {
      await refused(
        log.append("t", { records: [record("x", { partition: 0 }), record("x", { partition })] }),
        "unknown_topic_or_partition",
      );
    }
    for (const partition of [-1, 0.5]) {
      await refused(log.append("t", { records: [record("x", { partition })] }), "unknown_topic_or_partition", "invalid_request");
    }
    await refused(log.append("none", { records: [record("x")] }), "unknown_topic_or_partition");
    assert.deepEqual(
      (await log.watermarks("t")).map(({ highWatermark }) => highWatermark),
      [0, 0],
    );
  }),
  logCase("a record over max.message.bytes is refused with all that came with it", async (log) => {
    await log.topics.create({ name: "t", partitions: 2, config: { "max.message.bytes": 1_000 } });
    await refused(
      log.append("t", { records: [record("fine", { partition: 0 }), record("x".repeat(2_000), { partition: 1 })] }),
      "message_too_large",
    );
    assert.deepEqual(
      (await log.watermarks("t")).map(({ highWatermark }) => highWatermark),
      [0, 0],
    );
    const many = Array.from({ length: 50 }, () => record("y".repeat(200), { partition: 0 }));
    assert.equal(places(await log.append("t", { records: many })).length, 50, "a request may be over it: it is cut into batches");
  }),
  logCase("each shard's part is one entry with an answer of its own", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 2, partitionsPerShard: 1 });
    const producer = (sequence: number) => ({ producer: { id: 7n, epoch: 0, sequence } });
    await log.append("t", { records: [record("first", { partition: 1 })], ...producer(5) });
    const results = await log.append("t", { records: [record("a", { partition: 0 }), record("b", { partition: 1 })], ...producer(4) });
    const [fine, failed] = results;
    assert.deepEqual(fine, { partition: 0, offset: 0, duplicate: false });
    assert.ok(failed !== undefined && "error" in failed && failed.error instanceof LogError);
    assert.deepEqual([failed.partition, failed.error.code, failed.error.outcome], [1, "out_of_order_sequence", "not-applied"]);
    assert.deepEqual(await labelsOf(log, harness, "t", 0), ["a"]);
    assert.deepEqual(await labelsOf(log, harness, "t", 1), ["first"]);
  }),
  logCase("an atomic request is in every shard or in none", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 3, partitionsPerShard: 1 });
    const both = (label: string) => [record(label, { partition: 0 }), record(label, { partition: 2 })];
    assert.deepEqual(places(await log.append("t", { records: both("a"), atomic: true })), ["0:0", "2:0"]);
    const producer = (sequence: number) => ({ producer: { id: 7n, epoch: 0, sequence } });
    await log.append("t", { records: [record("own", { partition: 2 })], ...producer(5) });
    await refused(log.append("t", { records: both("x"), atomic: true, ...producer(4) }), "out_of_order_sequence");
    assert.deepEqual(places(await log.append("t", { records: both("b"), atomic: true, ...producer(6) })), ["0:1", "2:2"]);
    assert.deepEqual(places(await log.append("t", { records: both("b"), atomic: true, ...producer(6) })), ["0:1=", "2:2="]);
    assert.deepEqual(await labelsOf(log, harness, "t", 0), ["a", "b"]);
    assert.deepEqual(await labelsOf(log, harness, "t", 2), ["a", "own", "b"]);
  }),
  logCase("expectedOffset appends at that offset or not at all, and tells the actual one", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const at = (expectedOffset: number, label: string, partition = 1) =>
      log.append("t", { records: [record(label, { partition })], expectedOffset });
    assert.deepEqual(places(await at(0, "a")), ["1:0"]);
    for (const offset of [0, 2]) {
      const error = await refused(at(offset, "x"), "wrong_expected_offset");
      assert.equal(error.details["actualOffset"], 1);
    }
    assert.deepEqual(places(await at(1, "b")), ["1:1"]);
    const both = [record("x", { partition: 0 }), record("x", { partition: 1 })];
    await refused(log.append("t", { records: both, expectedOffset: 0 }), "invalid_request");
    await refused(log.append("t", { records: [record("x")], expectedOffset: -1 }), "invalid_request");
    assert.deepEqual(await labelsOf(log, harness, "t", 1), ["a", "b"]);
    assert.deepEqual(await labelsOf(log, harness, "t", 0), []);
  }),
  {
    name: "an idempotent request is in the log once: its retry gets the first answer, newest or older, also after a reopening",
    async run(harness) {
      const send = (log: Parameters<typeof readAll>[0], sequence: number) =>
        log.append("t", {
          records: [record(`${sequence}a`, { key: `k${sequence}` }), record(`${sequence}b`), record(`${sequence}c`, { partition: 1 })],
          producer: { id: 9n, epoch: 1, sequence },
        });
      const first = await withLog(harness, async (log) => {
        await log.topics.create({ name: "t", partitions: 8, partitionsPerShard: 2 });
        const answers: (readonly string[])[] = [];
        for (let sequence = 0; sequence < 40; sequence++) answers.push(places(await send(log, sequence)));
        for (const sequence of [39, 38, 0]) assert.deepEqual(places(await send(log, sequence)), repeated(answers[sequence]));
        return answers;
      });
      await withLog(harness, async (log) => {
        for (const sequence of [39, 38, 20, 0]) assert.deepEqual(places(await send(log, sequence)), repeated(first[sequence]));
        const end = await log.watermarks("t");
        assert.equal(
          end.reduce((sum, { highWatermark }) => sum + highWatermark, 0),
          120,
        );
        const other = { records: [record("other", { partition: 1 })], producer: { id: 9n, epoch: 1, sequence: 39 } };
        await refused(log.append("t", other), "sequence_reused");
        await refused(log.append("t", { ...other, producer: { id: 9n, epoch: 0, sequence: 40 } }), "producer_fenced");
      });
    },
  },
  logCase("a producer outside its ranges is refused", async (log) => {
    await log.topics.create({ name: "t" });
    const fine = { id: 1n, epoch: 0, sequence: 0 };
    const bad = [
      { id: -1n },
      { id: 2n ** 63n },
      { epoch: -1 },
      { epoch: 32_768 },
      { sequence: -1 },
      { sequence: 2 ** 31 },
      { sequence: 0.5 },
    ];
    for (const each of bad) await refused(log.append("t", { records: [record("x")], producer: { ...fine, ...each } }), "invalid_request");
    assert.equal((await log.watermarks("t"))[0]?.highWatermark, 0);
  }),
  logCase(
    "message.timestamp.type: CreateTime keeps a record's time, LogAppendTime takes the log's",
    async (log, { clock, compression }) => {
      await log.topics.create({ name: "create" });
      await log.topics.create({ name: "append", config: { "message.timestamp.type": "LogAppendTime" } });
      const startMs = clock.nowMs();
      const records = [{ ...record("own"), timestampMs: 5 }, record("none")];
      for (const name of ["create", "append"]) await log.append(name, { records });
      const endMs = clock.nowMs();
      const timesOf = async (name: string) =>
        decodeBatches((await log.fetch(name, 0, { from: 0 })).batches, compression).map((each) => each.timestampMs);
      const [own, given] = await timesOf("create");
      assert.equal(own, 5);
      assert.ok(given !== undefined && given >= startMs && given <= endMs);
      for (const timestampMs of await timesOf("append")) assert.ok(timestampMs >= startMs && timestampMs <= endMs);
    },
  ),
  logCase("256 requests at a time are all in, densely, each at its answer", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 4, partitionsPerShard: 2 });
    const answers = await Promise.all(
      Array.from({ length: 256 }, (_, i) => log.append("t", { records: [record(`${i}`, { partition: i % 4 })] })),
    );
    for (let partition = 0; partition < 4; partition++) {
      const seen = await readAll(log, harness, "t", partition);
      const told = answers.flatMap((answer, i) =>
        i % 4 === partition ? places(answer).map((place) => `${place.split(":")[1]} ${i}`) : [],
      );
      assert.deepEqual(
        seen,
        told.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
      );
      assert.deepEqual(
        seen.map((each) => Number.parseInt(each, 10)),
        Array.from({ length: 64 }, (_, offset) => offset),
      );
    }
  }),
];

function repeated(answer: readonly string[] | undefined): readonly string[] {
  return (answer ?? []).map((place) => `${place}=`);
}
