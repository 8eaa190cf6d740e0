/**
 * `npm run chaos:kill [-- --rounds 100] [--seconds 0] [--json]`
 * Kills the server with `kill -9` at random moments while idempotent producers write and readers read, starts it again over the same
 * folder, and in the end judges everything that clients were told by what the log holds. In every third round the journal's
 * end is torn as well. `--seconds` ends the run early; 0: no bound.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHistory, type Anomaly } from "../lib/testing/history.ts";
import { runProducer } from "./chaos/producer.ts";
import { readAll, runReader } from "./chaos/reader.ts";
import { Recording } from "./chaos/recording.ts";
import { tearTail } from "./chaos/torn-tail.ts";
import { createTopic } from "./support/api.ts";
import { startStratalog } from "./support/child.ts";
import { atLeast, atMost, benchOptions, figure, median, progress, report } from "./support/metrics.ts";

const topic = "chaos";
const partitions = 8;
const producers = 8;
const lifeMsMax = 500;
const tearEvery = 3;

const { rounds, seconds, json } = benchOptions({ rounds: 100, seconds: 0 });
const folder = await mkdtemp(join(tmpdir(), "stratalog-chaos-"));
const recording = new Recording();
const restartMs: number[] = [];
let killed = 0;
let torn = 0;
try {
  let server = await startStratalog(folder);
  await createTopic(server, topic, partitions);
  recording.server = `http://127.0.0.1:${server.port}/v1/topics/${topic}`;
  const clients = [
    ...Array.from({ length: producers }, (_, nth) => runProducer(recording, nth, partitions)),
    ...Array.from({ length: partitions }, (_, partition) => runReader(recording, partition)),
  ];
  const deadline = seconds === 0 ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000;
  while (killed < rounds && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * lifeMsMax));
    recording.server = undefined;
    await server.kill();
    killed++;
    if (killed % tearEvery === 0 && (await tearTail(folder))) torn++;
    const begun = performance.now();
    server = await startStratalog(folder);
    restartMs.push(performance.now() - begun);
    recording.server = `http://127.0.0.1:${server.port}/v1/topics/${topic}`;
    if (killed % 10 === 0) progress(`${killed} kills, ${recording.acknowledged} records acknowledged …`);
  }
  // Every request is tried until it has its answer; then once more through a kill, so that nothing was only in memory.
  recording.isEnding = true;
  await Promise.all(clients);
  await server.kill();
  server = await startStratalog(folder);
  recording.server = `http://127.0.0.1:${server.port}/v1/topics/${topic}`;
  for (let partition = 0; partition < partitions; partition++) recording.final.set(partition, await readAll(recording, partition));
  await server.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}

const findings = checkHistory(recording);
for (const { anomaly, message } of findings.slice(0, 20)) progress(`${anomaly}: ${message}`);
const lost: readonly Anomaly[] = ["lost-write", "vanished", "acknowledged-though-not-applied", "unseen"];
const count = (kinds: readonly Anomaly[]): number => findings.filter(({ anomaly }) => kinds.includes(anomaly)).length;
const named = [...lost, "duplicate", "gap"] as const;
report(
  [
    atLeast("kills", killed, "kills", seconds === 0 ? rounds : 1),
    figure("torn tails injected", torn, "tails"),
    atLeast("acknowledged records", recording.acknowledged, "records", killed * producers),
    figure("requests sent again after a kill", recording.retries, "requests"),
    atMost("acknowledged records lost", count(lost), "records", 0),
    atMost("records duplicated", count(["duplicate"]), "records", 0),
    atMost("gaps", count(["gap"]), "gaps", 0),
    atMost("other anomalies", findings.filter(({ anomaly }) => !named.some((name) => name === anomaly)).length, "findings", 0),
    figure("restart to ready, median", median(restartMs), "ms"),
  ],
  json,
);
