/**
 * `npm run chaos:triggers [-- --seconds 60] [--engine memory|local|aws] [--seed K] [--json] [--unfenced]`
 * Two functions on 8 partitions: one whose answers are written, and one that fails on marked records, which are split, tried again and given up to a topic. Four
 * who deliver race for partitions, freeze past their leases with steps sent and not sent, die, lose answers, hand on to nobody or twice; the log's clock goes faster
 * than the machine's. Then it drains, and topics and calls are judged. `--unfenced` takes the condition out of what is written of a partition, which has to be found.
 */
import { parseArgs } from "node:util";
import { engineNames } from "./chaos/groups/stores.ts";
import { numberOf } from "./chaos/options.ts";
import { runTriggerChaos } from "./chaos/triggers/run.ts";
import { startStore } from "./chaos/triggers/stores.ts";
import { judged, summary } from "./chaos/triggers/verdict.ts";
import { atLeast, progress, report } from "./support/metrics.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    engine: { type: "string", default: "memory" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
    unfenced: { type: "boolean", default: false },
  },
});

const drainSeconds = 60;
const shownMax = 20;

const seconds = numberOf("seconds", values.seconds);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed);
const engine = engineNames.find((name) => name === values.engine);
if (engine === undefined) throw new Error(`--engine is one of ${engineNames.join(", ")}`);
const store = await startStore(engine, seconds);
try {
  const notes = await runTriggerChaos({ store, seconds, seed, drainSeconds, isFenced: !values.unfenced });
  const findings = judged(notes);
  for (const { anomaly, message } of findings.slice(0, shownMax)) progress(`${anomaly}: ${message}`);
  for (const message of notes.problems.slice(0, shownMax)) progress(message);
  if (findings.length > 0) progress(`seed ${seed}`);
  report(
    values.unfenced
      ? [atLeast("found without the fence", findings.length, "findings", 1)]
      : summary(notes, findings, seconds, store.engine.isShared),
    values.json,
  );
} finally {
  await store.stop();
}
// Who has died waits for ever.
process.exit();
