/**
 * `npm run chaos:groups [-- --seconds 60] [--engine memory|local|aws] [--seed K] [--json] [--guard NAME | --guards]`
 * A group of eight members on 32 partitions that leave, die, freeze past their session and come back, and whose calls are late, lost and repeated; then it drains,
 * and what members, producers and a watcher saw is judged. `--engine aws`: two processes over DynamoDB Local and LocalStack's S3, by turns. `--guard` takes one
 * guard out, `--guards` each in turn: that has to be found within a minute.
 */
import { parseArgs } from "node:util";
import { guards } from "./chaos/groups/guards.ts";
import { keptShare } from "./chaos/groups/judge.ts";
import type { Notes } from "./chaos/groups/notes.ts";
import { runGroupChaos, sessionTimeoutMs } from "./chaos/groups/run.ts";
import { engineNames, startStore } from "./chaos/groups/stores.ts";
import { judged, keptShareMin, soFar, summary } from "./chaos/groups/verdict.ts";
import { guardsWanted, numberOf } from "./chaos/options.ts";
import { atMost, type Metric, progress, report } from "./support/metrics.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    engine: { type: "string", default: "memory" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
    guard: { type: "string" },
    guards: { type: "boolean", default: false },
  },
});

const guardSeconds = 60;
const roundSeconds = 20;
const drainSeconds = 60;
const guardDrainSeconds = 20;
const shownMax = 20;
type GuardName = keyof typeof guards;

const seconds = numberOf("seconds", values.seconds);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed);
const engine = engineNames.find((name) => name === values.engine);
if (engine === undefined) throw new Error(`--engine is one of ${engineNames.join(", ")}`);
const wanted = guardsWanted(guards, values);
const store = await startStore(engine, seconds);
try {
  const metrics: Metric[] = [];
  for (const name of wanted) metrics.push(await findMissing(name));
  if (wanted.length === 0) {
    const notes = await runGroupChaos({ store, seconds, seed, drainSeconds });
    const findings = judged(notes, sessionTimeoutMs);
    for (const { anomaly, message } of findings.slice(0, shownMax)) progress(`${anomaly}: ${message}`);
    for (const message of notes.problems.slice(0, shownMax)) progress(message);
    if (findings.length > 0) progress(`seed ${seed}`);
    metrics.push(...summary(notes, findings, seconds, sessionTimeoutMs));
  }
  report(metrics, values.json);
} finally {
  await store.stop();
}

/** Short runs until the judge finds something. */
async function findMissing(name: GuardName): Promise<Metric> {
  const begunMs = performance.now();
  const elapsed = (): number => (performance.now() - begunMs) / 1_000;
  for (let round = 0; elapsed() < guardSeconds; round++) {
    let foundSeconds: number | undefined;
    const isEnough = (notes: Notes): boolean => {
      if (foundSeconds === undefined && wrongSoFar(notes).length > 0) foundSeconds = elapsed();
      return foundSeconds !== undefined;
    };
    const run = { store, seconds: roundSeconds, seed: seed + round, drainSeconds: guardDrainSeconds, variation: guards[name], isEnough };
    const notes = await runGroupChaos(run);
    const wrong = foundSeconds === undefined ? [...wrongSoFar(notes), ...judged(notes, sessionTimeoutMs).map(shown)] : wrongSoFar(notes);
    const [first] = wrong;
    if (first === undefined) continue;
    progress(`without ${name}, after ${(foundSeconds ?? elapsed()).toFixed(0)} s: ${first}`);
    return atMost(`found without ${name}`, foundSeconds ?? elapsed(), "s", guardSeconds);
  }
  progress(`without ${name}, nothing is found in ${guardSeconds} s`);
  return { ...atMost(`found without ${name}`, elapsed(), "s", guardSeconds), met: false };
}

function wrongSoFar(notes: Notes): readonly string[] {
  const share = keptShare(notes.departures);
  const moved = share < keptShareMin ? [`only ${(100 * share).toFixed(0)} % of partitions kept their owner when another one left`] : [];
  return [...soFar(notes, sessionTimeoutMs).map(shown), ...moved, ...notes.problems];
}

function shown({ anomaly, message }: { readonly anomaly: string; readonly message: string }): string {
  return `${anomaly}: ${message}`;
}
