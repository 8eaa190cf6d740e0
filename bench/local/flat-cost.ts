import { join } from "node:path";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { atMost, figure, median, type Metric, progress } from "../support/metrics.ts";

const appendsPerRound = 2_000;
const readsPerRound = 2_000;
const inFlight = 64;
const value = new Uint8Array(100).fill(120);

interface Sizes {
  readonly rounds: number;
  readonly entries: number;
  readonly topics: number;
}

/** Whether an append and a read cost the same in a short and a long log, and with one and many topics. */
export async function measureFlatness(folder: string, { rounds, entries, topics }: Sizes): Promise<Metric[]> {
  const short = await openLog(join(folder, "short"));
  const long = await openLog(join(folder, "long"));
  const many = await openLog(join(folder, "many"));
  try {
    await short.topics.create({ name: "t-0" });
    await long.topics.create({ name: "t-0" });
    await appendMany(short, 10, () => "t-0");
    await appendMany(long, entries, () => "t-0");
    progress(`${topics} topics …`);
    await inParallel(topics, async (nth) => {
      await many.topics.create({ name: `t-${nth}` });
    });
    await appendMany(many, topics, (nth) => `t-${nth}`);
    const cost = { short: [] as Cost[], long: [] as Cost[], many: [] as Cost[] };
    for (let round = 0; round <= rounds; round++) {
      const measured = {
        short: await measure(short, () => "t-0"),
        long: await measure(long, () => "t-0"),
        many: await measure(many, (nth) => `t-${(nth * 7919) % topics}`),
      };
      if (round === 0) continue; // warm-up
      cost.short.push(measured.short);
      cost.long.push(measured.long);
      cost.many.push(measured.many);
    }
    return [
      ...compare(`${entries} entries`, cost.long, cost.short),
      ...compare(`${topics} topics`, cost.many, cost.short),
      figure("append, in process, 64 in flight", median(cost.short.map((one) => one.appendUs)), "µs"),
      figure("read of one record, in process", median(cost.short.map((one) => one.readUs)), "µs"),
    ];
  } finally {
    await Promise.all([short.close(), long.close(), many.close()]);
  }
}

interface Cost {
  readonly appendUs: number;
  readonly readUs: number;
}

function compare(what: string, large: readonly Cost[], small: readonly Cost[]): Metric[] {
  const ratio = (pick: (cost: Cost) => number): number => median(large.map((cost, round) => pick(cost) / pick(small[round] as Cost)));
  return [
    atMost(
      `cost of an append with ${what}, times a small log's`,
      ratio((cost) => cost.appendUs),
      "ratio",
      1.3,
    ),
    atMost(
      `cost of a read with ${what}, times a small log's`,
      ratio((cost) => cost.readUs),
      "ratio",
      1.3,
    ),
  ];
}

async function measure(log: Log, topicOf: (nth: number) => string): Promise<Cost> {
  const appendUs = await appendMany(log, appendsPerRound, topicOf);
  const [watermarks] = await log.watermarks(topicOf(0));
  const size = watermarks?.highWatermark ?? 0;
  const begun = performance.now();
  for (let nth = 0; nth < readsPerRound; nth++) {
    const topic = topicOf(nth);
    const from = topic === topicOf(0) ? (nth * 104_729) % size : 0;
    const { nextOffset } = await log.fetch(topic, 0, { from, recordsMax: 1, bytesMax: 1 });
    if (nextOffset !== from + 1) throw new Error(`read at ${from} of ${topic} went on to ${nextOffset}`);
  }
  return { appendUs, readUs: ((performance.now() - begun) * 1000) / readsPerRound };
}

/** @returns microseconds an append */
async function appendMany(log: Log, count: number, topicOf: (nth: number) => string): Promise<number> {
  const begun = performance.now();
  await inParallel(count, async (nth) => {
    await log.append(topicOf(nth), { records: [{ key: null, value, headers: [] }] });
  });
  return ((performance.now() - begun) * 1000) / count;
}

async function inParallel(count: number, run: (nth: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function openLog(folder: string): Promise<Log> {
  return createLog(await openLocalEngine(folder), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
}
