import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crc32c } from "../../lib/core/codec/crc32c.ts";
import { batchField } from "../../lib/core/codec/batch-header.ts";
import { addToBaseOffsets, batchHeaders, decodeBatches, encodeBatch, setLogAppendTime } from "../../lib/core/codec/record-batch.ts";
import { retainRecords } from "../../lib/core/codec/retain-records.ts";
import type { StoredRecord } from "../../lib/core/record.ts";
import { nodeCompression as compression } from "../../lib/node/compression.ts";
import { fromBase64, readFixture } from "../golden/read-fixture.ts";

const field = fc.option(fc.uint8Array({ maxLength: 30 }));
const header = fc.record({ key: fc.string({ maxLength: 4 }), value: field }, { noNullPrototype: true });
const record = fc.record(
  { key: field, value: field, headers: fc.array(header, { maxLength: 2 }), timestampMs: fc.integer({ min: 0, max: 2 ** 40 }) },
  { noNullPrototype: true },
);
const batch = fc.record({
  records: fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 20 }),
  compressionType: fc.constantFrom("none" as const, "gzip" as const, "zstd" as const),
  isAppendTime: fc.boolean(),
  producer: fc.option(fc.record({ id: fc.bigInt({ min: 0n, max: 2n ** 60n }), epoch: fc.nat(100), sequence: fc.nat(1_000) }), {
    nil: undefined,
  }),
});

/** What must not change of a batch, whatever goes from it. */
function frameOf(batches: Uint8Array) {
  return batchHeaders(batches).map(({ baseOffset, lastOffsetDelta, baseTimestampMs, timestampType, ...rest }) => {
    const { producerId, producerEpoch, baseSequence, isTransactional } = rest;
    return { baseOffset, lastOffsetDelta, baseTimestampMs, timestampType, producerId, producerEpoch, baseSequence, isTransactional };
  });
}

function assertSound(batches: Uint8Array): void {
  let at = 0;
  for (const { byteLength, crc, recordsCount, maxTimestampMs } of batchHeaders(batches)) {
    const own = batches.subarray(at, at + byteLength);
    assert.equal(crc32c(own.subarray(batchField.attributes)), crc);
    const records = decodeBatches(own, compression);
    assert.equal(records.length, recordsCount);
    assert.equal(Math.max(...records.map(({ timestampMs }) => timestampMs)), maxTimestampMs);
    at += byteLength;
  }
}

describe("records that stay", () => {
  it("are all that is left, at their offsets, in batches that are else as they were", () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 6 }), fc.nat(2 ** 40), (given, base) => {
        let offset = base;
        const staying = new Set<number>();
        const encoded = given.map(({ records, compressionType, isAppendTime, producer }) => {
          const options = { nowMs: 1, compression, compressionType, ...(producer === undefined ? {} : { producer }) };
          const bytes = encodeBatch(
            records.map(([each]) => each),
            options,
          );
          if (isAppendTime) setLogAppendTime(bytes, 77);
          addToBaseOffsets(bytes, offset);
          for (const [, stays] of records) {
            if (stays) staying.add(offset);
            offset++;
          }
          return bytes;
        });
        const bytes = new Uint8Array(Buffer.concat(encoded));
        const before = bytes.slice();
        const all = decodeBatches(bytes, compression);
        const kept = retainRecords(bytes, compression, (one) => staying.has(one.offset));
        assert.deepEqual(bytes, before, "the source is not changed");
        assert.equal(kept === bytes, staying.size === all.length);
        const isKept = (one: StoredRecord): boolean => staying.has(one.offset);
        assert.deepEqual(decodeBatches(kept, compression), all.filter(isKept));
        assertSound(kept);
        const frames = frameOf(bytes).filter((_, nth) => given[nth]?.records.some(([, stays]) => stays));
        assert.deepEqual(frameOf(kept), frames);
        assert.equal(
          retainRecords(kept, compression, (one) => staying.has(one.offset)),
          kept,
          "nothing more to do",
        );
      }),
    );
  });

  it("are seen as they are: keys, values that are null, times, in each codec that Kafka packs with", () => {
    for (const { name, base64 } of readFixture("kafka-batches.json").batches) {
      const bytes = fromBase64(base64);
      const all = decodeBatches(bytes, compression);
      const seen: unknown[] = [];
      retainRecords(bytes, compression, ({ offset, timestampMs, isNullValue, keyStart, keyEnd, bytes: source }) => {
        seen.push([offset, timestampMs, keyStart < 0 ? null : source.slice(keyStart, keyEnd), isNullValue]);
        return true;
      });
      const expected = all.map(({ offset, timestampMs, key, value }) => [offset, timestampMs, key && new Uint8Array(key), value === null]);
      assert.deepEqual(seen, expected, name);
      for (const stays of [(nth: number) => nth % 2 === 0, (nth: number) => nth > 0, () => false]) {
        let nth = 0;
        const kept = retainRecords(bytes, compression, () => stays(nth++));
        assert.deepEqual(
          decodeBatches(kept, compression),
          all.filter((_, at) => stays(at)),
          name,
        );
        assertSound(kept);
        const [header] = batchHeaders(kept);
        assert.ok(header === undefined || !["snappy", "lz4"].includes(header.compressionType) || kept === bytes, name);
      }
    }
  });
});
