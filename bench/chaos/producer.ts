import type { ProduceAnswer } from "../../lib/http/wire.ts";
import type { SentRecord } from "../../lib/testing/history.ts";
import type { Recording } from "./recording.ts";

const recordsMax = 5;

/** One idempotent producer: a request at a time, each sent under one sequence number until it is answered. */
export async function runProducer(recording: Recording, nth: number, partitions: number): Promise<void> {
  for (let sequence = 0; !recording.isEnding; sequence++) {
    const records = Array.from({ length: 1 + Math.floor(Math.random() * recordsMax) }, (_, at) => recordOf(nth, sequence, at, partitions));
    const startAt = recording.moment();
    const answer = (await recording.send("/records", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "producer-id": String(1_000 + nth),
        "producer-epoch": "0",
        "producer-seq": String(sequence),
      },
      body: JSON.stringify({ records }),
    })) as ProduceAnswer;
    const sent = records.map(({ value }, at): SentRecord => {
      const told = answer.offsets[at];
      if (told === undefined || !("offset" in told)) throw new Error(`no offset for ${value}: ${JSON.stringify(answer)}`);
      return { value, outcome: "ok", partition: told.partition, offset: told.offset };
    });
    if (answer.offsets.length !== records.length) throw new Error(`${answer.offsets.length} offsets for ${records.length} records`);
    recording.acknowledged += records.length;
    recording.appends.push({
      client: `p${nth}`,
      startAt,
      endAt: recording.moment(),
      records: sent,
      atomic: false,
      ordered: { key: `p${nth}`, rank: sequence },
    });
  }
}

/** Some with a key, some for a partition, some for none. */
function recordOf(nth: number, sequence: number, at: number, partitions: number): { value: string; key?: string; partition?: number } {
  const value = `p${nth}-${sequence}-${at}`;
  const kind = (sequence + at) % 3;
  if (kind === 0) return { value };
  return kind === 1 ? { value, key: `key ${nth}-${sequence % 10}` } : { value, partition: Math.floor(Math.random() * partitions) };
}
