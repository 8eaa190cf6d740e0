import assert from "node:assert/strict";
import { batchHeaders, decodeBatches } from "../../../core/codec/record-batch.ts";
import { refused } from "../expect.ts";
import { batchOf, labelsOf, logCase, readAll, withLog } from "./build.ts";
import type { LogCase } from "./build.ts";

/** Raw record batches. The log may keep the bytes that it is given, so each call gets bytes of its own. */
export const batchCases: readonly LogCase[] = [
  {
    name: "a producer's batches are served as they were sent, but for their offsets, also after a reopening",
    async run(harness) {
      const sent = () => [
        batchOf(harness, ["a", "b"]),
        batchOf(harness, ["c".repeat(2_000)], { compressionType: "gzip" }),
        batchOf(harness, ["d".repeat(2_000), "e"], { compressionType: "zstd" }),
      ];
      await withLog(harness, async (log) => {
        await log.topics.create({ name: "t", partitions: 2 });
        const [first, ...rest] = sent();
        assert.ok(first !== undefined);
        assert.deepEqual(await log.appendBatches("t", 1, first), { partition: 1, baseOffset: 0, lastOffset: 1, duplicate: false });
        assert.deepEqual(await log.appendBatches("t", 1, Buffer.concat(rest)), {
          partition: 1,
          baseOffset: 2,
          lastOffset: 4,
          duplicate: false,
        });
      });
      await withLog(harness, async (log) => {
        const { batches } = await log.fetch("t", 1, { from: 0 });
        const served = batchHeaders(batches).map(({ baseOffset, crc, compressionType }) => [baseOffset, crc, compressionType]);
        const was = sent().map((bytes, i) => [[0, 2, 3][i], batchHeaders(bytes)[0]?.crc, batchHeaders(bytes)[0]?.compressionType]);
        assert.deepEqual(served, was);
        assert.deepEqual(
          (await labelsOf(log, harness, "t", 1)).map((label) => label[0]),
          ["a", "b", "c", "d", "e"],
        );
      });
    },
  },
  logCase("a batch with a producer is in the log once, by Kafka's rules", async (log, harness) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const send = (partition: number, sequence: number, labels: readonly string[], epoch = 0) =>
      log.appendBatches("t", partition, batchOf(harness, labels, { producer: { id: 7n, epoch, sequence } }));
    assert.deepEqual(await send(0, 0, ["a", "b"]), { partition: 0, baseOffset: 0, lastOffset: 1, duplicate: false });
    await send(0, 2, ["c"]);
    assert.deepEqual(await send(0, 0, ["a", "b"]), { partition: 0, baseOffset: 0, lastOffset: 1, duplicate: true });
    assert.deepEqual(await send(0, 2, ["c"]), { partition: 0, baseOffset: 2, lastOffset: 2, duplicate: true });
    await refused(send(0, 5, ["x"]), "out_of_order_sequence");
    await refused(send(0, 2, ["other"]), "sequence_reused");
    await refused(send(0, 3, ["x"], 1), "out_of_order_sequence");
    await send(0, 0, ["d"], 1);
    await refused(send(0, 3, ["x"]), "producer_fenced");
    assert.equal((await send(1, 10, ["e"], 0)).baseOffset, 0, "each partition counts apart");
    assert.deepEqual(await readAll(log, harness, "t"), ["0 a", "1 b", "2 c", "3 d"]);
  }),
  logCase("a request's producer makes plain batches idempotent", async (log, harness) => {
    await log.topics.create({ name: "t" });
    const send = (sequence: number, ...labels: readonly string[]) =>
      log.appendBatches("t", 0, Buffer.concat([batchOf(harness, labels), batchOf(harness, ["z"])]), {
        producer: { id: 7n, epoch: 0, sequence },
      });
    await send(3, "a");
    await send(4, "b", "c");
    assert.deepEqual(await send(3, "a"), { partition: 0, baseOffset: 0, lastOffset: 1, duplicate: true });
    assert.deepEqual(await send(4, "b", "c"), { partition: 0, baseOffset: 2, lastOffset: 4, duplicate: true });
    await refused(send(3, "other"), "sequence_reused");
    await refused(send(2, "x"), "out_of_order_sequence");
    assert.deepEqual(await labelsOf(log, harness, "t"), ["a", "z", "b", "c", "z"]);
  }),
  logCase("expectedOffset holds for batches too", async (log, harness) => {
    await log.topics.create({ name: "t" });
    await log.appendBatches("t", 0, batchOf(harness, ["a", "b"]), { expectedOffset: 0 });
    const error = await refused(log.appendBatches("t", 0, batchOf(harness, ["x"]), { expectedOffset: 1 }), "wrong_expected_offset");
    assert.equal(error.details["actualOffset"], 2);
    assert.equal((await log.appendBatches("t", 0, batchOf(harness, ["c"]), { expectedOffset: 2 })).baseOffset, 2);
  }),
  logCase("a batch that is cut, changed or empty is refused, wherever, and nothing is appended", async (log, harness) => {
    await log.topics.create({ name: "t" });
    const good = batchOf(harness, ["a", "b"]);
    await refused(log.appendBatches("t", 0, new Uint8Array(0)), "corrupt_message", "invalid_request");
    for (let size = 1; size < good.length; size += 5) await refused(log.appendBatches("t", 0, good.slice(0, size)), "corrupt_message");
    for (let at = 17; at < good.length; at++) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      await refused(log.appendBatches("t", 0, bad), "corrupt_message", "unsupported_version");
    }
    await refused(log.appendBatches("t", 0, Buffer.concat([good, good.subarray(0, 40)])), "corrupt_message");
    await refused(log.appendBatches("t", 1, good.slice()), "unknown_topic_or_partition");
    assert.equal((await log.watermarks("t"))[0]?.highWatermark, 0);
  }),
  logCase("a batch over max.message.bytes is refused", async (log, harness) => {
    const good = batchOf(harness, ["x".repeat(500)]);
    await log.topics.create({ name: "t", config: { "max.message.bytes": good.length } });
    await refused(log.appendBatches("t", 0, batchOf(harness, ["x".repeat(501)])), "message_too_large");
    assert.equal((await log.appendBatches("t", 0, good)).baseOffset, 0);
  }),
  logCase("compression.type decides how batches are stored, LogAppendTime whose time they have", async (log, harness) => {
    const kinds = { producer: "gzip", uncompressed: "none", gzip: "gzip", zstd: "zstd" } as const;
    for (const [setting, stored] of Object.entries(kinds)) {
      await log.topics.create({ name: setting, config: { "compression.type": setting, "message.timestamp.type": "LogAppendTime" } });
      const startMs = harness.clock.nowMs();
      const label = "z".repeat(3_000);
      await log.appendBatches(setting, 0, batchOf(harness, [label, label], { compressionType: "gzip", timestampMs: 5 }));
      await log.append(setting, { records: [{ key: null, value: new TextEncoder().encode(label), headers: [] }] });
      const endMs = harness.clock.nowMs();
      const { batches } = await log.fetch(setting, 0, { from: 0 });
      const [raw, json] = batchHeaders(batches).map((header) => header.compressionType);
      assert.deepEqual([raw, json], [stored, setting === "producer" ? "none" : stored]);
      for (const { timestampMs, value } of decodeBatches(batches, harness.compression)) {
        assert.ok(timestampMs >= startMs && timestampMs <= endMs);
        assert.equal(value?.length, 3_000);
      }
    }
  }),
];
