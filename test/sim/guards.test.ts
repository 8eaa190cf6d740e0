import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missingAwsGuards } from "../../lib/testing/sim/aws/missing-guards.ts";
import { missingGuards } from "../../lib/testing/sim/missing-guards.ts";
import { allStrataGuards, missingStrataGuards } from "../../lib/testing/sim/missing-strata-guards.ts";
import { simulate, type SimulateOptions, type SimulationResult } from "../../lib/testing/sim/simulate.ts";

const seedsMax = 200;

describe("the simulator finds a guard that is missing:", () => {
  for (const [name, options] of Object.entries<SimulateOptions>({ ...missingGuards, ...missingAwsGuards })) {
    it(name, async () => await findWithin(options, (findings) => findings.some(({ anomaly }) => anomaly !== "problem")));
  }
});

describe("the simulator finds a guard of the strata that is missing:", () => {
  for (const [name, options] of Object.entries<SimulateOptions>(missingStrataGuards)) {
    // What is left in the store is no history, and a problem.
    it(name, async () => await findWithin(options, (findings) => findings.length > 0));
  }

  it("and nothing when none is", async () => {
    for (let seed = 1; seed <= 40; seed++) assert.deepEqual((await simulate(seed, allStrataGuards)).findings, [], `seed ${seed}`);
  });
});

async function findWithin(options: SimulateOptions, isFound: (findings: SimulationResult["findings"]) => boolean): Promise<void> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    if (isFound((await simulate(seed, options)).findings)) return;
  }
  assert.fail(`${seedsMax} seeds found nothing wrong`);
}
