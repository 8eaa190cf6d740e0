/**
 * `npm run chaos:kill [-- --rounds 100] [--seconds 0] [--json]`
 * Kills the server with `kill -9` at random moments while clients write and read and its janitor seals, merges, compacts, lets expire and frees; starts it
 * again over the same folder, with a clock that has gone on by up to three hours, and judges everything that clients were told by what the log holds. In every third
 * round the journal's end is torn as well. In the end `stratalog check` looks at the folder. `--seconds` ends the rounds early; 0: no bound.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHistory } from "../lib/testing/history.ts";
import { ChaosServer } from "./chaos/chaos-server.ts";
import { Connection, pause, postJson } from "./chaos/connection.ts";
import { KeptTopics } from "./chaos/kept-topics.ts";
import { runProducer } from "./chaos/producer.ts";
import { readAll, runReader } from "./chaos/reader.ts";
import { Recording } from "./chaos/recording.ts";
import { runShortLived } from "./chaos/short-lived.ts";
import { summary } from "./chaos/summary.ts";
import { benchOptions, progress, report } from "./support/metrics.ts";

const topic = "chaos";
const partitions = 8;
const producers = 8;
/** Of them: with records of up to so many characters. */
const bigProducers = 2;
const bigChars = 40_000;
const shortLived = 2;
const tendEvery = 4;

const { rounds, seconds, json } = benchOptions({ rounds: 100, seconds: 0 });
const folder = await mkdtemp(join(tmpdir(), "stratalog-chaos-"));
const connection = new Connection();
const recording = new Recording();
const problems: string[] = [];
const server = new ChaosServer(folder, connection);
const kept = new KeptTopics(connection, problems);
let killing: Promise<void> | undefined;
try {
  await server.start();
  await connection.expect([201], "", postJson({ name: topic, partitions, config: { "retention.ms": -1 } }));
  await kept.create();
  killing = kill();
  const lives = Promise.all(Array.from({ length: shortLived }, (_, nth) => runShortLived(connection, `short-${nth}`, problems)));
  await Promise.all([
    killing,
    kept.run(),
    lives,
    ...Array.from({ length: producers }, (_, nth) => {
      const isBig = nth < bigProducers;
      return runProducer(connection, recording, nth, { topic, partitions, charsMax: isBig ? bigChars : 0, pauseMs: isBig ? 20 : 5 });
    }),
    ...Array.from({ length: partitions }, (_, partition) => runReader(connection, recording, topic, partition)),
  ]);
  await server.settle();
  for (let partition = 0; partition < partitions; partition++)
    recording.final.set(partition, (await readAll(connection, topic, partition)).seen);
  const gone = await kept.judgeAll();
  const faults = await server.stopAndCheck();
  const topicsMade = (await lives).reduce((sum, count) => sum + count, 0);
  const run = { rounds: seconds === 0 ? rounds : undefined, server, recording, producers, retries: connection.retries };
  report(summary({ ...run, findings: checkHistory(recording), problems, faults, gone, topicsMade }), json);
} finally {
  connection.isEnding = true;
  await killing?.catch(() => undefined);
  await server.kill();
  await rm(folder, { recursive: true, force: true });
}

async function kill(): Promise<void> {
  const deadline = seconds === 0 ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000;
  try {
    while (server.killed < rounds && performance.now() < deadline && !connection.isEnding) {
      // Now and then a round comes to its end: a journal file goes when all shards have been tended, and tended again.
      if (server.killed % tendEvery === tendEvery - 1) await server.tended();
      else await pause(lifeMs());
      await server.crash();
      if (server.killed % 10 === 0) progress(`${server.killed} kills, ${recording.acknowledged} records acknowledged …`);
    }
  } finally {
    // Every request that runs is tried until it has its answer.
    connection.isEnding = true;
  }
}

/** Some servers end before their janitor begins its first round, which is after a second, many in the middle of it, others later. */
function lifeMs(): number {
  const kind = Math.random();
  if (kind < 0.2) return Math.random() * 1_000;
  return kind < 0.6 ? 1_000 + Math.random() * 500 : 1_500 + Math.random() * 2_000;
}
