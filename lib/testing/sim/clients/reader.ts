import { iterateRecords } from "../../../core/codec/record-batch.ts";
import { LogError } from "../../../core/errors.ts";
import type { FetchFrom, FetchRequest, FetchResult } from "../../../log/log.ts";
import type { SeenRecord } from "../../history.ts";
import { identity } from "../process.ts";
import { ask, noteProblem, pause, topicName } from "../world.ts";
import type { Client } from "../world.ts";

/** Follows a partition, by short and long polls of any size; now and then it seeks. */
export const reader: Client = async (world, self) => {
  const { prng } = self;
  let partition = prng.between(0, world.partitions - 1);
  let from: FetchFrom = "earliest";
  let seeks = true;
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 60);
    if (prng.chance(0.1)) {
      partition = prng.between(0, world.partitions - 1);
      from = prng.pick(["earliest", "latest", "earliest", { timestampMs: 0 }]);
      seeks = true;
    }
    const request: FetchRequest = { from, bytesMax: prng.pick([1, 200, 1_000_000]), waitMs: prng.pick([0, 0, 200, 1_000]) };
    const startAt = world.recorder.now();
    try {
      const found: FetchResult = await ask(world, self, `fetch ${partition}`, (log) => log.fetch(topicName, partition, request), true);
      const { offset, nextOffset, highWatermark } = found;
      world.recorder.poll({
        reader: self.life.name,
        startAt,
        partition,
        from: offset,
        seeks,
        seen: seenIn(found),
        nextOffset,
        highWatermark,
      });
      from = nextOffset;
      seeks = false;
    } catch (reason) {
      noteProblem(world, self, `a fetch of partition ${partition}`, LogError.from(reason));
    }
  }
};

/** The records that were asked for, decoded. */
export function seenIn({ offset, batches }: FetchResult): readonly SeenRecord[] {
  const decoder = new TextDecoder();
  const seen: SeenRecord[] = [];
  for (const record of iterateRecords(batches, identity)) {
    if (record.offset >= offset) seen.push({ offset: record.offset, value: decoder.decode(record.value ?? new Uint8Array(0)) });
  }
  return seen;
}
