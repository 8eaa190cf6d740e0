import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { failedFrom } from "../../../../lib/core/delivery/batch-response.ts";

const offsets = { first: 10, last: 19 };
const from = (response: unknown) => failedFrom(response, "my-topic", 3, offsets);
const failed = (...list: readonly unknown[]) => ({
  batchItemFailures: list.map((offset) => ({ itemIdentifier: { partition: "my-topic-3", offset } })),
});

test("no answer, one without a list and an empty list are success", () => {
  for (const response of [undefined, null, {}, { statusCode: 200 }, { batchItemFailures: null }, { batchItemFailures: [] }])
    assert.equal(from(response), undefined, JSON.stringify(response));
});

test("the lowest offset that failed decides, in any order", () => {
  assert.equal(from(failed(10)), 10);
  assert.equal(from(failed(19)), 19);
  assert.equal(from(failed(17, 12, 15, 12)), 12);
});

test("what cannot be understood is a failure of the whole batch", () => {
  const item = (itemIdentifier: unknown) => ({ batchItemFailures: [...failed(15).batchItemFailures, { itemIdentifier }] });
  const wrong: readonly unknown[] = [
    "ok",
    "",
    5,
    true,
    [],
    failed(15).batchItemFailures,
    { batchItemFailures: {} },
    { batchItemFailures: "x" },
    { batchItemFailures: [null] },
    { batchItemFailures: ["my-topic-3-15"] },
    { batchItemFailures: [{ ItemIdentifier: { partition: "my-topic-3", offset: 15 } }] },
    failed(9),
    failed(20),
    failed(15, 20),
    failed("15"),
    failed(15.5),
    failed(Number.NaN),
    failed(null),
    failed(undefined),
    item(""),
    item(null),
    item("15"),
    item({}),
    item({ partition: "my-topic-2", offset: 15 }),
    item({ partition: "other-3", offset: 15 }),
    item({ partition: 3, offset: 15 }),
    item({ topic: "my-topic", partition: 3, offset: 15 }),
  ];
  for (const response of wrong) assert.equal(from(response), 10, JSON.stringify(response));
});

test("whatever a function answers, the next attempt begins within the batch", () => {
  const entry = fc.record({
    itemIdentifier: fc.record({ partition: fc.constantFrom("my-topic-3", "t-0"), offset: fc.integer({ min: 8, max: 21 }) }),
  });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ batchItemFailures: fc.array(fc.oneof(entry, fc.anything())) })), (response) => {
      const offset = from(response);
      assert.ok(offset === undefined || (offset >= offsets.first && offset <= offsets.last));
    }),
  );
});
