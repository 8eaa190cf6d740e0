import type { Entry } from "../../lib/ports/journal.ts";
import { figure, type Metric, progress } from "../support/metrics.ts";
import type { Details } from "./details.ts";
import { entryMaker, pauseMs, type Subject, subjectOf, topicName } from "./load.ts";
import { perEntry, type Spent } from "./measure.ts";
import type { Opened, StoreMaker } from "./store.ts";

const partitions = 16;
const appendedAtOnce = 4;

interface Variant {
  readonly name: string;
  readonly entry: (nth: number, nowMs: number) => Entry;
}

/** How many partitions are read at the same time; the others wait for these. */
const ways = [
  { way: "side by side", atOnce: partitions },
  { way: "partition after partition", atOnce: 1 },
] as const;

/** All partitions from the start to the end by a process that knows nothing yet. */
export async function measureReplay(makeStore: StoreMaker, length: number, details: Details): Promise<Metric[]> {
  const small = entryMaker(1, 1, 800);
  const inOne = (nth: number, nowMs: number): Entry => ({
    parts: small(nowMs).parts.map((part) => ({ ...part, index: nth % partitions })),
  });
  // As objects of 15 KiB, so that all of them together are more than a process remembers.
  const inAll = entryMaker(partitions, 1, 800);
  const variants: readonly Variant[] = [
    { name: "800 B in 1 of 16 partitions each", entry: inOne },
    { name: "objects over 16 partitions", entry: (_nth, nowMs) => inAll(nowMs) },
  ];
  const metrics: Metric[] = [];
  for (const variant of variants) {
    const subject = await subjectOf(await makeStore(), partitions);
    progress(`${length} entries to replay, ${variant.name} …`);
    await append(subject, length, variant);
    for (const { way, atOnce } of ways) {
      const name = `replay of ${length} entries, ${variant.name}, ${way}`;
      progress(`${name} …`);
      const reader = subject.store.open();
      await replay(reader, atOnce);
      const spent: Spent = { entries: length, tallies: reader.usage.tallies };
      details.add(name, spent);
      metrics.push(
        figure(`${name}: read units`, perEntry(spent, "readUnits"), "RU/entry"),
        figure(`${name}: GETs`, perEntry(spent, "requests", "S3 GET"), "calls/entry"),
      );
    }
  }
  return metrics;
}

/** One by one, so that each entry has a payload of its own. */
async function append({ store, opened, shard }: Subject, length: number, { entry }: Variant): Promise<void> {
  for (let nth = 0; nth < length; nth++) {
    if (nth % appendedAtOnce === 0) store.pass(pauseMs);
    await opened.engine.journal.append(shard, entry(nth, store.clock.nowMs()));
  }
  await opened.engine.idle();
}

async function replay(reader: Opened, atOnce: number): Promise<void> {
  const waiting = [...Array(partitions).keys()];
  while (waiting.length > 0) {
    const offsets = new Map(waiting.splice(0, atOnce).map((partition) => [partition, 0]));
    while (offsets.size > 0) {
      await Promise.all(
        [...offsets].map(async ([partition, from]) => {
          const { nextOffset } = await reader.log.fetch(topicName, partition, { from });
          if (nextOffset === from) offsets.delete(partition);
          else offsets.set(partition, nextOffset);
        }),
      );
    }
  }
}
