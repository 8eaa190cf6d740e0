import { figure, type Metric } from "../support/metrics.ts";
import { type OwnCost, ownCost } from "./own-costs.ts";
import { assumedLambda, pricesNote } from "./prices.ts";
import { type Cost, requestBytes, rivalCosts, type Workload } from "./rivals.ts";
import type { StoreMaker } from "./store.ts";

const workloads: readonly Workload[] = [
  { name: "1 record of 800 B a request", recordsARequest: 1, recordBytes: 800, partitions: 16 },
  { name: "100 records of 100 B a request", recordsARequest: 100, recordBytes: 100, partitions: 16 },
  { name: "1,000 records of 1,000 B a request", recordsARequest: 1_000, recordBytes: 1_000, partitions: 16 },
];
const gib = 2 ** 30;
const million = 1e6;

export interface Row {
  readonly workload: Workload;
  readonly cost: Cost;
}

export interface Dollars {
  readonly rows: readonly Row[];
  readonly stored: readonly { readonly workload: Workload; readonly gibMonth: number }[];
}

export async function computeDollars(makeStore: StoreMaker): Promise<Dollars> {
  const rows: Row[] = [];
  const stored: { readonly workload: Workload; readonly gibMonth: number }[] = [];
  for (const workload of workloads) {
    const own: OwnCost = await ownCost(makeStore, workload);
    for (const cost of [...own.costs, ...rivalCosts(workload)]) rows.push({ workload, cost });
    stored.push({ workload, gibMonth: (own.storedMonth / requestBytes(workload)) * gib });
  }
  return { rows, stored };
}

export function dollarMetrics({ rows, stored }: Dollars): readonly Metric[] {
  return [
    ...rows.flatMap(({ workload, cost }) => [
      figure(`${workload.name}, ${cost.service}: written`, cost.writeARequest * million, "$/million requests"),
      figure(`${workload.name}, ${cost.service}: written`, aGib(workload, cost.writeARequest), "$/GB"),
      figure(`${workload.name}, ${cost.service}: read once`, aGib(workload, cost.readARequest), "$/GB"),
      figure(`${workload.name}, ${cost.service}: idle`, cost.idleAMonth, "$/month"),
    ]),
    ...stored.map(({ workload, gibMonth }) => figure(`${workload.name}, Stratalog: kept`, gibMonth, "$/GB-month")),
  ];
}

/** The table as Markdown, with what it rests on. */
export function dollarTable({ rows, stored }: Dollars): string {
  const head = ["request", "service", "$ per million requests", "$ per GB written", "$ per GB read once", "$ a month, idle"];
  const lines = rows.map(({ workload, cost }) => [
    workload.name,
    cost.service,
    money(cost.writeARequest * million),
    money(aGib(workload, cost.writeARequest)),
    money(aGib(workload, cost.readARequest)),
    money(cost.idleAMonth),
  ]);
  const table = [head, head.map((_, nth) => (nth < 2 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${table}\n\n${notes(stored).join("\n")}\n`;
}

function notes(stored: Dollars["stored"]): readonly string[] {
  const { memoryGb, requestMs, msAMebibyte } = assumedLambda;
  const kept = stored.map(({ workload, gibMonth }) => `${money(gibMonth)} (${workload.name})`).join(", ");
  return [
    `- All prices are assumptions: ${pricesNote}. A GB is 2^30 bytes of values. No data transfer, no free tier, no discounts.`,
    "- Stratalog: units counted from the engine's own requests, one request at a time; requests that come together share commits and cost less. Sealing and deletion are not in it. Read: by a reader in another process that looks after each request.",
    `- Lambda is assumed, not measured: ${memoryGb} GB for ${requestMs} ms a request and ${msAMebibyte} ms more a MiB, for a write and for a read.`,
    `- Stratalog keeps a GB for a month for $: ${kept}. What the others keep (Kinesis 24 hours within its price) is not compared.`,
    "- Kinesis: each request as one record; provisioned: shards used to the full, readers within their shared throughput. MSK Serverless: 16 partitions. S3: one PUT and one GET, no order, no offsets, no listing.",
  ];
}

function aGib(workload: Workload, dollarsARequest: number): number {
  return (dollarsARequest / requestBytes(workload)) * gib;
}

function money(value: number): string {
  if (value === 0) return "0";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
