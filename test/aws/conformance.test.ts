import { after, before } from "node:test";
import { createAwsEngine } from "../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
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
import { type EmulatedAws, startEmulatedAws } from "../../scripts/emulators/aws-store.ts";
import { logHarness } from "../conformance/log-harness.ts";
import { registerCases } from "../conformance/register.ts";

let aws: EmulatedAws;
before(async () => {
  aws = await startEmulatedAws();
});
after(() => aws.stop());

const harness = async () => {
  const { table, bucket } = await aws.createStore();
  const { dynamodb, s3 } = aws.clients;
  const storage = { table: sdkTable(dynamodb, table), bucket: sdkBucket(s3, bucket), clock: nodeClock, random: nodeRandom };
  return { open: async () => createAwsEngine(storage), dispose: async () => {} };
};

registerCases("aws: journal", journalCases, harness);
registerCases("aws: catalog", catalogCases, harness);
registerCases("aws: object store", objectStoreCases, harness);
registerCases("aws: upkeep", upkeepCases, harness);
registerCases("aws: log", logCases, logHarness(harness));
registerCases("aws: strata", strataCases, logHarness(harness));
registerCases("aws: groups", groupCases, logHarness(harness));
registerCases("aws: consumers", consumerCases, logHarness(harness));
