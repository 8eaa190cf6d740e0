import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
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

// Small files and a small wait for the index, so that rolled files and indexed entries are met as well as fresh ones.
for (const options of [{}, { fileBytesMax: 2_000, unindexedOpsMax: 2 }]) {
  const harness = async () => {
    const folder = await mkdtemp(join(tmpdir(), "stratalog-local-"));
    return { open: () => openLocalEngine(folder, options), dispose: () => rm(folder, { recursive: true }) };
  };
  const name = `local${JSON.stringify(options)}`;
  registerCases(`${name}: journal`, journalCases, harness);
  registerCases(`${name}: catalog`, catalogCases, harness);
  registerCases(`${name}: object store`, objectStoreCases, harness);
  registerCases(`${name}: upkeep`, upkeepCases, harness);
  registerCases(`${name}: log`, logCases, logHarness(harness));
  registerCases(`${name}: strata`, strataCases, logHarness(harness));
  registerCases(`${name}: groups`, groupCases, logHarness(harness));
  registerCases(`${name}: consumers`, consumerCases, logHarness(harness));
}
