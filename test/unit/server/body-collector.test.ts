import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyCollector } from "../../../lib/server/body-collector.ts";

test("a body is what came, however it was cut and whether its length was known", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 6 }), fc.boolean(), (pieces, isKnown) => {
      const whole = Buffer.concat(pieces);
      const collector = new BodyCollector(isKnown ? whole.length : undefined);
      for (const piece of pieces) collector.add(Buffer.from(piece));
      assert.equal(collector.bytes, whole.length);
      assert.deepEqual(Buffer.from(collector.body()), whole);
    }),
  );
});
