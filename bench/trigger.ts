/**
 * `npm run bench:trigger [-- --json] [--rounds 5] [--records 2000] [--groups 1000]`
 * Functions that are triggered on this machine: from append to handler, in fdatasyncs measured by turns, and what idle groups and consumers cost.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchOptions, type Metric, report } from "./support/metrics.ts";
import { measureIdleCost } from "./trigger/idle-cost.ts";
import { measureLatency } from "./trigger/latency.ts";

const { json, rounds, records, groups } = benchOptions({ rounds: 5, records: 2_000, groups: 1_000 });
const folder = await mkdtemp(join(tmpdir(), "stratalog-bench-"));
const metrics: Metric[] = [];
try {
  metrics.push(...(await measureLatency(folder, rounds, records)));
  metrics.push(...(await measureIdleCost(folder, rounds, groups)));
} finally {
  await rm(folder, { recursive: true, force: true });
}
report(metrics, json);
