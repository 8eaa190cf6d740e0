import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addToBaseOffsets,
  batchHeaders,
  checkBatches,
  decodeBatches,
  type EncodeOptions,
  encodeBatch,
  iterateRecords,
  setBaseOffsets,
  setLogAppendTime,
  splitIntoBatches,
} from "../../../../lib/core/codec/record-batch.ts";
import { limits } from "../../../../lib/core/limits.ts";
import type { NewRecord } from "../../../../lib/core/record.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";

const options: EncodeOptions = { nowMs: 1000, compression: nodeCompression, compressionType: "none" };
const check = (bytes: Uint8Array) => checkBatches(bytes, nodeCompression, { messageBytesMax: limits.messageBytesMax });
const decode = (bytes: Uint8Array) => decodeBatches(bytes, nodeCompression);
const record = (valueBytes: number, more: Partial<NewRecord> = {}): NewRecord => ({
  key: null,
  value: new Uint8Array(valueBytes).fill(0x61),
  headers: [],
  ...more,
});
const records = (count: number, valueBytes = 10) => Array.from({ length: count }, () => record(valueBytes));

describe("encodeBatch", () => {
  it("stamps records that carry no time with that of the append", () => {
    const decoded = decode(encodeBatch([record(1), record(1, { timestampMs: 5 }), record(1, { timestampMs: -1 })], options));
    assert.deepEqual(
      decoded.map((one) => one.timestampMs),
      [1000, 5, -1],
    );
  });

  it("stamps all records alike under LogAppendTime", () => {
    const bytes = encodeBatch([record(1, { timestampMs: 5 }), record(1)], { ...options, timestampType: "LogAppendTime" });
    assert.equal(check(bytes)[0]?.timestampType, "LogAppendTime");
    assert.deepEqual(
      decode(bytes).map((one) => one.timestampMs),
      [1000, 1000],
    );
  });

  it("stores uncompressed what a codec would not make smaller", () => {
    const packed = (valueBytes: number) =>
      check(encodeBatch([record(valueBytes)], { ...options, compressionType: "zstd" }))[0]?.compressionType;
    assert.equal(packed(1), "none");
    assert.equal(packed(1000), "zstd");
  });

  it("refuses what could not be read again", () => {
    const refused = (given: readonly NewRecord[]) =>
      assert.throws(() => encodeBatch(given, options), { code: "invalid_request", outcome: "not-applied" });
    refused([]);
    refused(records(limits.requestRecordsMax + 1, 0));
    for (const timestampMs of [-2, 0.5, Number.NaN, 2 ** 53]) refused([record(1, { timestampMs })]);
    refused([record(1, { headers: Array.from({ length: limits.recordHeadersMax + 1 }, () => ({ key: "", value: null })) })]);
    assert.equal(check(encodeBatch(records(limits.requestRecordsMax, 0), options))[0]?.recordsCount, limits.requestRecordsMax);
  });

  it("cannot write codecs that are only read", () => {
    for (const compressionType of ["snappy", "lz4"] as const) {
      assert.throws(() => encodeBatch(records(2), { ...options, compressionType }), { code: "invalid_config" });
    }
  });
});

