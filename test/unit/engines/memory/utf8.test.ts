import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareUtf8 } from "../../../../lib/engines/memory/utf8.ts";

describe("compareUtf8", () => {
  it("orders strings as their UTF-8 bytes are ordered", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 300 },
    );
  });

  it("puts what UTF-16 has in another order where it belongs", () => {
    assert.ok(compareUtf8("\uFF01", "\u{1F600}") < 0);
    assert.ok("\uFF01" > "\u{1F600}");
  });
});
