import { LogError } from "../../../lib/core/errors.ts";
import type { FetchFrom, FetchResult } from "../../../lib/log/log.ts";
import { seenIn } from "../../../lib/testing/sim/clients/reader.ts";
import { ask, type Client, noteProblem, pause, topicName } from "../../../lib/testing/sim/world.ts";

/** Follows a partition by polls that end within a client's patience; now and then it seeks, also far back. */
export const follower: Client = async (world, self) => {
  const { prng } = self;
  let partition = prng.between(0, world.partitions - 1);
  let from: FetchFrom | "back" = "earliest";
  let seeks = true;
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 60);
    if (prng.chance(0.04)) {
      partition = prng.between(0, world.partitions - 1);
      from = prng.pick(["earliest", "latest", "back"]);
      seeks = true;
    }
    const startAt = world.recorder.now();
    const request = { bytesMax: prng.pick([1, 1_000, 10_000]), waitMs: prng.pick([0, 0, 300]) };
    try {
      if (from === "back") {
        const [marks] = await ask(world, self, "watermarks", (log) => log.watermarks(topicName, [partition]), true);
        from = prng.between(0, marks?.highWatermark ?? 0);
      }
      const start: FetchFrom = from;
      const found: FetchResult = await ask(
        world,
        self,
        `fetch ${partition}`,
        (log) => log.fetch(topicName, partition, { from: start, ...request }),
        true,
      );
      const { offset, nextOffset, highWatermark } = found;
      const told = { partition, from: offset, seeks, seen: seenIn(found), nextOffset, highWatermark };
      world.recorder.poll({ reader: self.life.name, startAt, ...told });
      from = nextOffset;
      seeks = false;
    } catch (reason) {
      noteProblem(world, self, `a fetch of partition ${partition}`, LogError.from(reason));
    }
  }
};
