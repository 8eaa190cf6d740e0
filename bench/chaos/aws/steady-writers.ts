import { encodeBatch } from "../../../lib/core/codec/record-batch.ts";
import { type ErrorCode, LogError } from "../../../lib/core/errors.ts";
import type { RecordResult } from "../../../lib/log/log.ts";
import { draft, Outcomes } from "../../../lib/testing/sim/clients/records.ts";
import { identity } from "../../../lib/testing/sim/process.ts";
import { ask, type Client, noteProblem, pause, type Self, topicName, type World } from "../../../lib/testing/sim/world.ts";

const attemptsMax = 300;
/** Nobody else has its id, and it never leaves a gap. */
const impossible = new Set<ErrorCode>(["out_of_order_sequence", "producer_fenced", "sequence_reused"]);

/** An idempotent producer of requests: each is sent until it is answered, then the next number is used. */
export const steadyWriter: Client = async (world, self) => {
  const id = BigInt(self.prng.between(1, 1_000_000_000));
  for (let sequence = 0; sequence < self.operations; sequence++) {
    await pause(self, 40);
    const { values, records } = draft(world, self, self.prng.between(1, 5), self.prng.chance(0.7) ? "unplaced" : "any");
    const request = { records, producer: { id, epoch: 0, sequence } };
    const send = () => ask(world, self, "append", (log) => log.append(topicName, request), true);
    if (!(await sendUntilAnswered(world, self, { values, atomic: false, rank: sequence }, send))) return;
  }
};

/** An idempotent producer by Kafka's rules, with a sequence of its own in each partition: each batch is sent until it is answered. */
export const steadyBatchWriter: Client = async (world, self) => {
  const id = BigInt(self.prng.between(1, 1_000_000_000));
  const sequences = new Map<number, number>();
  for (let rank = 0; rank < self.operations; rank++) {
    await pause(self, 40);
    const partition = self.prng.between(0, world.partitions - 1);
    const sequence = sequences.get(partition) ?? 0;
    const values = Array.from({ length: self.prng.between(1, 4) }, () => world.recorder.newValue(self.life.name));
    const records = values.map((value) => ({ key: null, value: new TextEncoder().encode(value), headers: [], timestampMs: 1 }));
    const producer = { id, epoch: 0, sequence };
    const bytes = encodeBatch(records, { nowMs: 1, compression: identity, compressionType: "none", producer });
    const send = async (): Promise<readonly RecordResult[]> => {
      const run = ask(world, self, "appendBatches", (log) => log.appendBatches(topicName, partition, bytes.slice()), true);
      const { baseOffset, duplicate } = await run;
      return values.map((_, nth) => ({ partition, offset: baseOffset + nth, duplicate }));
    };
    if (!(await sendUntilAnswered(world, self, { values, atomic: true, rank }, send))) return;
    sequences.set(partition, sequence + values.length);
  }
};

/** @returns false when that cannot be */
async function sendUntilAnswered(
  world: World,
  self: Self,
  { values, atomic, rank }: { readonly values: readonly string[]; readonly atomic: boolean; readonly rank: number },
  send: () => Promise<readonly RecordResult[]>,
): Promise<boolean> {
  const startAt = world.recorder.now();
  const outcomes = new Outcomes(values);
  const client = self.life.name;
  let isRefused = false;
  for (let attempt = 0; attempt < attemptsMax && !outcomes.areAllOk && !isRefused; attempt++) {
    if (attempt > 0) await pause(self, 100);
    let errors: readonly LogError[];
    try {
      errors = outcomes.answered(await send());
    } catch (reason) {
      errors = [LogError.from(reason)];
      outcomes.failed(LogError.from(reason));
    }
    for (const error of errors) {
      noteProblem(world, self, `sequence ${rank}`, error);
      if (!impossible.has(error.code)) continue;
      isRefused = true;
      world.recorder.problem(`${client} was told ${error.code} although it is alone and never left a gap: ${error.message}`);
    }
  }
  if (!outcomes.areAllOk && !isRefused) world.recorder.problem(`${client} got no answer for ${values.join()} in ${attemptsMax} attempts`);
  world.recorder.append({ client, startAt, records: outcomes.records(false), atomic, ordered: { key: client, rank } });
  return outcomes.areAllOk;
}
