import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awsSimStore } from "../../lib/testing/sim/aws-store.ts";
import { localSimStore } from "../../lib/testing/sim/local-store.ts";
import { simulate } from "../../lib/testing/sim/simulate.ts";
import { indexFiles } from "./index-files.ts";

const seeds = Array.from({ length: 60 }, (_, i) => 1_000_000 + i);

describe("the log keeps its promises", () => {
  for (const [engine, options] of Object.entries({ memory: {}, local: { store: localSimStore() }, aws: { store: awsSimStore() } })) {
    it(`in ${seeds.length} simulated runs over the ${engine} engine (npm run sim for more)`, async () => {
      let [acknowledged, unknown, polls] = [0, 0, 0];
      for (const seed of seeds) {
        const { findings, history } = await simulate(seed, options);
        assert.deepEqual(findings, [], `npm run sim -- --seed ${seed} --engine ${engine}`);
        const outcomes = history.appends.flatMap(({ records }) => records.map(({ outcome }) => outcome));
        acknowledged += outcomes.filter((outcome) => outcome === "ok").length;
        unknown += outcomes.filter((outcome) => outcome === "unknown").length;
        polls += history.polls.filter(({ seen }) => seen.length > 0).length;
      }
      assert.ok(acknowledged > 1_000 && unknown > 100 && polls > 500, `the runs do too little: ${acknowledged}, ${unknown}, ${polls}`);
    });
  }

  it("when the local engine's index stays, goes back or is lost while the journal stays", async () => {
    for (const seed of seeds.slice(0, 25)) {
      const index = indexFiles();
      try {
        const { findings } = await simulate(seed, { store: localSimStore({ index }) });
        assert.deepEqual(findings, [], `seed ${seed} with an index in files`);
      } finally {
        index.dispose();
      }
    }
  });
});
