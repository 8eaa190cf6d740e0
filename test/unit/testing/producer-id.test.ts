import assert from "node:assert/strict";
import { it } from "node:test";
import { takeProducerId } from "../../../lib/testing/sim/clients/producer-id.ts";

it("a simulated run's producers have ids of their own, also when they draw the same", () => {
  const draws = [815_884, 815_884, 7, 815_884, 7, 9].values();
  const taken = new Set<bigint>();
  const ids = [1, 2, 3].map(() => takeProducerId(taken, () => draws.next().value ?? assert.fail("drawn too often")));
  assert.deepEqual(ids, [815_884n, 7n, 9n]);
  assert.deepEqual([...taken], ids);
});
