import { createAwsEngine } from "../../lib/engines/aws/index.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { catalogCases } from "../../lib/testing/conformance/catalog.ts";
import { consumerCases } from "../../lib/testing/conformance/consumers.ts";
import { groupCases } from "../../lib/testing/conformance/groups.ts";
import { journalCases } from "../../lib/testing/conformance/journal.ts";
import { logCases } from "../../lib/testing/conformance/log.ts";
import { objectStoreCases } from "../../lib/testing/conformance/object-store.ts";
import { strataCases } from "../../lib/testing/conformance/strata.ts";
import { upkeepCases } from "../../lib/testing/conformance/upkeep.ts";
import { SimBucket } from "../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../lib/testing/sim/aws/sim-table.ts";
import { logHarness } from "./log-harness.ts";
import { registerCases } from "./register.ts";

// Over DynamoDB and S3 in memory, so that it needs Node alone; test/aws/conformance.test.ts has the same cases over real ones.
const harness = async () => {
  const [table, bucket] = [new SimTable(nodeClock), new SimBucket(nodeClock)];
  return { open: async () => createAwsEngine({ table, bucket, clock: nodeClock, random: nodeRandom }), dispose: async () => {} };
};

registerCases("aws (simulated): journal", journalCases, harness);
registerCases("aws (simulated): catalog", catalogCases, harness);
registerCases("aws (simulated): object store", objectStoreCases, harness);
registerCases("aws (simulated): upkeep", upkeepCases, harness);
registerCases("aws (simulated): log", logCases, logHarness(harness));
registerCases("aws (simulated): strata", strataCases, logHarness(harness));
registerCases("aws (simulated): groups", groupCases, logHarness(harness));
registerCases("aws (simulated): consumers", consumerCases, logHarness(harness));
