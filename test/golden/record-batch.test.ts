import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32c } from "../../lib/core/codec/crc32c.ts";
import { checkBatches, decodeBatches, type EncodeOptions, encodeBatch, readBatchHeader } from "../../lib/core/codec/record-batch.ts";
import { limits } from "../../lib/core/limits.ts";
import { murmur2, partitionForKey } from "../../lib/core/partition.ts";
import type { NewRecord, StoredRecord } from "../../lib/core/record.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { fromBase64, type GoldenRecord, goldenRecords, readFixture } from "./read-fixture.ts";

const kafka = readFixture("kafka-batches.json");
const options = { messageBytesMax: limits.messageBytesMax };

function bytesOf(name: string): Uint8Array {
  return fromBase64(kafka.batches.find((batch) => batch.name === name)?.base64 ?? "");
}

function assertRecord(actual: StoredRecord | undefined, golden: GoldenRecord, offset: number, timestampMs: number): void {
  assert.ok(actual);
  assert.equal(actual.offset, offset);
  assert.equal(actual.timestampMs, timestampMs);
  assert.deepEqual(actual.key, golden.key === null ? null : fromBase64(golden.key));
  if (golden.valueCrc32c === undefined) assert.deepEqual(actual.value, typeof golden.value === "string" ? fromBase64(golden.value) : null);
  else assert.deepEqual([actual.value?.length, crc32c(actual.value ?? new Uint8Array())], [golden.valueBytes, golden.valueCrc32c]);
  const headers = golden.headers.map(([key, value]) => ({
    key: Buffer.from(key, "base64").toString("utf8"),
    value: value === null ? null : fromBase64(value),
  }));
  assert.deepEqual(actual.headers, headers);
}

function newRecords(name: string): NewRecord[] {
  return decodeBatches(bytesOf(name), nodeCompression).map(({ key, value, headers, timestampMs }) => ({
    key,
    value,
    headers,
    timestampMs,
  }));
}

describe("batches that Apache Kafka wrote", () => {
  for (const { name, base64 } of kafka.batches) {
    it(`are accepted and read: ${name}`, () => {
      const bytes = fromBase64(base64);
      const records = goldenRecords(kafka, name);
      const [header, ...others] = checkBatches(bytes, nodeCompression, options);
      assert.ok(header);
      assert.equal(others.length, 0);
      assert.equal(header.recordsCount, records.length);
      const decoded = decodeBatches(bytes, nodeCompression);
      assert.equal(decoded.length, records.length);
      records.forEach((golden, i) => {
        const timestampMs = header.timestampType === "LogAppendTime" ? 1750000000000 : golden.timestampMs;
        assertRecord(decoded[i], golden, header.baseOffset + i, timestampMs);
      });
    });
  }

  it("say what their headers say", () => {
    const producer = readBatchHeader(bytesOf("idempotent producer"), 0);
    assert.deepEqual([producer.producerId, producer.producerEpoch, producer.baseSequence], [9007199254740993n, 7, 2147483640]);
    const none = readBatchHeader(bytesOf("small none"), 0);
    assert.deepEqual([none.producerId, none.producerEpoch, none.baseSequence, none.isTransactional], [-1n, -1, -1, false]);
    assert.equal(readBatchHeader(bytesOf("transactional"), 0).isTransactional, true);
    assert.equal(readBatchHeader(bytesOf("base offset"), 0).baseOffset, 2 ** 40);
    assert.equal(readBatchHeader(bytesOf("log append time"), 0).timestampType, "LogAppendTime");
    assert.equal(readBatchHeader(bytesOf("no timestamp"), 0).maxTimestampMs, -1);
    const codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    assert.deepEqual(
      codecs.map((codec) => readBatchHeader(bytesOf(`small ${codec}`), 0).compressionType),
      codecs,
    );
  });

  it("are written byte for byte the same, where no codec leaves a choice", () => {
    const base: EncodeOptions = { nowMs: 0, compression: nodeCompression, compressionType: "none" };
    const same = (name: string, more: Partial<EncodeOptions> = {}) => {
      assert.deepEqual(encodeBatch(newRecords(name), { ...base, ...more }), bytesOf(name), name);
    };
    same("small none");
    same("one record");
    same("no timestamp");
    same("base offset", { baseOffset: 2 ** 40 });
    same("idempotent producer", { producer: { id: 9007199254740993n, epoch: 7, sequence: 2147483640 } });
  });

  it("are refused when they are control batches", () => {
    assert.throws(() => checkBatches(fromBase64(kafka.control), nodeCompression, options), {
      code: "corrupt_message",
      message: /control batch/,
    });
  });
});

describe("Kafka's partitioner", () => {
  it("puts keys where Kafka's own producers put them", () => {
    for (const [key, hash, ofSeven] of kafka.murmur2) {
      assert.equal(murmur2(fromBase64(key)), hash);
      assert.equal(partitionForKey(fromBase64(key), 7), ofSeven);
    }
    assert.ok(kafka.murmur2.length > 10);
  });
});
