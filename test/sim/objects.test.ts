import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { localSimStore } from "../../lib/testing/sim/local-store.ts";
import { simulateObjects } from "../../lib/testing/sim/simulate-objects.ts";

const seeds = Array.from({ length: 150 }, (_, i) => i + 1);

describe("the local engine's objects", () => {
  it(`are there for ever once stored, in ${seeds.length} runs with crashes, power failures and failing disks`, async () => {
    let stored = 0;
    for (const seed of seeds) {
      const result = await simulateObjects(seed, localSimStore());
      assert.deepEqual(result.findings, [], `seed ${seed}`);
      stored += result.stored;
    }
    assert.ok(stored > 500, `the runs store too little: ${stored}`);
  });

  for (const lies of ["files", "names"] as const) {
    it(`are found missing when the disk does not sync ${lies}`, async () => {
      for (const seed of seeds) {
        const { findings } = await simulateObjects(seed, localSimStore({ lies }));
        if (findings.length > 0) return;
      }
      assert.fail(`nothing found in ${seeds.length} runs`);
    });
  }

  it("give the same run for the same seed", async () => {
    assert.deepEqual(await simulateObjects(3, localSimStore()), await simulateObjects(3, localSimStore()));
  });
});
