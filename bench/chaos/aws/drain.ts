import { LogError } from "../../../lib/core/errors.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { SeenRecord } from "../../../lib/testing/history.ts";
import { seenIn } from "../../../lib/testing/sim/clients/reader.ts";
import type { Recorder } from "../../../lib/testing/sim/recorder.ts";
import { topicName } from "../../../lib/testing/sim/world.ts";

/** Of a partition. After these the rest of it counts as lost, too. */
const unreadableMax = 40;

/** Reads all that the log holds. What cannot be read is left out: the judge will miss it. */
export async function drain(log: Log, recorder: Recorder): Promise<void> {
  const { partitions } = await log.topics.get(topicName);
  for (let partition = 0; partition < partitions; partition++) recorder.final.set(partition, await readAll(log, partition, recorder));
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