describe("splitIntoBatches", () => {
  it("makes batches that fit, numbered densely, also for a producer whose sequence wraps", () => {
    const producer = { id: 1n, epoch: 2, sequence: limits.producerSequenceMax - 1 };
    const given = records(100).map((one, i) => ({ ...one, timestampMs: i === 50 ? 9000 : i }));
    const split = splitIntoBatches(given, { ...options, producer, baseOffset: 7, messageBytesMax: 200 });
    assert.equal(split.records, 100);
    assert.equal(split.maxTimestampMs, 9000);
    const headers = check(split.bytes);
    assert.ok(headers.length > 5);
    let [offset, sequence] = [7, producer.sequence];
    for (const header of headers) {
      assert.ok(header.byteLength <= 200);
      assert.deepEqual([header.baseOffset, header.baseSequence], [offset, sequence]);
      offset += header.recordsCount;
      sequence = (sequence + header.recordsCount) % 2 ** 31;
    }
    assert.deepEqual(
      decode(split.bytes).map((one) => [one.offset, one.timestampMs]),
      given.map((one, i) => [7 + i, one.timestampMs]),
    );
  });

  it("gives the bytes of encodeBatch when one batch will do", () => {
    const given = records(10);
    assert.deepEqual(splitIntoBatches(given, { ...options, messageBytesMax: 10_000 }).bytes, encodeBatch(given, options));
  });

  it("fills a batch to the last byte", () => {
    const given = records(10);
    const bytes = encodeBatch(given, options).length;
    assert.equal(batchHeaders(splitIntoBatches(given, { ...options, messageBytesMax: bytes }).bytes).length, 1);
    assert.equal(batchHeaders(splitIntoBatches(given, { ...options, messageBytesMax: bytes - 1 }).bytes).length, 2);
  });

  it("names the record that does not fit", () => {
    const given = [record(10), record(500), record(10)];
    assert.throws(() => splitIntoBatches(given, { ...options, messageBytesMax: 300 }), {
      code: "message_too_large",
      details: { recordIndex: 1, bytesMax: 300 },
    });
  });

  it("makes no batch of more records than one may have", () => {
    const split = splitIntoBatches(records(limits.requestRecordsMax + 5, 0), { ...options, messageBytesMax: limits.messageBytesMax });
    assert.deepEqual(
      check(split.bytes).map((header) => header.recordsCount),
      [limits.requestRecordsMax, 5],
    );
  });
});

describe("edits in place", () => {
  const split = () => splitIntoBatches(records(20), { ...options, messageBytesMax: 150 }).bytes;

  it("shift and set base offsets without touching the CRC", () => {
    const bytes = split();
    addToBaseOffsets(bytes, 2 ** 40);
    check(bytes);
    assert.deepEqual(
      decode(bytes).map((one) => one.offset),
      Array.from({ length: 20 }, (_, i) => 2 ** 40 + i),
    );
    assert.equal(setBaseOffsets(bytes, 3), 23);
    assert.deepEqual(
      decode(bytes).map((one) => one.offset),
      Array.from({ length: 20 }, (_, i) => 3 + i),
    );
  });

  it("set the time of the append and mend the CRC", () => {
    const bytes = split();
    setLogAppendTime(bytes, 2 ** 41);
    assert.ok(check(bytes).every((header) => header.timestampType === "LogAppendTime" && header.maxTimestampMs === 2 ** 41));
    assert.ok(decode(bytes).every((one) => one.timestampMs === 2 ** 41));
  });

  it("refuse bytes that are no whole batches", () => {
    const cut = split().slice(0, -1);
    for (const edit of [addToBaseOffsets, setBaseOffsets, setLogAppendTime]) {
      assert.throws(() => edit(cut.slice(), 1), { code: "corrupt_message", message: /^Record batch \d+ / });
    }
  });
});

describe("iterateRecords", () => {
  it("starts at an offset within a batch and opens none before it", () => {
    const bytes = splitIntoBatches(records(60, 40), { ...options, compressionType: "zstd", messageBytesMax: 600 }).bytes;
    const [first] = batchHeaders(bytes);
    assert.ok(first !== undefined && first.recordsCount < 30 && first.compressionType === "zstd");
    bytes.fill(0xee, 61, first.byteLength);
    assert.deepEqual(
      [...iterateRecords(bytes, nodeCompression, 31)].map((one) => one.offset),
      Array.from({ length: 29 }, (_, i) => 31 + i),
    );
    assert.throws(() => [...iterateRecords(bytes, nodeCompression)], { code: "corrupt_message" });
    assert.deepEqual([...iterateRecords(bytes, nodeCompression, 60)], []);
  });
});
