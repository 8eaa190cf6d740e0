import type { ProduceAnswer } from "../../lib/http/wire.ts";
import type { SentRecord } from "../../lib/testing/history.ts";
import { type Connection, pause, postJson } from "./connection.ts";
import { nameOf, padded } from "./padding.ts";
import type { Recording } from "./recording.ts";

const recordsMax = 5;

export interface ProducerOptions {
  readonly topic: string;
  readonly partitions: number;
  /** How long its records are at most, beside their names. */
  readonly charsMax: number;
  /** After each request. */
  readonly pauseMs: number;
}

/** One idempotent producer: a request at a time, each sent under one sequence number until it is answered. */
export async function runProducer(connection: Connection, recording: Recording, nth: number, options: ProducerOptions): Promise<void> {
  for (let sequence = 0; !connection.isEnding; sequence++) {
    const records = Array.from({ length: 1 + Math.floor(Math.random() * recordsMax) }, (_, at) => recordOf(nth, sequence, at, options));
    const startAt = recording.moment();
    const headers = { "producer-id": String(1_000 + nth), "producer-epoch": "0", "producer-seq": String(sequence) };
    const { body } = await connection.expect([200], `/${options.topic}/records`, postJson({ records }, headers));
    const answer = body as ProduceAnswer;
    const sent = records.map(({ value }, at): SentRecord => {
      const told = answer.offsets[at];
      if (told === undefined || !("offset" in told)) throw new Error(`no offset for ${nameOf(value)}: ${JSON.stringify(answer)}`);
      return { value: nameOf(value), outcome: "ok", partition: told.partition, offset: told.offset };
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
    await pause(options.pauseMs);
  }
}

/** Some with a key, some for a partition, some for none. */
function recordOf(
  nth: number,
  sequence: number,
  at: number,
  { partitions, charsMax }: ProducerOptions,
): { value: string; key?: string; partition?: number } {
  const value = padded(`p${nth}-${sequence}-${at}`, Math.floor(Math.random() * charsMax));
  const kind = (sequence + at) % 3;
  if (kind === 0) return { value };
  return kind === 1 ? { value, key: `key ${nth}-${sequence % 10}` } : { value, partition: Math.floor(Math.random() * partitions) };
}
