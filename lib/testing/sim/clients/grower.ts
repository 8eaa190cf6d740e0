import { LogError } from "../../../core/errors.ts";
import { ask, noteProblem, pause, topicName } from "../world.ts";
import type { Client } from "../world.ts";

const partitionsMax = 20;

/** Adds partitions now and then. */
export const grower: Client = async (world, self) => {
  const hurryMs = self.prng.pick([200, 400, 800]);
  for (let i = 0; i < self.operations; i++) {
    await pause(self, hurryMs);
    const partitions = Math.min(partitionsMax, world.partitions + self.prng.between(1, 3));
    const answer = await ask(world, self, `grow to ${partitions}`, (log) => log.topics.alter(topicName, { partitions })).catch(
      (reason: unknown) => LogError.from(reason),
    );
    if (answer instanceof LogError) noteProblem(world, self, "growing", answer);
    else world.partitions = Math.max(world.partitions, answer.partitions);
  }
};
