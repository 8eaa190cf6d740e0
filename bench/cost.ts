/**
 * `npm run bench:cost [-- --json | --markdown] [--entries 20000] [--emulators] [--details]`
 * What the AWS engine's own requests cost by AWS's billing rule: write and read units and S3 calls an entry, and dollars at list
 * prices. In memory, where it is the same each time; with `--emulators` over DynamoDB Local and LocalStack's S3. `--markdown`
 * prints the table of dollars alone; `--details` says on standard error where the units went.
 */
import { parseArgs } from "node:util";
import { nodeClock } from "../lib/node/clock.ts";
import { type EmulatedAws, startEmulatedAws } from "../scripts/emulators/aws-store.ts";
import { checkCapacity } from "./cost/capacity-check.ts";
import { measureCommitTable } from "./cost/commit-table.ts";
import { Details } from "./cost/details.ts";
import { computeDollars, dollarMetrics, dollarTable } from "./cost/dollars.ts";
import { emulatedStores } from "./cost/emulated-store.ts";
import { measureIdleRequests } from "./cost/idle.ts";
import { measureLargeEntries } from "./cost/large-entries.ts";
import { agesOf } from "./cost/load.ts";
import { measureReplay } from "./cost/replay.ts";
import { measureSmallRequests } from "./cost/small-requests.ts";
import { simStore, type StoreMaker } from "./cost/store.ts";
import { measureTailReads } from "./cost/tail-reads.ts";
import { type Metric, report } from "./support/metrics.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    emulators: { type: "boolean", default: false },
    details: { type: "boolean", default: false },
    entries: { type: "string", default: "20000" },
  },
});
const entries = Number(values.entries);
if (!Number.isInteger(entries) || entries < 1) throw new Error("--entries must be a number from 1");

async function measure(makeStore: StoreMaker): Promise<Metric[]> {
  const [ages, details] = [agesOf(entries), new Details(values.details)];
  return [
    ...(await measureSmallRequests(makeStore, ages, details)),
    ...(await measureLargeEntries(makeStore, ages, details)),
    ...(await measureTailReads(makeStore, { name: "", entries }, details)),
    ...(await measureReplay(makeStore, entries, details)),
    ...(await measureCommitTable(makeStore, ages, details)),
  ];
}

async function measureEmulated(): Promise<Metric[]> {
  const aws: EmulatedAws = await startEmulatedAws();
  try {
    return await measure(emulatedStores(aws));
  } finally {
    await aws.stop();
  }
}

if (values.markdown) {
  process.stdout.write(dollarTable(await computeDollars(simStore)));
} else {
  const metrics = [
    ...(await checkCapacity()),
    ...(await measureIdleRequests(await simStore(nodeClock))),
    ...(values.emulators ? await measureEmulated() : await measure(simStore)),
  ];
  const dollars = await computeDollars(simStore);
  if (!values.json) process.stdout.write(`${dollarTable(dollars)}\n`);
  report([...metrics, ...dollarMetrics(dollars)], values.json);
}
