import type { Entry, Guards } from "../../lib/ports/journal.ts";
import { atMost, figure, type Metric, progress } from "../support/metrics.ts";
import type { Details } from "./details.ts";
import { type Age, entryMaker, fill, inTurn, kafkaSteps, subjectOf } from "./load.ts";
import { exactly, perEntry, spentBy } from "./measure.ts";
import type { StoreMaker } from "./store.ts";

const partitions = 16;
/** 16 batches of 64 records of 1,000 B: 1 MiB less 1 percent. */
export const largeEntry = { partitions, records: 64, valueBytes: 1_000 } as const;
const measuredEntries = 64;

interface Variant {
  readonly name: string;
  readonly guards: (nth: number, entry: Entry) => Guards | undefined;
  readonly writeUnitsMax: number;
}

const variants: readonly Variant[] = [
  { name: "plain", guards: () => undefined, writeUnitsMax: 2.2 },
  { name: "1 Kafka producer", guards: kafkaSteps(inTurn(1)), writeUnitsMax: 2.7 },
];

/** Entries of 1 MiB that touch all partitions of their shard: one PUT, a commit and rolls. */
export async function measureLargeEntries(makeStore: StoreMaker, ages: readonly Age[], details: Details): Promise<Metric[]> {
  const metrics: Metric[] = [];
  for (const variant of variants) {
    for (const age of ages) {
      const name = `1 MiB over ${partitions} partitions, ${variant.name}, ${age.name}`;
      progress(`${name} …`);
      const subject = await subjectOf(await makeStore(), partitions);
      const { store, opened, shard } = subject;
      await fill(subject, age, partitions * largeEntry.records);
      const make = entryMaker(partitions, largeEntry.records, largeEntry.valueBytes);
      const spent = await spentBy(subject, measuredEntries, (nth) => {
        const entry = make(store.clock.nowMs());
        return opened.engine.journal.append(shard, entry, variant.guards(nth, entry));
      });
      details.add(name, spent, opened.heads);
      metrics.push(
        exactly(`${name}: S3 PUTs`, perEntry(spent, "requests", "S3 PUT"), "calls/entry", 1),
        exactly(`${name}: other S3 requests`, perEntry(spent, "requests", "S3 ") - perEntry(spent, "requests", "S3 PUT"), "calls/entry", 0),
        atMost(`${name}: write units`, perEntry(spent, "writeUnits"), "WU/entry", variant.writeUnitsMax),
        figure(`${name}: read units`, perEntry(spent, "readUnits"), "RU/entry"),
      );
    }
  }
  return metrics;
}
