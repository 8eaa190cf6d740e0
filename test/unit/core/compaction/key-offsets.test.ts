import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeyOffsets } from "../../../../lib/core/compaction/key-offsets.ts";

const seed = new Uint8Array(16).fill(7);
const noted = fc.array(fc.uint8Array({ maxLength: 2, max: 5 }), { maxLength: 120 });

test("it knows what a Map knows, up to its bound of keys", () => {
  fc.assert(
    fc.property(noted, fc.integer({ min: 1, max: 40 }), (keys, keysMax) => {
      const own = new KeyOffsets(keysMax, seed);
      const expected = new Map<string, number>();
      for (const [offset, key] of keys.entries()) {
        const name = key.toString();
        const isFull = expected.size === keysMax && !expected.has(name);
        assert.equal(own.note(Uint8Array.of(9, ...key, 9), 1, 1 + key.length, offset), !isFull);
        if (!isFull) expected.set(name, offset);
      }
      assert.equal(own.size, expected.size);
      for (const key of keys) assert.equal(own.greatest(key, 0, key.length), expected.get(key.toString()) ?? -1);
      assert.equal(own.greatest(Uint8Array.of(200), 0, 1), -1);
    }),
  );
});

test("many keys, in many tables that grow, are all known; full is it near its bound", () => {
  const keysMax = 100_000;
  const own = new KeyOffsets(keysMax, seed);
  const key = new Uint8Array(4);
  const view = new DataView(key.buffer);
  let noted = 0;
  for (let number = 0; number < 2 * keysMax; number++) {
    view.setUint32(0, number % 150_000);
    if (own.note(key, 0, 4, number)) noted = Math.max(noted, number % 150_000);
    else break;
  }
  assert.ok(own.size > 0.95 * keysMax && own.size <= keysMax, `${own.size} keys`);
  assert.equal(noted, own.size - 1);
  for (let number = 0; number < 150_000; number++) {
    view.setUint32(0, number);
    assert.equal(own.greatest(key, 0, 4), number < own.size ? number : -1);
  }
});
