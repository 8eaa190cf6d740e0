import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeFrameHeader, decodeFrameOps, frameHeaderBytes, FrameWriter } from "../../lib/engines/local/frame.ts";
import type { JournalOp } from "../../lib/engines/local/journal-op.ts";

const shard = { topicId: "t1", shard: 2 };
const ops: readonly JournalOp[] = [
  { kind: "open", shard, partitions: 4, layout: 1 },
  {
    kind: "append",
    shard,
    seq: 5,
    parts: [{ index: 3, records: 2, baseOffset: 2 ** 40, maxTimestampMs: -1, bytes: 3, checksum: 0x364b3fb7 }],
    producers: [
      { producerId: -2n, epoch: 7, index: null, sequence: 9, count: 1, crc: 0xdeadbeef, layout: 1 },
      { producerId: 1n, epoch: 0, index: 3, sequence: 0, count: 2, crc: 1, layout: 1 },
    ],
  },
  { kind: "trim", shard, toSeq: 3, startOffsets: [0, 1] },
  { kind: "close", shard },
  { kind: "put", key: { pk: "p", sk: "ß" }, version: 1, value: '{"a":1}' },
  { kind: "delete", key: { pk: "p", sk: "s" } },
];

// Format version 1, field by field as docs/format.md has it. Released bytes: they may be added to, never changed.
const golden = [
  "534c4a46 01 000000 0123456789abcdef 0000000000001000 000000d2 0000000000000003 7915bfba 00000000 be4078b4",
  "01 00000002 7431 00000002 04 00000001",
  "02 00000002 7431 00000002 0000000000000005 01 03 00000002 0000010000000000 ffffffffffffffff 00000003 364b3fb7",
  "0002 fffffffffffffffe 0007 ff 00000009 00000001 deadbeef 00000001 0000000000000001 0000 03 00000000 00000002 00000001 00000001",
  "03 00000002 7431 00000002 0000000000000003 02 0000000000000000 0000000000000001",
  "04 00000002 7431 00000002",
  "05 00000001 70 00000002 c39f 0000000000000001 00000007 7b2261223a317d",
  "06 00000001 70 00000001 73",
  "616263",
].join(" ");

test("a journal frame of format version 1 is these bytes", () => {
  const buffers = new FrameWriter(0x0123456789abcdefn).encode(4_096, ops, [Buffer.from("abc")], 1_000);
  const bytes = Buffer.concat(buffers);
  assert.equal(bytes.toString("hex"), golden.replaceAll(" ", ""));
});

test("what is in these bytes is read back", () => {
  const bytes = Buffer.from(golden.replaceAll(" ", ""), "hex");
  const header = decodeFrameHeader(bytes);
  assert.ok(header !== undefined);
  assert.deepEqual([header.version, header.journalId, header.position, header.payloadBytes], [1, 0x0123456789abcdefn, 4_096, 3]);
  assert.deepEqual(decodeFrameOps(header, bytes.subarray(frameHeaderBytes, frameHeaderBytes + header.opsBytes)), ops);
});

test("any change of a header's or the operations' bits is seen", () => {
  const bytes = Buffer.from(golden.replaceAll(" ", ""), "hex");
  for (let bit = 0; bit < (bytes.length - 3) * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    const header = decodeFrameHeader(changed);
    const read = header && decodeFrameOps(header, changed.subarray(frameHeaderBytes, frameHeaderBytes + header.opsBytes));
    assert.equal(read, undefined, `bit ${bit}`);
  }
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const index = fc.integer({ min: 0, max: 15 });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true });
const anyShard = record({ topicId: fc.string({ unit: "grapheme" }), shard: u32 });
const anyKey = record({ pk: fc.string({ unit: "grapheme" }), sk: fc.string({ unit: "grapheme" }) });
const anyPart = record({ index, records: u32, baseOffset: safe, maxTimestampMs: fc.maxSafeInteger(), bytes: u32, checksum: u32 });
const anyProducer = record({
  producerId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  epoch: fc.integer({ min: 0, max: 0xffff }),
  index: fc.option(index),
  sequence: u32,
  count: u32,
  crc: u32,
  layout: u32,
});
const anyOp: fc.Arbitrary<JournalOp> = fc.oneof(
  record({ kind: fc.constant("open" as const), shard: anyShard, partitions: index, layout: u32 }),
  record({
    kind: fc.constant("append" as const),
    shard: anyShard,
    seq: safe,
    parts: fc.array(anyPart, { maxLength: 16 }),
    producers: fc.array(anyProducer),
  }),
  record({ kind: fc.constant("trim" as const), shard: anyShard, toSeq: safe, startOffsets: fc.array(safe, { maxLength: 16 }) }),
  record({ kind: fc.constant("close" as const), shard: anyShard }),
  record({ kind: fc.constant("put" as const), key: anyKey, version: safe, value: fc.json() }),
  record({ kind: fc.constant("delete" as const), key: anyKey }),
);

test("what a frame is made of is what is read from it", () => {
  const writer = new FrameWriter(7n);
  fc.assert(
    fc.property(fc.array(anyOp), fc.array(fc.uint8Array()), safe, fc.boolean(), (some, payload, position, isInline) => {
      const [head = Buffer.alloc(0), ...rest] = writer.encode(position, some, payload, isInline ? 1_000_000 : -1);
      const header = decodeFrameHeader(head);
      assert.ok(header !== undefined);
      assert.equal(header.position, position);
      assert.deepEqual(decodeFrameOps(header, head.subarray(48, 48 + header.opsBytes)), some);
      assert.deepEqual(Buffer.concat([head.subarray(48 + header.opsBytes), ...rest]), Buffer.concat(payload));
    }),
  );
});
