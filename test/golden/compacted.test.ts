import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchHeaders, decodeBatches } from "../../lib/core/codec/record-batch.ts";
import { retainRecords } from "../../lib/core/codec/retain-records.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { fromBase64, readFixture } from "./read-fixture.ts";

const before = readFixture("kafka-batches.json").batches;

/** What is the same whoever compacts: Kafka counts times from another base, and packs as it likes. */
function frameOf(bytes: Uint8Array) {
  return batchHeaders(bytes).map(({ baseOffset, lastOffsetDelta, maxTimestampMs, timestampType, recordsCount, ...rest }) => {
    const { producerId, producerEpoch, baseSequence, isTransactional } = rest;
    const producer = { producerId, producerEpoch, baseSequence, isTransactional };
    return { baseOffset, lastOffsetDelta, maxTimestampMs, timestampType, recordsCount, ...producer };
  });
}

describe("batches that Apache Kafka's log cleaner left", () => {
  for (const { name, base64 } of readFixture("kafka-compacted.json").batches) {
    it(`are read, and are what is left here: ${name}`, () => {
      const kafka = fromBase64(base64);
      const given = fromBase64(before.find((batch) => batch.name === name)?.base64 ?? "");
      let nth = 0;
      const own = retainRecords(given, nodeCompression, () => nth++ % 2 === 0);
      const all = decodeBatches(given, nodeCompression);
      assert.deepEqual(
        decodeBatches(kafka, nodeCompression),
        all.filter((_, at) => at % 2 === 0),
      );
      assert.deepEqual(decodeBatches(own, nodeCompression), decodeBatches(kafka, nodeCompression));
      assert.deepEqual(frameOf(own), frameOf(kafka));
    });
  }
});
