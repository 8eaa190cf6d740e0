import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VarintReader, varintBytes, varlongBytes, writeVarint, writeVarlong } from "../../../../lib/core/codec/varint.ts";

const refused = { code: "corrupt_message" };

/** As Kafka's ByteUtils writes them. */
const varints: readonly (readonly [number, readonly number[]])[] = [
  [0, [0x00]],
  [-1, [0x01]],
  [1, [0x02]],
  [63, [0x7e]],
  [-64, [0x7f]],
  [64, [0x80, 0x01]],
  [-65, [0x81, 0x01]],
  [8191, [0xfe, 0x7f]],
  [-8193, [0x81, 0x80, 0x01]],
  [2147483647, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
  [-2147483648, [0xff, 0xff, 0xff, 0xff, 0x0f]],
];

const varlongs: readonly (readonly [number, readonly number[]])[] = [
  ...varints,
  [2147483648, [0x80, 0x80, 0x80, 0x80, 0x10]],
  [17179869183, [0xfe, 0xff, 0xff, 0xff, 0x7f]],
  [17179869184, [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  [Number.MAX_SAFE_INTEGER, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
  [Number.MIN_SAFE_INTEGER, [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
];

describe("varints", () => {
  it("are written and read as Kafka does", () => {
    for (const [value, bytes] of varints) {
      const written = new Uint8Array(5);
      assert.equal(writeVarint(written, 0, value), bytes.length);
      assert.deepEqual([...written.subarray(0, bytes.length)], bytes);
      assert.equal(varintBytes(value), bytes.length);
      assert.equal(new VarintReader(Uint8Array.from(bytes)).readVarint(), value);
    }
  });

  it("are read at five bytes at most and within 32 bits", () => {
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).readVarint(), refused);
    assert.throws(() => new VarintReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f)).readVarint(), refused);
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x80)).readVarint(), refused);
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x01, 0x00), 0, 1).readVarint(), refused);
  });
});

describe("varlongs", () => {
  it("are written and read as Kafka does", () => {
    for (const [value, bytes] of varlongs) {
      const written = new Uint8Array(10);
      assert.equal(writeVarlong(written, 0, value), bytes.length);
      assert.deepEqual([...written.subarray(0, bytes.length)], bytes);
      assert.equal(varlongBytes(value), bytes.length);
      assert.equal(new VarintReader(Uint8Array.from(bytes)).readVarlong(), value);
    }
  });

  it("are refused past what a number holds exactly", () => {
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20)).readVarlong(), refused);
    assert.throws(() => new VarintReader(Uint8Array.of(...Array<number>(9).fill(0xff), 0x01)).readVarlong(), refused);
    assert.throws(() => new VarintReader(Uint8Array.of(...Array<number>(10).fill(0x80), 0x00)).readVarlong(), refused);
    assert.throws(() => new VarintReader(new Uint8Array(0)).readVarlong(), refused);
  });
});
