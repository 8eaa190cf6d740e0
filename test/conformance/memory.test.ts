import { createMemoryEngine, createMemoryStore } from "../../lib/engines/memory/index.ts";
import { catalogCases } from "../../lib/testing/conformance/catalog.ts";
import { consumerCases } from "../../lib/testing/conformance/consumers.ts";
import { groupCases } from "../../lib/testing/conformance/groups.ts";
import { journalCases } from "../../lib/testing/conformance/journal.ts";
import { logCases } from "../../lib/testing/conformance/log.ts";
import { objectStoreCases } from "../../lib/testing/conformance/object-store.ts";
import { strataCases } from "../../lib/testing/conformance/strata.ts";
import { upkeepCases } from "../../lib/testing/conformance/upkeep.ts";
import { logHarness } from "./log-harness.ts";
import { registerCases } from "./register.ts";

const harness = async () => {
  const store = createMemoryStore();
  return { open: async () => createMemoryEngine(store), dispose: async () => {} };
};

registerCases("memory: journal", journalCases, harness);
registerCases("memory: catalog", catalogCases, harness);
registerCases("memory: object store", objectStoreCases, harness);
registerCases("memory: upkeep", upkeepCases, harness);
registerCases("memory: log", logCases, logHarness(harness));
registerCases("memory: strata", strataCases, logHarness(harness));
registerCases("memory: groups", groupCases, logHarness(harness));
registerCases("memory: consumers", consumerCases, logHarness(harness));
