import { LogError } from "../../../core/errors.ts";
import { ask, noteProblem, pause, topicName } from "../world.ts";
import type { Client, Self, World } from "../world.ts";
import { takeProducerId } from "./producer-id.ts";
import { draft, Outcomes } from "./records.ts";

/** Sends each record once and takes what it is told: after an unknown outcome it never sends it again. */
export const plainWriter: Client = async (world, self) => {
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 60);
    const { values, records } = draft(world, self, self.prng.between(1, 4));
    await sendOnce(world, self, values, { records });
  }
};

/** Appends to one partition, only at the offset that it has read. */
export const conditionalWriter: Client = async (world, self) => {
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 60);
    const partition = self.prng.between(0, Math.min(world.partitions, 2) - 1);
    const marks = await ask(world, self, "watermarks", (log) => log.watermarks(topicName, [partition]), true).catch((reason: unknown) =>
      LogError.from(reason),
    );
    if (marks instanceof LogError) {
      noteProblem(world, self, "watermarks", marks);
      continue;
    }
    const expectedOffset = marks[0]?.highWatermark ?? 0;
    const { values, records } = draft(world, self, self.prng.between(1, 2));
    const placed = records.map((record) => ({ ...record, partition }));
    await sendOnce(world, self, values, { records: placed, expectedOffset });
  }
};

/** Requests over several shards, all or nothing; every other one is idempotent and tried again. */
export const atomicWriter: Client = async (world, self) => {
  const id = takeProducerId(world.producerIds, () => 1_000 + self.prng.between(0, 1_000_000));
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 80);
    const { values, records } = draft(world, self, self.prng.between(2, 5));
    if (i % 2 === 0) await sendOnce(world, self, values, { records, atomic: true });
    else await sendUntilDone(world, self, values, { records, atomic: true, producer: { id, epoch: 0, sequence: i } });
  }
};

/**
 * An idempotent producer: each request is tried until it is answered, or given up; then the next number is used. Now and then
 * a newer instance takes its id over with the next epoch while the old one still has requests on their way.
 */
export const idempotentWriter: Client = async (world, self) => {
  const id = takeProducerId(world.producerIds, () => self.prng.between(1, 1_000_000));
  const zombies: Promise<void>[] = [];
  let epoch = 0;
  let sequence = self.prng.between(0, 5);
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 40);
    if (self.prng.chance(0.05)) {
      const old = { id, epoch, sequence };
      epoch++;
      zombies.push(zombie(world, self, old));
    }
    const { values, records } = draft(world, self, self.prng.between(1, 5), self.prng.chance(0.7) ? "unplaced" : "any");
    await sendUntilDone(world, self, values, { records, producer: { id, epoch, sequence } });
    sequence += self.prng.between(1, 2);
  }
  await Promise.all(zombies);
};

type Request = Parameters<Parameters<Parameters<typeof ask>[3]>[0]["append"]>[1];

/** What an instance that has been replaced still sends. */
async function zombie(world: World, self: Self, producer: NonNullable<Request["producer"]>): Promise<void> {
  const { values, records } = draft(world, self, 2);
  await pause(self, 100);
  await sendUntilDone(world, self, values, { records, producer }, 2);
}

async function sendOnce(world: World, self: Self, values: readonly string[], request: Request): Promise<void> {
  const startAt = world.recorder.now();
  const outcomes = new Outcomes(values);
  try {
    const results = await ask(world, self, "append", (log) => log.append(topicName, request));
    for (const error of outcomes.answered(results)) noteProblem(world, self, "append", error);
  } catch (reason) {
    const error = LogError.from(reason);
    outcomes.failed(error);
    noteProblem(world, self, "append", error);
  }
  record(world, self, startAt, request, outcomes, false);
}

async function sendUntilDone(world: World, self: Self, values: readonly string[], request: Request, attemptsMax = 6): Promise<void> {
  const startAt = world.recorder.now();
  const outcomes = new Outcomes(values);
  for (let attempt = 0; attempt < attemptsMax && !outcomes.areAllOk; attempt++) {
    if (attempt > 0) await pause(self, 50);
    try {
      const results = await ask(world, self, "append", (log) => log.append(topicName, request), true);
      const errors = outcomes.answered(results);
      for (const error of errors) noteProblem(world, self, "append", error);
      if (errors.some(({ code }) => code === "producer_fenced" || code === "out_of_order_sequence")) break;
    } catch (reason) {
      const error = LogError.from(reason);
      outcomes.failed(error);
      noteProblem(world, self, "append", error);
      if (error.code === "producer_fenced" || error.code === "out_of_order_sequence") break;
    }
  }
  record(world, self, startAt, request, outcomes, world.network.faults.repeated > 0);
}

function record(world: World, self: Self, startAt: number, request: Request, outcomes: Outcomes, mayBeRepeated: boolean): void {
  const { atomic = false, expectedOffset, producer } = request;
  world.recorder.append({
    client: self.life.name,
    startAt,
    records: outcomes.records(mayBeRepeated),
    atomic,
    ...(expectedOffset === undefined ? {} : { expectedOffset }),
    ...(producer === undefined ? {} : { ordered: { key: `producer ${producer.id}`, rank: producer.epoch * 2 ** 31 + producer.sequence } }),
  });
}
