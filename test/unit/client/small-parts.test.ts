import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs } from "../../../lib/client/backoff.ts";
import { fromBase64, toBase64 } from "../../../lib/core/base64.ts";
import { Queue } from "../../../lib/client/queue.ts";
import { utf8Bytes } from "../../../lib/client/utf8.ts";
import { LogError } from "../../../lib/core/errors.ts";

test("base64 is Node's, both ways, at any length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
    { numRuns: 50 },
  );
});

test("the length of UTF-8 is the encoder's", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(utf8Bytes(text), new TextEncoder().encode(text).length);
    }),
  );
  assert.equal(utf8Bytes("a\ud800b\udc00\ud83d\ude00"), new TextEncoder().encode("a\ud800b\udc00\ud83d\ude00").length);
});

test("a queue is first in, first out", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer(), { freq: 2 }), { maxLength: 5_000, size: "max" }), (steps) => {
      const queue = new Queue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) assert.equal(queue.shift(), model.shift());
        else {
          queue.push(step);
          model.push(step);
        }
        assert.equal(queue.length, model.length);
        assert.equal(queue.peek(), model[0]);
      }
    }),
    { numRuns: 30 },
  );
});

test("a retry waits up to a doubling bound, and at least as long as the server asks", () => {
  const random = (byte: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(byte) });
  assert.equal(backoffMs(0, random(0)), 0);
  assert.ok(backoffMs(0, random(255)) < 50);
  assert.ok(backoffMs(3, random(255)) > 390 && backoffMs(3, random(255)) < 400);
  assert.ok(backoffMs(1_000, random(255)) < 2_000);
  assert.equal(backoffMs(0, random(0), new LogError("throttled", "", { retryAfterMs: 700 })), 700);
});
