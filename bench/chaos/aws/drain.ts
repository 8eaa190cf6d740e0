import { LogError } from "../../../lib/core/errors.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import type { SeenRecord } from "../../../lib/testing/history.ts";
import { checkStrata } from "../../../lib/testing/sim/check-strata.ts";
import { seenIn } from "../../../lib/testing/sim/clients/reader.ts";
import { judgeKept } from "../../../lib/testing/sim/kept-topic.ts";
import { identity } from "../../../lib/testing/sim/process.ts";
import type { Recorder } from "../../../lib/testing/sim/recorder.ts";
import type { StoreWatch } from "../../../lib/testing/sim/store-watch.ts";
import { topicName } from "../../../lib/testing/sim/world.ts";

/** Of a partition. After these the rest of it counts as lost, too. */
const unreadableMax = 40;
const roundsAtEnd = 2;
const dayMs = 86_400_000;

/** Reads all that the log holds. What cannot be read is left out: the judge will miss it. */
export async function drain(log: Log, recorder: Recorder): Promise<void> {
  const { partitions } = await log.topics.get(topicName);
  for (let partition = 0; partition < partitions; partition++) recorder.final.set(partition, await readAll(log, partition, recorder));
}

/** Seals all of it, reads it once more, from segments, and looks at all rows and objects of the strata. */
export async function drainSealed(engine: Engine, watch: StoreWatch, recorder: Recorder): Promise<void> {
  const first = new Map(recorder.final);
  // By a clock that all others are behind: what they wrote down as due later is due.
  const clock = { ...nodeClock, nowMs: () => nodeClock.nowMs() + dayMs };
  const strata = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, mergeSegmentsMin: 2, quietMs: 0 };
  const parts = { clock, random: nodeRandom, compression: identity, strata };
  const janitor = createJanitor(engine, parts);
  for (let round = 0; round < roundsAtEnd; round++) {
    const { failures, isComplete } = await janitor(Number.MAX_SAFE_INTEGER);
    if (failures > 0 || !isComplete) recorder.problem(`a janitor without faults around it failed ${failures} times`);
  }
  const log = createLog(engine, parts);
  await drain(log, recorder);
  for (const kept of recorder.kept) for (const message of await judgeKept(log, kept, true)) recorder.problem(message);
  for (const [partition, seen] of recorder.final) {
    const isSame = JSON.stringify(seen) === JSON.stringify(first.get(partition) ?? []);
    if (!isSame) recorder.problem(`partition ${partition} is another one once it is sealed`);
  }
  for (const message of await checkStrata(engine, watch)) recorder.problem(message);
}

async function readAll(log: Log, partition: number, recorder: Recorder): Promise<readonly SeenRecord[]> {
  const all: SeenRecord[] = [];
  let unreadable = 0;
  // After something unreadable batch by batch, so that only that is missed.
  let bytesMax = 200_000;
  for (let from = 0; ; ) {
    try {
      const found = await log.fetch(topicName, partition, { from, bytesMax });
      all.push(...seenIn(found));
      if (found.nextOffset >= found.highWatermark) return all;
      if (found.nextOffset <= from) throw new Error(`the final read of partition ${partition} stops at ${from}`);
      from = found.nextOffset;
    } catch (reason) {
      if (!(reason instanceof LogError)) throw reason;
      if (bytesMax > 1) {
        bytesMax = 1;
        continue;
      }
      if (unreadable++ === 0) recorder.problem(`the final read of partition ${partition} at ${from}: ${reason.message}`);
      if (reason.code === "offset_out_of_range" || unreadable > unreadableMax) return all;
      from++;
    }
  }
}
