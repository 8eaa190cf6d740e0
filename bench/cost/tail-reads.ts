import type { Entry } from "../../lib/ports/journal.ts";
import { atMost, figure, type Metric, progress } from "../support/metrics.ts";
import type { Details } from "./details.ts";
import { largeEntry } from "./large-entries.ts";
import { type Age, entryMaker, fill, pauseMs, type Subject, subjectOf, topicName } from "./load.ts";
import { exactly, perEntry, type Spent } from "./measure.ts";
import type { Opened, StoreMaker } from "./store.ts";
import { between, plus, type Tallies } from "./usage.ts";

const partitions = 16;
const readUnitsMax = 1.5;
const getsMax = 1;

interface Variant {
  readonly name: string;
  readonly entry: (nowMs: number) => Entry;
  /** The partitions that the reader follows: all that the entries touch. */
  readonly followed: number;
  readonly entries: number;
}

/** A reader that looks for more after each entry, in a process of its own and in the writer's. */
export async function measureTailReads(makeStore: StoreMaker, age: Age, details: Details): Promise<Metric[]> {
  const { records, valueBytes } = largeEntry;
  const variants: readonly Variant[] = [
    { name: "800 B in 1 partition", entry: entryMaker(1, 1, 800), followed: 1, entries: 480 },
    { name: "1 MiB in 1 partition", entry: entryMaker(1, 1_000, valueBytes), followed: 1, entries: 48 },
    { name: "1 MiB over 16 partitions", entry: entryMaker(partitions, records, valueBytes), followed: partitions, entries: 48 },
    { name: "4 MiB over 16 partitions", entry: entryMaker(partitions, 4 * records, valueBytes), followed: partitions, entries: 16 },
  ];
  const metrics: Metric[] = [];
  for (const variant of variants) {
    const name = `tail read, ${variant.name}`;
    progress(`${name} …`);
    const subject = await subjectOf(await makeStore(), partitions);
    await fill(subject, age, 1);
    const { elsewhere, here } = await follow(subject, variant);
    details.add(`${name}, another process`, elsewhere);
    details.add(`${name}, the writer's process`, here);
    metrics.push(
      atMost(`${name}, another process: GETs`, perEntry(elsewhere, "requests", "S3"), "calls/entry", getsMax),
      atMost(
        `${name}, another process: read units of journal and payload`,
        perEntry(elsewhere, "readUnits", "head", "page", "payload"),
        "RU/entry",
        readUnitsMax,
      ),
      figure(`${name}, another process: other read units, by time`, perEntry(elsewhere, "readUnits", "catalog", "start"), "RU/entry"),
      exactly(`${name}, the writer's process: GETs`, perEntry(here, "requests", "S3 GET"), "calls/entry", 0),
      figure(`${name}, the writer's process: read units`, perEntry(here, "readUnits"), "RU/entry"),
    );
  }
  return metrics;
}

async function follow({ store, opened, shard }: Subject, { entry, followed, entries }: Variant) {
  const reader = store.open();
  const offsets = await endOffsets(opened, followed);
  const ownOffsets = [...offsets];
  await readAll(reader, offsets);
  await readAll(opened, ownOffsets);
  const before = reader.usage.tallies;
  let here: Tallies = new Map();
  for (let nth = 0; nth < entries; nth++) {
    store.pass(pauseMs);
    await opened.engine.journal.append(shard, entry(store.clock.nowMs()));
    await opened.engine.idle();
    await readAll(reader, offsets);
    const own = opened.usage.tallies;
    await readAll(opened, ownOffsets);
    here = plus(here, between(own, opened.usage.tallies));
  }
  const elsewhere: Spent = { entries, tallies: between(before, reader.usage.tallies) };
  return { elsewhere, here: { entries, tallies: here } };
}

async function endOffsets({ log }: Opened, followed: number): Promise<number[]> {
  const watermarks = await log.watermarks(topicName, [...Array(followed).keys()]);
  return watermarks.map(({ highWatermark }) => highWatermark);
}

/** All partitions at once, as far as there is anything. */
async function readAll({ log }: Opened, offsets: number[]): Promise<void> {
  await Promise.all(
    offsets.map(async (from, partition) => {
      const { nextOffset } = await log.fetch(topicName, partition, { from });
      offsets[partition] = nextOffset;
    }),
  );
}
