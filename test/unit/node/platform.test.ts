import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";

const text = new TextEncoder().encode("a log of records ".repeat(1000));
const plain = (buffer: Uint8Array) => Uint8Array.from(buffer);
const refused = { name: "LogError", code: "corrupt_message" };

describe("nodeCompression", () => {
  it("gives back what it packed, as plain bytes", () => {
    for (const type of ["none", "gzip", "zstd"] as const) {
      const packed = nodeCompression.compress(type, text);
      assert.equal(packed.length < text.length, type !== "none");
      assert.equal(Object.getPrototypeOf(packed), Uint8Array.prototype);
      assert.deepEqual(nodeCompression.decompress(type, packed, text.length), text);
    }
  });

  for (const [type, compress] of [
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const) {
    const packed = plain(compress(text));
    it(`refuses what opens past the limit, is cut, or has bytes behind: ${type}`, () => {
      assert.throws(() => nodeCompression.decompress(type, packed, text.length - 1), refused);
      for (let length = 0; length < packed.length; length++) {
        assert.throws(() => nodeCompression.decompress(type, packed.subarray(0, length), text.length), refused, `${length} bytes`);
      }
      assert.throws(() => nodeCompression.decompress(type, Uint8Array.of(...packed, 0, 0), text.length), refused);
    });
  }

  it("names the codecs that it only reads", () => {
    assert.throws(() => nodeCompression.compress("lz4", text), { code: "invalid_config" });
    assert.throws(() => nodeCompression.compress("snappy", text), { code: "invalid_config" });
  });
});

describe("nodeClock", () => {
  it("sleeps, or wakes at once when told to", async () => {
    const controller = new AbortController();
    const asleep = nodeClock.sleep(3_600_000, controller.signal);
    controller.abort();
    await asleep;
    await nodeClock.sleep(3_600_000, controller.signal);
    await nodeClock.sleep(1);
    assert.ok(Number.isInteger(nodeClock.nowMs()));
  });
});

describe("nodeRandom", () => {
  it("gives as many bytes as asked for, other ones each time", () => {
    assert.equal(nodeRandom.bytes(100_000).length, 100_000);
    assert.notDeepEqual(nodeRandom.bytes(16), nodeRandom.bytes(16));
  });
});
