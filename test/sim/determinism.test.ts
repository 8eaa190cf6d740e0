import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulate } from "../../lib/testing/sim/simulate.ts";

describe("a seed", () => {
  for (const seed of [1, 7, 2 ** 40 + 11]) {
    it(`${seed} gives the same run twice, to the last line`, async () => {
      const first = await simulate(seed);
      const second = await simulate(seed);
      assert.ok(first.trace.length > 100);
      assert.deepEqual(second.trace, first.trace);
      assert.deepEqual(second, first);
    });
  }

  it("gives another run than the next one", async () => {
    assert.notDeepEqual((await simulate(1)).trace, (await simulate(2)).trace);
  });

  it("gives the same run beside another one", async () => {
    const alone = await simulate(3);
    const [beside] = await Promise.all([simulate(3), simulate(4)]);
    assert.deepEqual(beside.trace, alone.trace);
  });
});
