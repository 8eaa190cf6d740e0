import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyCollector } from "../../../lib/server/body-collector.ts";

test("a body is what came, however it was cut and whether its length was known", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 3_000, size: "max" }), { maxLength: 60, size: "max" }),
      fc.boolean(),
      (pieces, isKnown) => {
        const whole = Buffer.concat(pieces);
        const collector = new BodyCollector(isKnown ? whole.length : undefined);
        for (const piece of pieces) collector.add(Buffer.from(piece));
        assert.equal(collector.bytes, whole.length);
        assert.deepEqual(Buffer.from(collector.body()), whole);
      },
    ),
  );
});

test("a body takes about as much memory as it has bytes, however small its pieces are", () => {
  const collector = new BodyCollector(undefined);
  const before = memoryBytes();
  for (let nth = 0; nth < 2_000_000; nth++) collector.add(Buffer.from([nth]));
  assert.ok(memoryBytes() - before < 80_000_000);
  assert.equal(collector.body().length, 2_000_000);
});

function memoryBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
