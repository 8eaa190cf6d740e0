import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { createJanitor } from "../../lib/log/janitor.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { atLeast, atMost, figure, median, type Metric, progress } from "../support/metrics.ts";
import { fill, partitions, replay, topic } from "./replay.ts";

/** Seals and trims at once; sizes as they are by default. */
const tuning = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, quietMs: 0 };

export async function measureLocalStrata(appends: number, rounds: number): Promise<Metric[]> {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-bench-"));
  try {
    const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression, strata: tuning };
    const open = async () => {
      const engine = await openLocalEngine(folder);
      return { log: createLog(engine, parts), janitor: createJanitor(engine, parts) };
    };
    let { log, janitor } = await open();
    await log.topics.create({ name: topic, partitions });
    await fill(log, appends, 512, (done) => progress(`local: ${done} of ${appends} appends`));
    await log.close();
    const journalBytes = await bytesOf(join(folder, "journal"));
    // A process of its own for each reading: what one has in memory helps no other.
    ({ log, janitor } = await open());
    const before = [];
    for (let round = 0; round < rounds; round++) before.push(await replay(log));
    const begunMs = performance.now();
    let [sealedBytes, mergedBytes, reclaimedBytes] = [0, 0, 0];
    // Until nothing is left to do: what a round replaces the next one deletes.
    for (let isBusy = true; isBusy; ) {
      const report = await janitor(Number.MAX_SAFE_INTEGER);
      isBusy = report.seals + report.merges + report.objectsDeleted > 0;
      sealedBytes += report.sealedBytes;
      mergedBytes += report.mergedBytes;
      reclaimedBytes += report.reclaimedBytes;
    }
    const sealMs = performance.now() - begunMs;
    await log.close();
    ({ log, janitor } = await open());
    const [after, plain]: [Awaited<ReturnType<typeof replay>>[], { bytes: number; ms: number }[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      await log.close();
      ({ log, janitor } = await open());
      const read = await replay(log);
      const files = await readPlain(join(folder, "objects"));
      if (round === 0) continue; // warm-up
      after.push(read);
      plain.push(files);
    }
    await log.close();
    const first = before[0];
    const rate = (reads: readonly { readonly bytes: number; readonly ms: number }[]): number =>
      median(reads.map(({ bytes, ms }) => bytes / ms / 1_000));
    const segments = await countFiles(join(folder, "objects"));
    return [
      figure("local: appends", appends, "entries"),
      figure("local: journal before", journalBytes / 1e6, "MB"),
      figure("local: journal after", (await bytesOf(join(folder, "journal"))) / 1e6, "MB"),
      figure("local: segments", segments, "objects"),
      figure("local: segments' bytes", (await bytesOf(join(folder, "objects"))) / 1e6, "MB"),
      figure("local: write amplification", sealedBytes === 0 ? Number.NaN : 1 + mergedBytes / sealedBytes, "times"),
      figure("local: given back", reclaimedBytes / 1e6, "MB"),
      figure("local: sealing and merging", (first?.bytes ?? 0) / sealMs / 1_000, "MB/s"),
      figure("local: replay from the journal", rate(before), "MB/s"),
      figure("local: replay from segments", rate(after), "MB/s"),
      figure("local: plain files", rate(plain), "MB/s"),
      atMost("local: records that replays differ by", Math.abs((first?.records ?? 0) - (after[0]?.records ?? -1)), "records", 0),
      atLeast("local: replay, segments over journal", rate(after) / rate(before), "times", 10),
      atLeast("local: replay, segments over plain files", rate(after) / rate(plain), "times", 0.7),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function bytesOf(folder: string): Promise<number> {
  const sizes = await Promise.all((await filesOf(folder)).map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function countFiles(folder: string): Promise<number> {
  return (await filesOf(folder)).length;
}

async function readPlain(folder: string): Promise<{ readonly bytes: number; readonly ms: number }> {
  const files = await filesOf(folder);
  const begunMs = performance.now();
  let bytes = 0;
  for (const file of files) bytes += (await readFile(file)).length;
  return { bytes, ms: performance.now() - begunMs };
}
