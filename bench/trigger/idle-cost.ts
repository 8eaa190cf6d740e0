import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mediaTypes } from "../../lib/http/wire.ts";
import { type Child, startIdleConsumers } from "../support/child.ts";
import { httpRequest, runLoad } from "../support/load.ts";
import { atMost, figure, median, type Metric, progress } from "../support/metrics.ts";

const loadRequests = 6_000;
const loadConnections = 64;
const singleRequests = 500;
/** More than a minute, so that what happens once a minute is in it. */
const idleMs = 65_000;
const tickMs = 10;

interface Cost {
  readonly loadUs: number;
  readonly singleMs: number;
}

/** A server with idle groups and consumers beside one with none: what an append costs, and what it does while nothing happens. */
export async function measureIdleCost(folder: string, rounds: number, count: number): Promise<Metric[]> {
  progress(`${count} groups and consumers …`);
  const none = await startIdleConsumers(join(folder, "none"), 0);
  const many = await startIdleConsumers(join(folder, "many"), count);
  const costs: { readonly none: Cost; readonly many: Cost }[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const both = { none: await measure(none), many: await measure(many) };
      if (round > 0) costs.push(both); // the first warms up
    }
    progress("idle …");
    const before = [await used(none), await used(many)] as const;
    await sleep(idleMs);
    const after = [await used(none), await used(many)] as const;
    return [
      ...appendMetrics(costs, count),
      ...idleMetrics("none", before[0], after[0]),
      ...idleMetrics(String(count), before[1], after[1]),
    ];
  } finally {
    await Promise.all([none.stop(), many.stop()]);
  }
}

function appendMetrics(costs: readonly { readonly none: Cost; readonly many: Cost }[], count: number): Metric[] {
  const ratio = (of: (cost: Cost) => number): number => median(costs.map(({ none, many }) => of(many) / of(none)));
  const name = `with ${count} idle groups and consumers, times none's`;
  return [
    atMost(
      `append of one record, 64 in flight, ${name}`,
      ratio(({ loadUs }) => loadUs),
      "ratio",
      1.1,
    ),
    atMost(
      `latency of a single append ${name}`,
      ratio(({ singleMs }) => singleMs),
      "ratio",
      1.1,
    ),
    figure("append of one record, 64 in flight, with none", median(costs.map(({ none }) => none.loadUs)), "µs"),
    figure("latency of a single append with none, median", median(costs.map(({ none }) => none.singleMs)), "ms"),
  ];
}

function idleMetrics(name: string, before: Used, after: Used): Metric[] {
  const minutes = idleMs / 60_000;
  return [
    figure(`idle with ${name}: processor`, (after.cpuMs - before.cpuMs) / minutes, "ms/minute"),
    figure(`idle with ${name}: written`, (after.writtenBytes - before.writtenBytes) / minutes, "bytes/minute"),
  ];
}

async function measure({ port }: Child): Promise<Cost> {
  const body = Buffer.from(JSON.stringify({ records: [{ value: "x".repeat(100) }] }));
  const request = httpRequest(port, { path: "/v1/topics/load/records", contentType: mediaTypes.json, body });
  const { elapsedMs } = await runLoad(port, loadConnections, loadRequests, () => request);
  const { latenciesMs } = await runLoad(port, 1, singleRequests, () => request);
  return { loadUs: (1_000 * elapsedMs) / loadRequests, singleMs: median(latenciesMs) };
}

interface Used {
  readonly cpuMs: number;
  readonly writtenBytes: number;
}

/** What a process has used since it began. */
async function used({ pid }: Child): Promise<Used> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  const io = await readFile(`/proc/${pid}/io`, "utf8");
  return { cpuMs: tickMs * (Number(fields[11]) + Number(fields[12])), writtenBytes: Number(/^wchar: (\d+)$/m.exec(io)?.[1]) };
}
