import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awsSimStore } from "../../lib/testing/sim/aws-store.ts";
import { localSimStore } from "../../lib/testing/sim/local-store.ts";
import { simulate } from "../../lib/testing/sim/simulate.ts";

describe("a seed", () => {
  for (const [engine, options] of Object.entries({ memory: {}, local: { store: localSimStore() }, aws: { store: awsSimStore() } })) {
    for (const seed of [1, 7, 2 ** 40 + 11]) {
      it(`${seed} gives the same run twice over the ${engine} engine, to the last line`, async () => {
        const first = await simulate(seed, options);
        const second = await simulate(seed, options);
        assert.ok(first.trace.length > 100);
        assert.deepEqual(second.trace, first.trace);
        assert.deepEqual(second, first);
      });
    }

    it(`gives the same run beside another one over the ${engine} engine`, async () => {
      const alone = await simulate(3, options);
      const [beside] = await Promise.all([simulate(3, options), simulate(4, options)]);
      assert.deepEqual(beside.trace, alone.trace);
    });
  }

  it("gives another run than the next one", async () => {
    assert.notDeepEqual((await simulate(1)).trace, (await simulate(2)).trace);
  });
});
