/**
 * `npm run bench:compaction [-- --records 10000000] [--keys 1000000] [--json]`
 * Key compaction of a partition on this machine's disk: how fast, and with how much memory. One process writes the log, another, whose heap is bounded, seals and compacts
 * it, a third compares what is left with what the keys' numbers say, key by key.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Compacted, type Compared, runStep, type Written } from "./compaction/steps.ts";
import { atMost, benchOptions, figure, progress, report } from "./support/metrics.ts";

const heapMb = { write: 512, compact: 64, compare: 512 } as const;
const { json, records, keys } = benchOptions({ records: 10_000_000, keys: 1_000_000 });

const folder = await mkdtemp(join(tmpdir(), "stratalog-bench-"));
try {
  const args = [folder, records, keys];
  progress(`writing ${records} records of ${keys} keys`);
  const written = await runStep<Written>("write", args, heapMb.write);
  progress("sealing and compacting");
  const compacted = await runStep<Compacted>("compact", args, heapMb.compact);
  progress("comparing");
  const compared = await runStep<Compared>("compare", args, heapMb.compare);
  report(
    [
      figure("records", records, "records"),
      figure("keys that occur", compared.expected, "keys"),
      figure("batches written", written.bytes / 1e6, "MB"),
      figure("batches left", compared.bytes / 1e6, "MB"),
      figure("rewritten", compacted.rewrittenBytes / 1e6, "MB"),
      figure("sealing and compacting", compacted.ms / 1_000, "s"),
      figure("sealing and compacting", records / (compacted.ms / 1_000), "records/s"),
      figure("rounds", compacted.rounds, "rounds"),
      atMost("peak memory of the process that compacts", compacted.peakBytes / 1024 / 1024, "MiB", 256),
      atMost("records left less keys", Math.abs(compared.found - compared.expected), "records", 0),
      atMost("records that are not the last of their key, or not as written", compared.wrong, "records", 0),
      atMost("offsets that are lost at the end", records - compared.highWatermark, "offsets", 0),
      atMost("failures", compacted.failures, "failures", 0),
    ],
    json,
  );
} finally {
  await rm(folder, { recursive: true });
}
