import { atMost, figure, type Metric, progress } from "../support/metrics.ts";
import type { Details } from "./details.ts";
import { type Age, eventValue, fill, producerId, record, type Subject, subjectOf, topicName } from "./load.ts";
import { exactly, logKinds, perEntry, type Spent, spentBy } from "./measure.ts";
import type { StoreMaker } from "./store.ts";

/** Sealing and deletion do not exist yet; with them it may be 3.5. */
const writeUnitsMax = 2.3;
const valueBytes = 800;
const measuredEntries = 480;

interface Variant {
  readonly partitions: number;
  /** HTTP producers that take turns; 0: plain. */
  readonly producers: number;
}

const variants: readonly Variant[] = [
  { partitions: 16, producers: 0 },
  { partitions: 16, producers: 1 },
  { partitions: 16, producers: 8 },
  { partitions: 4, producers: 0 },
  { partitions: 4, producers: 8 },
  { partitions: 1, producers: 0 },
  { partitions: 1, producers: 1 },
  { partitions: 1, producers: 8 },
];

/** One record of 800 B a request: payload, commit and rolls. */
export async function measureSmallRequests(makeStore: StoreMaker, ages: readonly Age[], details: Details): Promise<Metric[]> {
  const metrics: Metric[] = [];
  for (const variant of variants) {
    for (const age of ages) {
      const { partitions, producers } = variant;
      const name = `1 record of 800 B, ${partitions} partitions, ${producers === 0 ? "plain" : `${producers} HTTP producers`}, ${age.name}`;
      progress(`${name} …`);
      const { spent, subject } = await measureVariant(makeStore, variant, age);
      details.add(name, spent, subject.opened.heads);
      metrics.push(
        atMost(`${name}: write units`, perEntry(spent, "writeUnits"), "WU/entry", writeUnitsMax),
        figure(`${name}: of these commits and rolls`, perEntry(spent, "writeUnits", ...logKinds), "WU/entry"),
        exactly(`${name}: S3 requests`, perEntry(spent, "requests", "S3"), "calls/entry", 0),
      );
    }
  }
  metrics.push(await measureTogether(makeStore, details));
  return metrics;
}

async function measureVariant(makeStore: StoreMaker, { partitions, producers }: Variant, age: Age) {
  const subject = await subjectOf(await makeStore(), partitions);
  await fill(subject, age, 1);
  const spent: Spent = await spentBy(subject, measuredEntries, (nth) => {
    const producer =
      producers === 0 ? {} : { producer: { id: producerId(nth % producers), epoch: 0, sequence: Math.floor(nth / producers) } };
    return subject.opened.log.append(topicName, { records: [record(eventValue(valueBytes, nth))], ...producer });
  });
  return { spent, subject };
}

/** Requests that come while others run share commits and payloads. */
async function measureTogether(makeStore: StoreMaker, details: Details): Promise<Metric> {
  const atOnce = 32;
  const name = `1 record of 800 B, 16 partitions, plain, ${atOnce} requests at once`;
  progress(`${name} …`);
  const subject: Subject = await subjectOf(await makeStore(), 16);
  const append = (nth: number) => subject.opened.log.append(topicName, { records: [record(eventValue(valueBytes, nth))] });
  const groups = await spentBy(subject, 100, (nth) =>
    Promise.all(Array.from({ length: atOnce }, (_, other) => append(nth * atOnce + other))),
  );
  const spent = { ...groups, entries: groups.entries * atOnce };
  details.add(name, spent, subject.opened.heads);
  return figure(`${name}: write units`, perEntry(spent, "writeUnits"), "WU/entry");
}
