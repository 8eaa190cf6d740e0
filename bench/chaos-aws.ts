/**
 * `npm run chaos:aws [-- --seconds 60] [--seed K] [--json] [--guard NAME | --guards] [--verbose]`
 * The AWS engine over DynamoDB Local and LocalStack's S3 in several processes, whose requests are slow, lost, late, repeated, refused, answered
 * with what is old or damaged, and which crash and freeze, while clients write and read; in the end everything that clients were told is judged by
 * what the log holds. `--guard` takes one guard of the engine out, `--guards` each in turn: that has to be found within a minute.
 */
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startEmulatedAws } from "../scripts/emulators/aws-store.ts";
import { guards } from "./chaos/aws/guards.ts";
import { runChaos, type RunResult } from "./chaos/aws/run.ts";
import { summary } from "./chaos/aws/summary.ts";
import { guardsWanted, numberOf } from "./chaos/options.ts";
import { atMost, type Metric, progress, report } from "./support/metrics.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
    guard: { type: "string" },
    guards: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});

const guardSeconds = 60;
const roundSeconds = 8;
const shownMax = 20;
type GuardName = keyof typeof guards;

const seconds = numberOf("seconds", values.seconds);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed);
const wanted = guardsWanted(guards, values);
// For the first minute or two a JVM that compiles well spends more than it saves.
const aws = await startEmulatedAws({ usedFor: seconds > 120 && wanted.length === 0 ? "minutes" : "seconds" });
try {
  const metrics: Metric[] = [];
  for (const name of wanted) metrics.push(await findMissing(name));
  if (wanted.length === 0) {
    const result = await runChaos({ aws, seed, seconds, name: "all", isVerbose: values.verbose });
    if (result.findings.length > 0 || values.verbose) show(result, seed);
    else await rm(result.logPath);
    metrics.push(...summary(result, seconds));
  }
  report(metrics, values.json);
} finally {
  await aws.stop();
}

/** Short runs, each over an empty store, until the judge finds something. */
async function findMissing(name: GuardName): Promise<Metric> {
  const begunMs = performance.now();
  const elapsed = (): number => (performance.now() - begunMs) / 1_000;
  for (let round = 0; elapsed() < guardSeconds - roundSeconds; round++) {
    const options = { aws, seed: seed + round, seconds: roundSeconds, name, isVerbose: values.verbose, variation: guards[name] };
    const result = await runChaos(options);
    if (!values.verbose) await rm(result.logPath);
    const [first] = result.findings.filter(({ anomaly }) => anomaly !== "problem");
    if (first === undefined) continue;
    progress(`without ${name}, after ${elapsed().toFixed(0)} s: ${first.anomaly}: ${first.message}`);
    return atMost(`found without ${name}`, elapsed(), "s", guardSeconds);
  }
  progress(`without ${name}, nothing is found in ${guardSeconds} s`);
  return { ...atMost(`found without ${name}`, elapsed(), "s", guardSeconds), met: false };
}

function show({ findings, logPath }: RunResult, ownSeed: number): void {
  for (const { anomaly, message } of findings.slice(0, shownMax)) progress(`${anomaly}: ${message}`);
  if (findings.length > shownMax) progress(`and ${findings.length - shownMax} more`);
  progress(`seed ${ownSeed}; what was done to requests is in ${logPath}`);
}
