import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missingAwsGuards } from "../../lib/testing/sim/aws/missing-guards.ts";
import { missingGuards } from "../../lib/testing/sim/missing-guards.ts";
import { simulate, type SimulateOptions } from "../../lib/testing/sim/simulate.ts";

const seedsMax = 200;

describe("the simulator finds a guard that is missing:", () => {
  for (const [name, options] of Object.entries<SimulateOptions>({ ...missingGuards, ...missingAwsGuards })) {
    it(name, async () => {
      for (let seed = 1; seed <= seedsMax; seed++) {
        const { findings } = await simulate(seed, options);
        if (findings.some(({ anomaly }) => anomaly !== "problem")) return;
      }
      assert.fail(`${seedsMax} seeds found nothing wrong without ${name}`);
    });
  }
});
