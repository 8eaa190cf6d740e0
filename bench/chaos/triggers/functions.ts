import { type CallBatch, CallFailed, type Carrier, type Consumer } from "../../../lib/log/consumers/consumers.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Notes } from "./notes.ts";
import type { Weather } from "./weather.ts";

export const groups = { good: "good", failing: "failing" } as const;
export const topics = { source: "source", out: "out", dead: "dead" } as const;
/** Records that the failing function cannot do. */
export const badMark = "bad-";

const callMsMax = 60;
const decoder = new TextDecoder();

/** Calls both functions: one that fails now and then and answers a record for each that it did, one that fails on marked records. */
export function carrierOf(weather: Weather, notes: Notes, prng: Prng): Carrier {
  return {
    call: (consumer, batch) => weather.through(() => called(consumer, batch, weather, notes, prng)),
    sendFailure: () => Promise.reject(new Error("there is no such destination")),
  };
}

async function called(consumer: Consumer, batch: CallBatch, weather: Weather, notes: Notes, prng: Prng): Promise<unknown> {
  const { partition, records } = batch;
  await new Promise((resolve) => setTimeout(resolve, prng.between(0, callMsMax)));
  const values = records.map(({ value }) => decoder.decode(value ?? new Uint8Array(0)));
  const offsets = records.map(({ offset }) => offset);
  if (weather.isFaulty && prng.chance(0.03)) throw new CallFailed("unavailable", "It could not be called.");
  if (consumer.group === groups.failing) {
    const bad = values.find((value) => value.startsWith(badMark));
    if (bad !== undefined) throw new CallFailed("function", `It cannot do ${bad}.`);
    notes.successes.push({ group: consumer.group, partition, offsets });
    return undefined;
  }
  if (weather.isFaulty && prng.chance(0.05)) throw new CallFailed("function", "It has a bad day.");
  const done = weather.isFaulty && prng.chance(0.1) ? prng.between(0, records.length - 1) : records.length;
  notes.successes.push({ group: consumer.group, partition, offsets: offsets.slice(0, done) });
  const failed = offsets[done];
  return {
    records: values.slice(0, done).map((value) => ({ value, partition })),
    ...(failed !== undefined && {
      batchItemFailures: [{ itemIdentifier: { partition: `${batch.topic}-${partition}`, offset: failed } }],
    }),
  };
}
