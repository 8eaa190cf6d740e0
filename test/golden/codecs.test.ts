import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { lz4Decompress } from "../../lib/core/codec/lz4.ts";
import { snappyDecompress } from "../../lib/core/codec/snappy.ts";
import { xxHash32 } from "../../lib/core/codec/xxhash32.ts";
import { fromBase64, readFixture } from "./read-fixture.ts";

const refused = { code: "corrupt_message" };

describe("LZ4 frames that the reference library wrote", () => {
  const { frames, bytes, sha256 } = readFixture("lz4-frames.json");

  for (const { base64, noise, ...flags } of frames) {
    const frame = fromBase64(base64);
    const size = noise === undefined ? bytes : fromBase64(noise).length;

    it(`are opened: ${JSON.stringify(flags)}`, () => {
      const opened = lz4Decompress(frame, size);
      if (noise === undefined) assert.equal(createHash("sha256").update(opened).digest("hex"), sha256);
      else assert.deepEqual(opened, fromBase64(noise));
    });

    it(`are refused over the limit, cut short, or with bytes behind: ${JSON.stringify(flags)}`, () => {
      assert.throws(() => lz4Decompress(frame, size - 1), refused);
      for (let length = 0; length < frame.length; length += 1 + (length >> 3)) {
        assert.throws(() => lz4Decompress(frame.subarray(0, length), size), refused, `${length} bytes`);
      }
      assert.throws(() => lz4Decompress(Uint8Array.of(...frame, 0), size), refused);
    });
  }

  it("are refused when a checksum is wrong", () => {
    const checked = frames.find((frame) => frame.blockChecksum === true);
    assert.ok(checked);
    const frame = fromBase64(checked.base64);
    for (const position of [14, frame.length - 1]) {
      const wrong = frame.slice();
      wrong[position] = wrong[position]! ^ 1;
      assert.throws(() => lz4Decompress(wrong, bytes), refused);
    }
  });

  it("allocate no more than their input can yield, whatever size they claim", () => {
    // Magic, flags (version 1, content size), descriptor (64 KiB blocks), 2^48 bytes of content, header checksum, no block.
    const frame = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x68, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    frame[14] = xxHash32(frame, 4, 14) >>> 8;
    assert.throws(() => lz4Decompress(frame, Number.MAX_SAFE_INTEGER), { code: "corrupt_message", message: /content size is wrong/ });
    assert.throws(() => lz4Decompress(frame, 1024), { code: "corrupt_message", message: /over the limit of 1024/ });
  });
});

describe("raw Snappy", () => {
  const packed = fromBase64(readFixture("raw-snappy.json").base64);
  const text = Array.from({ length: 400 }, (_, i) => `record ${(i * 7919) % 1000} of a log; `).join("");
  const expected = new TextEncoder().encode(text + "=".repeat(70000) + text);

  it("is opened", () => {
    assert.deepEqual(snappyDecompress(packed, expected.length), expected);
  });

  it("is refused over the limit or cut short", () => {
    assert.throws(() => snappyDecompress(packed, expected.length - 1), refused);
    for (let length = 0; length < packed.length; length += 1 + (length >> 3)) {
      assert.throws(() => snappyDecompress(packed.subarray(0, length), expected.length), refused, `${length} bytes`);
    }
  });

  it("is refused when it claims more than its bytes can open to", () => {
    assert.throws(() => snappyDecompress(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0), Number.MAX_SAFE_INTEGER), refused);
    assert.throws(() => snappyDecompress(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), Number.MAX_SAFE_INTEGER), refused);
  });
});
