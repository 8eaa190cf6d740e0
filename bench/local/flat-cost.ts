import { join } from "node:path";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { mediaTypes } from "../../lib/http/wire.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { type Child, startStratalog } from "../support/child.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atMost, figure, median, type Metric, progress } from "../support/metrics.ts";

const requestsPerRound = 4_000;
const connections = 64;
const shortEntries = 10;
const value = "x".repeat(100);

interface Sizes {
  readonly rounds: number;
  readonly entries: number;
  readonly topics: number;
}

/** A server and what the requests to it are spread over. */
interface Subject {
  readonly server: Child;
  readonly topics: number;
  /** Of the first topic when the measuring began; the others have one. */
  readonly entries: number;
}

interface Cost {
  readonly appendUs: number;
  readonly readUs: number;
}

/** Whether an append and a read cost the server the same in a short and a long log, and with one and many topics. */
export async function measureFlatness(folder: string, { rounds, entries, topics }: Sizes): Promise<Metric[]> {
  const subjects: Subject[] = [];
  const costs = { short: [] as Cost[], long: [] as Cost[], many: [] as Cost[] };
  try {
    const short = await prepare(join(folder, "short"), shortEntries, 1);
    subjects.push(short);
    progress(`${entries} entries …`);
    const long = await prepare(join(folder, "long"), entries, 1);
    subjects.push(long);
    progress(`${topics} topics …`);
    const many = await prepare(join(folder, "many"), shortEntries, topics);
    subjects.push(many);
    for (let round = 0; round <= rounds; round++) {
      const measured = { short: await measure(short), long: await measure(long), many: await measure(many) };
      if (round === 0) continue; // warm-up
      costs.short.push(measured.short);
      costs.long.push(measured.long);
      costs.many.push(measured.many);
    }
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
  return [
    ...compare(`${entries} entries`, costs.long, costs.short),
    ...compare(`${topics} topics`, costs.many, costs.short),
    figure("append of one record, 64 in flight", median(costs.short.map((one) => one.appendUs)), "µs"),
    figure("read of one record, 64 in flight", median(costs.short.map((one) => one.readUs)), "µs"),
  ];
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

async function measure({ server, topics, entries }: Subject): Promise<Cost> {
  const { port } = server;
  const body = Buffer.from(JSON.stringify({ records: [{ value }] }));
  const append = (nth: number): Buffer =>
    httpRequest(port, { path: `/v1/topics/t-${spread(nth, topics)}/records`, contentType: mediaTypes.json, body });
  const read = (nth: number): Buffer => {
    const topic = spread(nth, topics);
    const path = `/v1/topics/t-${topic}/partitions/0/records?limit=1&maxBytes=1&offset=${topic === 0 ? spread(nth, entries) : 0}`;
    return httpRequest(port, { method: "GET", path });
  };
  const appended = await runLoad(port, connections, requestsPerRound, append);
  const done = await runLoad(port, connections, requestsPerRound, read);
  return { appendUs: (appended.elapsedMs * 1000) / requestsPerRound, readUs: (done.elapsedMs * 1000) / requestsPerRound };
}

/** Visits all numbers below `count` in an order that no cache likes. */
function spread(nth: number, count: number): number {
  return (nth * 104_729) % count;
}

/** A data folder with `topics` topics of an entry each, the first with `entries`, and a server on it. */
async function prepare(folder: string, entries: number, topics: number): Promise<Subject> {
  const log = createLog(await openLocalEngine(folder), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  await inParallel(topics, async (nth) => {
    await log.topics.create({ name: `t-${nth}` });
    await appendOne(log, nth);
  });
  await inParallel(entries - 1, () => appendOne(log, 0));
  await log.close();
  return { server: await startStratalog(folder), topics, entries };
}

async function appendOne(log: Log, topic: number): Promise<void> {
  await log.append(`t-${topic}`, { records: [{ key: null, value: Buffer.from(value), headers: [] }] });
}

async function inParallel(count: number, run: (nth: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: connections }, worker));
}
