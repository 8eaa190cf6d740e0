import { iterateRecords } from "../../../lib/core/codec/record-batch.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Delivery } from "../../../lib/log/consumers/consumers.ts";
import type { Log } from "../../../lib/log/log.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { pause, until } from "../groups/pause.ts";
import { deliver, targetTimeoutMs } from "./deliverer.ts";
import { fastClock } from "./fast-clock.ts";
import { badMark, carrierOf, groups, topics } from "./functions.ts";
import { Notes } from "./notes.ts";
import type { Store } from "./stores.ts";
import { disturbed, Weather } from "./weather.ts";

const partitions = 8;
const writers = 2;
const deliverers = 4;
const recordsMax = 8;
const badChance = 0.05;
const leaseSeconds = 60;
const text = new TextEncoder();
const decoder = new TextDecoder();

export interface RunOptions {
  readonly store: Store;
  readonly seconds: number;
  readonly seed: number;
  readonly drainSeconds: number;
  /** Default true: a write of a partition's row is conditioned on what it was. */
  readonly isFenced?: boolean;
}

/** Two functions are triggered by what writers append, while those who deliver freeze and die; then there are no faults until all is delivered. */
export async function runTriggerChaos({ store, seconds, seed, drainSeconds, isFenced = true }: RunOptions): Promise<Notes> {
  const notes = new Notes();
  const prng = new Prng(seed);
  const clock = fastClock(store.speed);
  const parts = { clock, random: nodeRandom, compression: nodeCompression };
  const log = createLog(store.engine, parts);
  await prepare(log);
  let [isWritten, isOver] = [false, false];
  const writing = Array.from({ length: writers }, (_, nth) =>
    write(`w${nth}`, { log, notes, prng: prng.fork(), pauseMs: store.writerPauseMs, isOver: () => isWritten }),
  );
  const handedOn: Delivery[] = [];
  const { isShared } = store.engine;
  const all: { readonly weather: Weather; readonly running: Promise<void> }[] = [];
  // Where no other process shares the store, its clients are of one log: a process dies whole there, and freezes whole.
  const alone = isShared ? undefined : new Weather(prng.fork());
  const only = alone && createLog(disturbed(store.engine, alone, isFenced), parts);
  const start = () => {
    const weather = alone ?? new Weather(prng.fork());
    const own = only ?? createLog(disturbed(store.another(), weather, isFenced), parts);
    const carrier = carrierOf(weather, notes, prng.fork());
    const running = deliver({ log: own, carrier, weather, clock, notes, prng: prng.fork(), handedOn, isOver: () => isOver });
    const started = { weather, running };
    all.push(started);
    return started;
  };
  const living = Array.from({ length: deliverers }, start);
  const pastLeaseMs = (1_000 * leaseSeconds) / store.speed;
  const endMs = performance.now() + 1_000 * seconds;
  for (let nth = 0; performance.now() < endMs; nth++) {
    await pause(prng.between(200, 1_200));
    const at = nth % living.length;
    const { weather } = living[at] ?? start();
    const isDeath = isShared && prng.chance(0.3);
    notes.count(isDeath ? "deaths" : "freezes");
    weather.freeze();
    if (isDeath) living[at] = start();
    else void pause(prng.between(50, 1.6 * pastLeaseMs)).then(() => weather.thaw());
  }
  isWritten = true;
  await Promise.all(writing);
  // The dead stay dead; who is frozen comes back among the others.
  for (const { weather } of living) {
    weather.isFaulty = false;
    weather.thaw();
  }
  notes.isDrained = await until(() => isDelivered(log), 1_000 * drainSeconds);
  isOver = true;
  const alive = new Set(living);
  await Promise.all(all.filter((each) => alive.has(each)).map(({ running }) => running));
  for (const topic of Object.values(topics)) notes.found.set(topic, await valuesOf(log, topic));
  return notes;
}

async function prepare(log: Log): Promise<void> {
  for (const name of Object.values(topics)) await log.topics.create({ name, partitions });
  const both = { topic: topics.source, target: "local:chaos", targetTimeoutMs, batchSize: 10, startingPosition: "TRIM_HORIZON" } as const;
  await log.consumers.put({ ...both, group: groups.good, outputTopics: [topics.out], reportBatchItemFailures: true });
  const dead = { retryAttempts: 1, bisectBatchOnError: true, onFailure: `kafka://${topics.dead}` };
  await log.consumers.put({ ...both, ...dead, group: groups.failing });
}

interface WriterParts {
  readonly log: Log;
  readonly notes: Notes;
  readonly prng: Prng;
  readonly pauseMs: number;
  readonly isOver: () => boolean;
}

async function write(name: string, { log, notes, prng, pauseMs, isOver }: WriterParts): Promise<void> {
  for (let sent = 0; !isOver(); ) {
    await pause(pauseMs);
    const values = Array.from({ length: prng.between(1, recordsMax) }, () => `${prng.chance(badChance) ? badMark : ""}${name}-${sent++}`);
    const partition = prng.between(0, partitions - 1);
    const records = values.map((value) => ({ key: null, value: text.encode(value), headers: [], partition }));
    for (const [nth, result] of (await log.append(topics.source, { records })).entries()) {
      if ("error" in result) notes.problems.push(`append: ${result.error.message}`);
      else notes.appended.push({ partition, offset: result.offset, value: values[nth] ?? "" });
    }
  }
}

async function isDelivered(log: Log): Promise<boolean> {
  for (const group of Object.values(groups)) {
    const status = await log.consumers.status(group);
    if (status.partitions.some(({ lag }) => lag > 0)) return false;
  }
  return true;
}

async function valuesOf(log: Log, topic: string): Promise<readonly (readonly string[])[]> {
  const marks = await log.watermarks(topic);
  return await Promise.all(
    marks.map(async ({ partition, highWatermark }) => {
      const values: string[] = [];
      for (let at = 0; at < highWatermark; ) {
        const { batches, nextOffset } = await log.fetch(topic, partition, { from: at });
        for (const { value } of iterateRecords(batches, nodeCompression, at)) values.push(decoder.decode(value ?? new Uint8Array(0)));
        at = nextOffset;
      }
      return values;
    }),
  );
}
