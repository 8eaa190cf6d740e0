/**
 * `npm run sim [-- --seeds 2000] [--from 1] [--seed K] [--seconds S] [--engine memory|local|aws|all] [--json]`: simulated runs of the log, each judged by
 * the history checker. One `--seed` prints its whole trace on standard error. Exit code 1 with the seed and the finding.
 */
import { parseArgs } from "node:util";
import { missingAwsGuards } from "../lib/testing/sim/aws/missing-guards.ts";
import { awsSimStore } from "../lib/testing/sim/aws-store.ts";
import { localSimStore } from "../lib/testing/sim/local-store.ts";
import { missingGuards } from "../lib/testing/sim/missing-guards.ts";
import { missingStrataGuards } from "../lib/testing/sim/missing-strata-guards.ts";
import { simulate } from "../lib/testing/sim/simulate.ts";
import type { SimulateOptions } from "../lib/testing/sim/simulate.ts";

const engines: Readonly<Record<string, SimulateOptions>> = { memory: {}, local: { store: localSimStore() }, aws: { store: awsSimStore() } };
const guardSeedsMax = 200;
const shownMax = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    seconds: { type: "string" },
    engine: { type: "string", default: "all" },
    json: { type: "boolean", default: false },
  },
});

const only = values.seed === undefined ? undefined : wholeNumber("seed", values.seed);
const seedsWanted = only === undefined ? wholeNumber("seeds", values.seeds) : 1;
const from = only ?? wholeNumber("from", values.from);
const deadlineMs =
  values.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + 1_000 * wholeNumber("seconds", values.seconds);
const chosen = Object.entries(engines).filter(([name]) => values.engine === "all" || values.engine === name);
if (chosen.length === 0) stop("Give --engine memory, local, aws or all.");

const metrics: { name: string; value: number; unit: string; target: number | null; met: boolean | null }[] = [];
let isFine = true;

const runs = await runSeeds();
for (const [engine] of chosen) {
  const { seeds = 0, findings = 0, records = 0, milliseconds = 0 } = runs.get(engine) ?? {};
  metric(`${engine}: simulated runs`, seeds, "runs", values.seconds === undefined ? seedsWanted : null, seeds >= seedsWanted);
  metric(`${engine}: runs with a finding`, findings, "runs", 0, findings === 0);
  metric(`${engine}: records acknowledged`, records, "records", null, null);
  metric(`${engine}: one run`, Math.round((milliseconds / Math.max(1, seeds)) * 10) / 10, "ms", null, null);
}
if (only === undefined) await runGuards();
if (values.json) console.log(JSON.stringify({ metrics }));
else
  for (const { name, value, unit, target, met } of metrics)
    console.log(`${name}: ${value} ${unit}${target === null ? "" : ` (target ${target}, ${met === true ? "met" : "MISSED"})`}`);
process.exitCode = isFine ? 0 : 1;

interface Sum {
  seeds: number;
  findings: number;
  records: number;
  milliseconds: number;
}

/** Every engine gets each seed before any gets the next one, so that a deadline treats them alike. */
async function runSeeds(): Promise<ReadonlyMap<string, Sum>> {
  const sums = new Map(chosen.map(([engine]) => [engine, { seeds: 0, findings: 0, records: 0, milliseconds: 0 }]));
  for (let seed = from; seed < from + seedsWanted && performance.now() < deadlineMs; seed++) {
    for (const [engine, options] of chosen) {
      const sum = sums.get(engine);
      if (sum !== undefined) await runSeed(engine, seed, options, sum);
    }
    const done = seed - from + 1;
    if (done % 100 === 0) console.error(`${done} of ${seedsWanted} seeds`);
  }
  return sums;
}

async function runSeed(engine: string, seed: number, options: SimulateOptions, sum: Sum): Promise<void> {
  const startMs = performance.now();
  const { findings, history, trace } = await simulate(seed, options);
  sum.milliseconds += performance.now() - startMs;
  sum.seeds++;
  sum.records += history.appends.flatMap(({ records }) => records).filter(({ outcome }) => outcome === "ok").length;
  if (only !== undefined) for (const line of trace) console.error(line);
  if (findings.length === 0) return;
  sum.findings++;
  isFine = false;
  console.error(
    `Seed ${seed} over the ${engine} engine found ${findings.length}. See it again: npm run sim -- --seed ${seed} --engine ${engine}`,
  );
  for (const { anomaly, message } of findings.slice(0, shownMax)) console.error(`  ${anomaly}: ${message}`);
}

/** A simulator that does not find a guard that is missing proves nothing. */
async function runGuards(): Promise<void> {
  const guards = Object.entries<SimulateOptions>({ ...missingGuards, ...missingAwsGuards, ...missingStrataGuards });
  let found = 0;
  for (const [name, options] of guards) {
    const seed = await firstSeedThatFinds(options, name in missingStrataGuards);
    console.error(
      seed === undefined ? `Without ${name}: nothing found in ${guardSeedsMax} seeds` : `Without ${name}: found by seed ${seed}`,
    );
    if (seed === undefined) isFine = false;
    else found++;
  }
  metric("guards removed and found", found, "guards", guards.length, found === guards.length);
}

/** @param countsProblems whether what is left in the store shows it, too, and not only what clients were told */
async function firstSeedThatFinds(options: SimulateOptions, countsProblems: boolean): Promise<number | undefined> {
  for (let seed = 1; seed <= guardSeedsMax; seed++) {
    const { findings } = await simulate(seed, options);
    if (findings.some(({ anomaly }) => countsProblems || anomaly !== "problem")) return seed;
  }
  return undefined;
}

function metric(name: string, value: number, unit: string, target: number | null, met: boolean | null): void {
  metrics.push({ name, value, unit, target, met: target === null ? null : met });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) stop(`Give --${name} as an integer, such as --${name} 100.`);
  return value;
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
