import { startEmulatedAws } from "../../scripts/emulators/aws-store.ts";
import { segmentObjectsPrefix } from "../../lib/log/strata/segment-object-key.ts";
import { emulatedStores } from "../cost/emulated-store.ts";
import type { Store } from "../cost/store.ts";
import { sumOf, type Usage } from "../cost/usage.ts";
import { atLeast, atMost, figure, median, type Metric, progress } from "../support/metrics.ts";
import { fill, partitions, replay, type Replayed, topic } from "./replay.ts";

const tuning = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, quietMs: 0 };
const rounds = 3;

/** What a replay asked of storage: of small payloads and pages, which are items, and of objects. */
interface Measured extends Replayed {
  readonly gets: number;
  readonly requests: number;
}

/** Over DynamoDB Local and LocalStack's S3: each append waits for its answer and is an entry with a payload of its own. */
export async function measureAwsStrata(appends: number): Promise<Metric[]> {
  const aws = await startEmulatedAws({ usedFor: "minutes" });
  try {
    const store = await emulatedStores(aws)();
    const writer = store.open();
    await writer.log.topics.create({ name: topic, partitions, partitionsPerShard: 1 });
    await fill(writer.log, appends, partitions, (done) => progress(`aws: ${done} of ${appends} appends`));
    await writer.engine.idle();
    const written = requestsOf(writer.usage);
    progress("aws: replays before …");
    const before = await replays(store);
    const cleaner = store.open(tuning);
    progress("aws: seals …");
    for (let round = 0; round < 2; round++) await cleaner.janitor(Number.MAX_SAFE_INTEGER);
    await cleaner.engine.idle();
    progress("aws: replays after …");
    const after = await replays(store);
    const objects = await cleaner.engine.objects.list(segmentObjectsPrefix, { limit: 1_000 });
    const of = (measured: readonly Measured[], what: (one: Measured) => number): number => median(measured.map(what));
    return [
      figure("aws: appends", appends, "entries"),
      figure("aws: requests of the appends", written / appends, "calls/entry"),
      atMost("aws: write units, with sealing and freeing", unitsOf(writer.usage, cleaner.usage) / appends, "WU/entry", 3.5),
      figure("aws: requests of sealing and freeing", requestsOf(cleaner.usage) / appends, "calls/entry"),
      figure("aws: segments", objects.length, "objects"),
      figure("aws: segments' bytes", objects.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6, "MB"),
      figure("aws: table's bytes less", -cleaner.usage.stored.tableBytes / 1e6, "MB"),
      figure("aws: replay before", of(before, ({ ms }) => ms) / 1_000, "s"),
      figure("aws: replay after", of(after, ({ ms }) => ms) / 1_000, "s"),
      figure(
        "aws: replay's requests before",
        of(before, ({ requests }) => requests),
        "calls",
      ),
      figure(
        "aws: replay's requests after",
        of(after, ({ requests }) => requests),
        "calls",
      ),
      figure(
        "aws: payloads and objects read before",
        of(before, ({ gets }) => gets),
        "GETs",
      ),
      figure(
        "aws: payloads and objects read after",
        of(after, ({ gets }) => gets),
        "GETs",
      ),
      atMost(
        "aws: records that replays differ by",
        Math.abs(of(before, ({ records }) => records) - of(after, ({ records }) => records)),
        "records",
        0,
      ),
      atLeast("aws: replay, segments over journal", of(before, ({ ms }) => ms) / of(after, ({ ms }) => ms), "times", 10),
      atMost("aws: GETs, segments over journal", of(after, ({ gets }) => gets) / of(before, ({ gets }) => gets), "", 0.01),
    ];
  } finally {
    await aws.stop();
  }
}

/** Each by a process that knows nothing yet. */
async function replays(store: Store): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    const reader = store.open();
    const read = await replay(reader.log);
    const { tallies } = reader.usage;
    measured.push({ ...read, requests: sumOf(tallies, "requests"), gets: sumOf(tallies, "requests", "payload get", "S3 GET") });
  }
  return measured;
}

function unitsOf(...usages: readonly Usage[]): number {
  return usages.reduce((sum, { tallies }) => sum + sumOf(tallies, "writeUnits"), 0);
}

function requestsOf({ tallies }: Usage): number {
  return sumOf(tallies, "requests");
}
