/**
 * `npm run bench:local [-- --json] [--rounds 5] [--gigabytes 5] [--entries 1000000] [--topics 10000]`
 * This machine's log beside its ceilings, measured by turns in one run: medians over the rounds, speeds as ratios.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureFlatness } from "./local/flat-cost.ts";
import { measureHttp } from "./local/http-rate.ts";
import { measureIdle } from "./local/idle-latency.ts";
import { measureMemory } from "./local/memory.ts";
import { measureThroughput } from "./local/throughput.ts";
import { startBareHttp, startStratalog } from "./support/child.ts";
import { benchOptions, type Metric, progress, report } from "./support/metrics.ts";

const options = benchOptions({ rounds: 5, gigabytes: 5, entries: 1_000_000, topics: 10_000 });
const folder = await mkdtemp(join(tmpdir(), "stratalog-bench-"));
const metrics: Metric[] = [];
try {
  const server = await startStratalog(join(folder, "data"));
  const bare = await startBareHttp();
  try {
    progress("single records at idle …");
    metrics.push(...(await measureIdle(server, folder, options.rounds)));
    progress("JSON requests beside bare HTTP …");
    metrics.push(...(await measureHttp(server, bare, options.rounds)));
    progress("1 MiB batches beside the disk …");
    metrics.push(...(await measureThroughput(server, folder, options.rounds)));
    progress(`memory while ${options.gigabytes} GB pass …`);
    metrics.push(...(await measureMemory(server, options.gigabytes)));
  } finally {
    await Promise.all([server.stop(), bare.stop()]);
  }
  await rm(join(folder, "data"), { recursive: true });
  progress(`cost at 10 and ${options.entries} entries, with 1 and ${options.topics} topics …`);
  metrics.push(...(await measureFlatness(folder, options)));
} finally {
  await rm(folder, { recursive: true, force: true });
}
report(metrics, options.json);
