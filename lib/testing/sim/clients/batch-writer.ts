import { encodeBatch } from "../../../core/codec/record-batch.ts";
import { LogError } from "../../../core/errors.ts";
import { identity } from "../process.ts";
import { ask, noteProblem, pause, topicName } from "../world.ts";
import type { Client } from "../world.ts";
import { takeProducerId } from "./producer-id.ts";
import { Outcomes } from "./records.ts";

const attemptsMax = 6;

/** An idempotent producer by Kafka's rules: a sequence number a record and partition; when it gives up it takes a new epoch and starts at 0. */
export const batchWriter: Client = async (world, self) => {
  const id = takeProducerId(world.producerIds, () => self.prng.between(1, 1_000_000));
  let epoch = 0;
  let rank = 0;
  const sequences = new Map<number, number>();
  for (let i = 0; i < self.operations; i++) {
    await pause(self, 50);
    const partition = self.prng.between(0, world.partitions - 1);
    const sequence = sequences.get(partition) ?? 0;
    const values = Array.from({ length: self.prng.between(1, 4) }, () => world.recorder.newValue(self.life.name));
    const records = values.map((value) => ({ key: null, value: new TextEncoder().encode(value), headers: [], timestampMs: 1 }));
    const options = { nowMs: 1, compression: identity, compressionType: "none", producer: { id, epoch, sequence } } as const;
    const bytes = encodeBatch(records, options);
    const startAt = world.recorder.now();
    const outcomes = new Outcomes(values);
    for (let attempt = 0; attempt < attemptsMax && !outcomes.areAllOk; attempt++) {
      if (attempt > 0) await pause(self, 50);
      try {
        const { baseOffset } = await ask(
          world,
          self,
          "appendBatches",
          (log) => log.appendBatches(topicName, partition, bytes.slice()),
          true,
        );
        outcomes.answered(values.map((_, nth) => ({ partition, offset: baseOffset + nth, duplicate: false })));
      } catch (reason) {
        const error = LogError.from(reason);
        outcomes.failed(error);
        noteProblem(world, self, "appendBatches", error);
        if (error.code === "out_of_order_sequence" || error.code === "producer_fenced") {
          world.recorder.problem(`${self.life.name} was told ${error.code} although it is alone and never left a gap: ${error.message}`);
        }
      }
    }
    world.recorder.append({
      client: self.life.name,
      startAt,
      records: outcomes.records(world.network.faults.repeated > 0),
      atomic: true,
      ordered: { key: `producer ${id}`, rank: rank++ },
    });
    sequences.set(partition, sequence + values.length);
    if (!outcomes.areAllOk) {
      epoch++;
      sequences.clear();
    }
  }
};
