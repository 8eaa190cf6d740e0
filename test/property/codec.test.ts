import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  addToBaseOffsets,
  checkBatches,
  decodeBatches,
  encodeBatch,
  recordsFingerprint,
  splitIntoBatches,
} from "../../lib/core/codec/record-batch.ts";
import { isUtf8, utf8Bytes } from "../../lib/core/codec/utf8.ts";
import { VarintReader, varlongBytes, writeVarlong } from "../../lib/core/codec/varint.ts";
import type { NewRecord } from "../../lib/core/record.ts";
import { nodeCompression as compression } from "../../lib/node/compression.ts";
import { fuzzCodec } from "./codec-fuzz.ts";

const bytes = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 100, maxLength: 2000 }) },
);
const field = fc.option(bytes);
/** Text that UTF-8 can carry: no lone surrogates. */
const text = fc.string({ unit: "binary", maxLength: 12 }).filter((one) => one.isWellFormed());
const timestampMs = fc.oneof(
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
);
const header = fc.record({ key: text, value: field }, { noNullPrototype: true });
const newRecord: fc.Arbitrary<NewRecord> = fc
  .record(
    { key: field, value: field, headers: fc.array(header, { maxLength: 4 }), timestampMs: fc.option(timestampMs) },
    { noNullPrototype: true },
  )
  .map(({ timestampMs: time, ...rest }) => (time === null ? rest : { ...rest, timestampMs: time }));
const records = fc.array(newRecord, { minLength: 1, maxLength: 70 });
const compressionType = fc.constantFrom("none", "gzip", "zstd");
const nowMs = 1_700_000_000_000;

describe("record batches, whatever the records", () => {
  it("pass the checks and come back as they went in", () => {
    fc.assert(
      fc.property(
        records,
        compressionType,
        fc.nat(2 ** 50),
        fc.integer({ min: 4000, max: 20_000 }),
        (given, type, base, messageBytesMax) => {
          fc.pre(given.every((one) => encodeBatch([one], { nowMs, compression, compressionType: "none" }).length <= messageBytesMax));
          const split = splitIntoBatches(given, { nowMs, compression, compressionType: type, messageBytesMax });
          const headers = checkBatches(split.bytes, compression, { messageBytesMax });
          assert.equal(Math.max(...headers.map((one) => one.maxTimestampMs)), split.maxTimestampMs);
          addToBaseOffsets(split.bytes, base);
          const expected = given.map(({ key, value, headers: names, timestampMs: time }, i) => ({
            offset: base + i,
            timestampMs: time ?? nowMs,
            key,
            value,
            headers: names,
          }));
          assert.deepEqual(decodeBatches(split.bytes, compression), expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("have a fingerprint that neither the codec nor the time of a retry changes", () => {
    fc.assert(
      fc.property(records, (given) => {
        assert.equal(recordsFingerprint(structuredClone(given)), recordsFingerprint(given));
        const stamped = given.map((one) => ({ ...one, timestampMs: one.timestampMs ?? nowMs }));
        const stored = decodeBatches(encodeBatch(given, { nowMs, compression, compressionType: "zstd" }), compression);
        assert.equal(recordsFingerprint(stored), recordsFingerprint(stamped));
      }),
    );
  });
});

describe("varlongs", () => {
  it("come back as they went in, in the bytes they were said to take", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const written = new Uint8Array(10);
        const end = writeVarlong(written, 0, value);
        assert.equal(end, varlongBytes(value));
        const reader = new VarintReader(written, 0, end);
        assert.equal(reader.readVarlong(), value);
        assert.equal(reader.position, end);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("UTF-8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const platformSays = (input: Uint8Array) => {
    try {
      strict.decode(input);
      return true;
    } catch {
      return false;
    }
  };

  it("is what the platform takes for UTF-8", () => {
    const lead = fc.constantFrom(0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff);
    const trail = fc.constantFrom(0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0);
    const input = fc
      .array(fc.oneof(lead, trail, trail, fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(input, (one) => {
        assert.equal(isUtf8(one, 0, one.length), platformSays(one));
      }),
      { numRuns: 20_000 },
    );
  });

  it("takes as many bytes as the platform says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (one) => {
        assert.equal(utf8Bytes(one), new TextEncoder().encode(one).length);
      }),
    );
  });
});

describe("damaged batches", () => {
  it("are refused, or are sound all the same", () => {
    const counts = fuzzCodec(20_240_601, 8000);
    assert.ok(counts.accepted > 100 && counts.refused > 1000, JSON.stringify(counts));
  });
});
