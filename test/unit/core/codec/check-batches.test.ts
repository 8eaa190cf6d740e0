import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { batchHeaders, checkBatches, decodeBatches, readBatchHeader } from "../../../../lib/core/codec/record-batch.ts";
import { limits } from "../../../../lib/core/limits.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { joined, type RawBatch, rawBatch, rawRecord, varint } from "./raw-batch.ts";

const check = (bytes: Uint8Array, messageBytesMax = 1_000_000) => checkBatches(bytes, nodeCompression, { messageBytesMax });

function refuses(bytes: Uint8Array, message: RegExp, code = "corrupt_message"): void {
  assert.throws(() => check(bytes), { name: "LogError", code, outcome: "not-applied", message });
}

const [nullKey, valueV] = [varint(-1), [...varint(1), 0x76]];
const withRest = (...rest: number[]): RawBatch => ({ records: rawRecord({ rest }) });

describe("checkBatches", () => {
  it("takes what is right, and gives its headers", () => {
    const two = joined(rawBatch(), rawBatch({ producerId: 3n, producerEpoch: 0, baseSequence: 9, baseOffset: 77n }));
    const headers = check(two);
    assert.deepEqual(headers, batchHeaders(two));
    assert.deepEqual(
      headers.map(({ baseOffset, producerId, recordsCount }) => ({ baseOffset, producerId, recordsCount })),
      [
        { baseOffset: 0, producerId: -1n, recordsCount: 1 },
        { baseOffset: 77, producerId: 3n, recordsCount: 1 },
      ],
    );
    assert.equal(check(rawBatch({ attributes: 0x10, producerId: 1n, producerEpoch: 0, baseSequence: 0 }))[0]?.isTransactional, true);
    assert.equal(check(rawBatch({ baseTimestamp: -1n, maxTimestamp: -1n }))[0]?.maxTimestampMs, -1);
    assert.equal(check(rawBatch({ attributes: 8, maxTimestamp: 5n }))[0]?.timestampType, "LogAppendTime");
  });

  it("names the batch and its place", () => {
    const first = rawBatch();
    refuses(joined(first, rawBatch({ crcError: 1 })), new RegExp(`^Record batch 1 \\(at byte ${first.length}\\) is refused: its CRC32C`));
  });

  const wrong: Readonly<Record<string, readonly [RawBatch, RegExp, string?]>> = {
    "a length past the end": [{ lengthError: 1 }, /its length is/],
    "a length below a header's": [{ lengthError: -50 }, /its length is/],
    "a negative length": [{ lengthError: -1_000_000 }, /its length is/],
    "an older magic": [{ magic: 1 }, /magic 1/, "unsupported_version"],
    "a newer magic": [{ magic: 3 }, /magic 3/, "unsupported_version"],
    "a wrong CRC": [{ crcError: 0x8000_0000 }, /CRC32C/],
    "an unknown compression type": [{ attributes: 5 }, /compression type is 5/],
    "reserved attributes": [{ attributes: 0x80 }, /reserved bits/],
    "the high reserved attribute": [{ attributes: -0x8000 }, /reserved bits/],
    "the delete horizon bit": [{ attributes: 0x40 }, /reserved bits/],
    "a control batch": [{ attributes: 0x20 }, /control batch/],
    "a transaction without a producer": [{ attributes: 0x10 }, /transactional/],
    "a producer id below -1": [{ producerId: -2n }, /producer id/],
    "a producer without an epoch": [{ producerId: 1n, baseSequence: 0 }, /epoch -1/],
    "a producer without a sequence": [{ producerId: 1n, producerEpoch: 0 }, /sequence -1/],
    "no record": [{ recordsCount: 0, lastOffsetDelta: 0, records: new Uint8Array(0) }, /counts 0 records/],
    "a negative count": [{ recordsCount: -1 }, /counts -1 records/],
    "too many records": [{ recordsCount: limits.requestRecordsMax + 1 }, /counts 100001 records/],
    "a last offset delta that is not the count": [{ lastOffsetDelta: 1 }, /last offset delta is 1/],
    "a negative last offset delta": [{ lastOffsetDelta: -1 }, /last offset delta is -1/],
    "a count past the records": [{ recordsCount: 2 }, /runs past the end/],
    "bytes after the last record": [{ records: joined(rawRecord(), Uint8Array.of(0)) }, /1 bytes follow/],
    "a base offset past 2^53": [{ baseOffset: 2n ** 53n }, /base offset/],
    "a negative base offset": [{ baseOffset: -1n }, /base offset/],
    "a base timestamp past 2^53": [{ baseTimestamp: 2n ** 53n }, /timestamp/],
    "a base timestamp below -1": [{ baseTimestamp: -2n }, /timestamp/],
    "a max timestamp that no record has": [{ maxTimestamp: 1001n }, /newest record has the timestamp 1000/],
    "a record timestamp below -1": [{ records: rawRecord({ timestampDelta: -1002 }) }, /record 0 has a timestamp/],
    "a record timestamp past 2^53": [{ records: rawRecord({ timestampDelta: Number.MAX_SAFE_INTEGER }) }, /record 0 has a timestamp/],
    "record attributes": [{ records: rawRecord({ attributes: 1 }) }, /reserved attributes/],
    "an offset delta out of order": [{ records: rawRecord({ offsetDelta: 1 }) }, /offset delta 1/],
    "a record longer than it says": [{ records: rawRecord({ lengthError: -1 }) }, /not as long/],
    "a record shorter than it says": [{ records: joined(rawRecord({ lengthError: 1 }), Uint8Array.of(0)) }, /not as long/],
    "a record past the end": [{ records: rawRecord({ lengthError: 1 }) }, /runs past the end/],
    "a negative record length": [{ records: Uint8Array.of(...varint(-5), 0, 0, 0, 0) }, /runs past the end/],
    "a key past the end": [withRest(...varint(2_000_000_000)), /runs past the end/],
    "a key length below -1": [withRest(...varint(-2), ...valueV, 0), /field's length is -2/],
    "a negative header count": [withRest(...nullKey, ...valueV, ...varint(-1)), /-1 headers/],
    "too many headers": [withRest(...nullKey, ...valueV, ...varint(limits.recordHeadersMax + 1)), /1001 headers/],
    "a header count past the end": [withRest(...nullKey, ...valueV, ...varint(3)), /runs past the end/],
    "a header without a name": [withRest(...nullKey, ...valueV, ...varint(1), ...varint(-1), ...varint(0)), /without a name/],
    "a header name that is no UTF-8": [withRest(...nullKey, ...valueV, ...varint(1), ...varint(1), 0xff, ...varint(0)), /not UTF-8/],
  };
  for (const [what, [fields, message, code]] of Object.entries(wrong)) {
    it(`refuses ${what}`, () => refuses(rawBatch(fields), message, code));
  }

  it("refuses nothing at all, and every cut of a batch", () => {
    const batch = rawBatch();
    for (let length = 0; length < batch.length; length++) {
      assert.throws(() => check(batch.subarray(0, length)), { name: "LogError", code: "corrupt_message" }, `${length} bytes`);
    }
  });

  it("refuses each single flipped bit outside the base offset and leader epoch", () => {
    const batch = rawBatch();
    for (let bit = 16 * 8; bit < batch.length * 8; bit++) {
      const flipped = batch.slice();
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      assert.throws(() => check(flipped), { name: "LogError" }, `bit ${bit}`);
    }
  });

  it("tells a batch that is too large from one that is wrong", () => {
    const batch = rawBatch();
    assert.equal(check(batch, batch.length).length, 1);
    assert.throws(() => check(joined(batch, batch), batch.length - 1), {
      code: "message_too_large",
      details: { batchIndex: 0, bytesMax: batch.length - 1 },
    });
  });

  it("refuses more batches than a request may have", () => {
    const batch = rawBatch();
    const many = new Uint8Array(batch.length * (limits.requestBatchesMax + 1));
    for (let i = 0; i <= limits.requestBatchesMax; i++) many.set(batch, i * batch.length);
    assert.equal(check(many.subarray(batch.length)).length, limits.requestBatchesMax);
    refuses(many, /More than 10000/, "request_too_large");
    assert.throws(() => batchHeaders(many), { code: "request_too_large" });
    assert.throws(() => batchHeaders(joined(batch, batch), 1), { code: "request_too_large" });
  });
});

describe("compressed batches", () => {
  const codecs = [
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
  ] as const;
  for (const [name, attributes, compress] of codecs) {
    it(`are looked into: ${name}`, () => {
      const packed = (records: Uint8Array) => rawBatch({ attributes, records: Uint8Array.from(compress(records)) });
      assert.equal(check(packed(rawRecord())).length, 1);
      refuses(packed(rawRecord({ offsetDelta: 4 })), /offset delta 4/);
      refuses(packed(joined(rawRecord(), Uint8Array.of(0))), /1 bytes follow/);
      refuses(packed(new Uint8Array(0)), /runs past the end/);
      refuses(rawBatch({ attributes, records: rawRecord() }), new RegExp(`its ${name} data cannot be opened`));
      refuses(
        rawBatch({ attributes, records: joined(Uint8Array.from(compress(rawRecord())), Uint8Array.of(1, 2)) }),
        /2 bytes follow|cannot be opened/,
      );
    });

    it(`are refused when they open to more than the limit: ${name}`, () => {
      const bomb = rawBatch({ attributes, records: Uint8Array.from(compress(new Uint8Array(limits.batchDecompressedBytesMax + 1))) });
      refuses(bomb, /cannot be opened/);
    });
  }

  it("may not open to more than a request's limit together", () => {
    const value = new Uint8Array(50_000_000);
    const rest = Uint8Array.of(...varint(-1), ...varint(value.length));
    const body = new Uint8Array(3 + rest.length + value.length + 1);
    body.set(rest, 3);
    const length = Uint8Array.of(...varint(body.length));
    const records = new Uint8Array(length.length + body.length);
    records.set(length);
    records.set(body, length.length);
    const batch = rawBatch({ attributes: 4, records: Uint8Array.from(zstdCompressSync(records)) });
    assert.equal(check(joined(batch, batch)).length, 2);
    refuses(joined(batch, batch, batch), /open to more than/, "request_too_large");
  });
});

describe("readBatchHeader", () => {
  it("reads at a position", () => {
    const bytes = joined(Uint8Array.of(1, 2, 3), rawBatch({ baseOffset: 5n }));
    const header = readBatchHeader(bytes, 3);
    assert.equal(header.baseOffset, 5);
    assert.equal(header.byteLength, bytes.length - 3);
    assert.throws(() => readBatchHeader(bytes, 4), { name: "LogError" });
    assert.throws(() => readBatchHeader(bytes, bytes.length), { code: "corrupt_message" });
  });
});

describe("decodeBatches", () => {
  it("says which batch is wrong", () => {
    const batches = joined(rawBatch(), rawBatch({ recordsCount: 2 }));
    assert.throws(() => decodeBatches(batches, nodeCompression), { code: "corrupt_message", message: /^Record batch 1 / });
    assert.throws(() => decodeBatches(rawBatch({ recordsCount: -1 }), nodeCompression), { code: "corrupt_message" });
    assert.throws(() => decodeBatches(rawBatch({ lastOffsetDelta: 0, recordsCount: 0 }), nodeCompression), { message: /bytes follow/ });
  });
});
