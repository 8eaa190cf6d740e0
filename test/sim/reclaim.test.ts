import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { localSimStore } from "../../lib/testing/sim/local-store.ts";
import { simulateReclaim } from "../../lib/testing/sim/simulate-reclaim.ts";
import { indexFiles } from "./index-files.ts";

const seeds = Array.from({ length: 100 }, (_, i) => i + 1);

describe("the local engine gives back what nobody needs, and nothing else", () => {
  it(`in ${seeds.length} runs with crashes, power failures and failing disks, when each start has the journal and the checkpoint alone`, async () => {
    let [appended, freed] = [0, 0];
    for (const seed of seeds) {
      const result = await simulateReclaim(seed, localSimStore());
      assert.deepEqual(result.findings, [], `seed ${seed}`);
      appended += result.appended;
      freed += result.freed;
    }
    assert.ok(appended > 2_000 && freed > 200, `the runs do too little: ${appended} appends, ${freed} files freed`);
  });

  it("when the index stays, goes back or is lost", async () => {
    let freed = 0;
    for (const seed of seeds.slice(0, 60)) {
      const index = indexFiles();
      try {
        const result = await simulateReclaim(seed, localSimStore({ index }));
        assert.deepEqual(result.findings, [], `seed ${seed}`);
        freed += result.freed;
      } finally {
        index.dispose();
      }
    }
    assert.ok(freed > 100, `the runs free too little: ${freed}`);
  });

  for (const lies of ["files", "names"] as const) {
    it(`and is found out when the disk does not sync ${lies}`, async () => {
      for (const seed of seeds) {
        const { findings } = await simulateReclaim(seed, localSimStore({ lies }));
        if (findings.length > 0) return;
      }
      assert.fail(`nothing found in ${seeds.length} runs`);
    });
  }

  it("in the same way for the same seed", async () => {
    assert.deepEqual(await simulateReclaim(3, localSimStore()), await simulateReclaim(3, localSimStore()));
  });
});
