import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chunkBytes } from "../../../../lib/core/codec/crc32c-module.ts";
import { crc32c, portableCrc32c } from "../../../../lib/core/codec/crc32c.ts";

/** One bit at a time, as the definition has it. */
function slowCrc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function noise(length: number, seed = 1): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe("crc32c", () => {
  it("gives the published values (RFC 3720, B.4)", () => {
    assert.equal(crc32c(new Uint8Array(0)), 0);
    assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  });

  it("is the definition's at every length around each of its ways", () => {
    const bytes = noise(8192);
    const lengths = [...Array(300).keys()].concat(
      ...[1264, 2048, 2176, 3312, 4096].map((near) => Array.from({ length: 40 }, (_, i) => near - 20 + i)),
    );
    for (const length of lengths) {
      const input = bytes.subarray(7, 7 + length);
      const expected = slowCrc32c(input);
      assert.equal(crc32c(input), expected, `${length} bytes`);
      assert.equal(portableCrc32c(input), expected, `${length} bytes, portable`);
    }
  });

  it("goes on from a seed, also past the size of one call into the module", () => {
    const bytes = noise(2 * chunkBytes + 5000);
    const whole = portableCrc32c(bytes);
    assert.equal(crc32c(bytes), whole);
    for (const cut of [1, 50, 95, 2047, 2048, 5000, chunkBytes - 1, chunkBytes, chunkBytes + 1, bytes.length]) {
      assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), whole, `cut at ${cut}`);
    }
  });

  it("leaves nothing of one input behind for the next", () => {
    const first = noise(chunkBytes, 2);
    const second = noise(3000, 3);
    crc32c(first);
    assert.equal(crc32c(second), slowCrc32c(second));
  });
});
