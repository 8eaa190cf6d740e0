import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eventBytes, mskEvent } from "../../../../lib/core/delivery/msk-event.ts";
import { limits } from "../../../../lib/core/limits.ts";
import type { StoredRecord } from "../../../../lib/core/record.ts";

const source = { eventSourceArn: "arn:aws:kafka:eu-central-1:123456789012:cluster/log/1", bootstrapServers: "a:9092,b:9092" };
const utf8 = new TextEncoder();

test("an event has the shape that Lambda gives for MSK, member by member", () => {
  const records: StoredRecord[] = [
    {
      offset: 15,
      timestampMs: 1_545_084_650_987,
      key: utf8.encode("recordKey"),
      value: utf8.encode("Hello, this is a test."),
      headers: [
        { key: "headerKey", value: utf8.encode("headerValue") },
        { key: "headerKey", value: Uint8Array.of(0, 127, 128, 255) },
        { key: "none", value: new Uint8Array() },
        { key: "null", value: null },
        { key: "__proto__", value: Uint8Array.of(1) },
      ],
    },
    { offset: 17, timestampMs: -1, key: null, value: null, headers: [] },
    { offset: 18, timestampMs: 0, key: new Uint8Array(), value: new Uint8Array(), headers: [] },
  ];
  const rest = { topic: "my-topic", partition: 2 };
  assert.equal(
    JSON.stringify(mskEvent(source, "my-topic", 2, records, "CREATE_TIME")),
    JSON.stringify({
      eventSource: "aws:kafka",
      ...source,
      records: {
        "my-topic-2": [
          {
            ...rest,
            offset: 15,
            timestamp: 1_545_084_650_987,
            timestampType: "CREATE_TIME",
            key: "cmVjb3JkS2V5",
            value: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
            headers: [
              { headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] },
              { headerKey: [0, 127, -128, -1] },
              { none: [] },
              {},
              { ["__proto__"]: [1] },
            ],
          },
          { ...rest, offset: 17, timestamp: -1, timestampType: "CREATE_TIME", headers: [] },
          { ...rest, offset: 18, timestamp: 0, timestampType: "CREATE_TIME", key: "", value: "", headers: [] },
        ],
      },
    }),
  );
});

test("an event without records has no empty list", () => {
  assert.deepEqual(mskEvent(source, "t", 0, [], "LOG_APPEND_TIME").records, {});
});

const bytes = fc.uint8Array({ maxLength: 100 });
const record: fc.Arbitrary<StoredRecord> = fc.record({
  offset: fc.maxSafeNat(),
  timestampMs: fc.maxSafeInteger(),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ unit: "binary", maxLength: 10 }), value: fc.option(bytes) }), { maxLength: 4 }),
});

test("what a record is said to add to an event is never too little, and not much too much", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.constantFrom("t", "x".repeat(249)), (records, topic) => {
      const event = mskEvent(source, topic, limits.partitionsMax - 1, records, "LOG_APPEND_TIME");
      const around = Buffer.byteLength(JSON.stringify({ ...event, records: { [Object.keys(event.records).join("")]: [] } }));
      const added = Buffer.byteLength(JSON.stringify(event)) - around;
      const said = records.reduce((sum, one) => sum + eventBytes(one, topic), 0);
      assert.ok(said >= added, `${said} is less than ${added}`);
      assert.ok(said <= added + records.length * 64, `${said} is far more than ${added}`);
      assert.ok(records.every((one) => eventBytes(one) >= eventBytes(one, topic)));
    }),
  );
});

test("a record without a header, key or value is not counted too high", () => {
  const plain: StoredRecord = { offset: 1, timestampMs: 1, key: null, value: null, headers: [] };
  assert.ok(eventBytes(plain, "orders") < 200);
});

test("6 MB hold the longest names around the records", () => {
  const long = { eventSourceArn: "a".repeat(2_048), bootstrapServers: "b".repeat(8_192) };
  const around = Buffer.byteLength(JSON.stringify(mskEvent(long, "t".repeat(limits.topicNameLengthMax), 9_999, [], "LOG_APPEND_TIME")));
  assert.ok(around + limits.topicNameLengthMax + 10 + limits.triggerEventBytesMax <= 6 * 1024 * 1024);
});
