import { limits } from "../../../lib/core/limits.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Catalog } from "../../../lib/ports/catalog.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { progress } from "../../support/metrics.ts";
import { Cast } from "./cast.ts";
import { Disasters } from "./disasters.ts";
import { produce, watch, watchOnce } from "./load.ts";
import type { Manners } from "./member-life.ts";
import { Network } from "./network.ts";
import { Notes } from "./notes.ts";
import { pause, until } from "./pause.ts";
import { slowCatalog, type Weather } from "./slow-catalog.ts";
import type { Store } from "./stores.ts";

export const sessionTimeoutMs = limits.sessionTimeoutMsMin;
const group = "chaos";
const topic = "work";
const partitions = 32;
const members = 8;
const producers = 4;
const toldEveryMs = 30_000;
/** After the last death: each partition gets some records that only its next owner can process. */
const lastRecordsMs = 1_500;

/** What is otherwise than in the product. */
export interface Variation {
  readonly wrap?: (catalog: Catalog) => Catalog;
  readonly manners?: Manners;
}

export interface RunOptions {
  readonly store: Store;
  readonly seconds: number;
  readonly seed: number;
  /** How long the group may take in the end until all is committed. */
  readonly drainSeconds: number;
  readonly variation?: Variation;
  /** Looked at every second: true ends the run early, without a drain. */
  readonly isEnough?: (notes: Notes) => boolean;
}

/** A group that meets disasters for a time, then none until it has drained. */
export async function runGroupChaos(options: RunOptions): Promise<Notes> {
  const { store, seconds, seed, drainSeconds, variation = {}, isEnough = () => false } = options;
  const { wrap = (catalog: Catalog): Catalog => catalog, manners = {} } = variation;
  const notes = new Notes();
  const prng = new Prng(seed);
  const weather: Weather = { isFaulty: false };
  const opened = await store.open((catalog) => slowCatalog(wrap(catalog), weather, prng.fork()));
  const log = firstOf(opened.logs);
  await log.topics.create({ name: topic, partitions, partitionsPerShard: 16 });
  const network = new Network(opened.logs, prng.fork(), notes);
  const life = { network, notes, group, topic, sessionTimeoutMs, idleMs: store.pace.idleMs, manners };
  const cast = new Cast(members, life);
  const endMs = performance.now() + seconds * 1_000;
  let [isOver, isWritten, isDrained, isEnoughNow] = [false, false, false, false];
  const ends = (): boolean => isOver || performance.now() >= endMs;
  const load = { log, notes, topic, partitions, pauseMs: store.pace.producerPauseMs, isOver: () => isWritten };
  const producing = Array.from({ length: producers }, (_, nth) => produce(`p${nth}`, { ...load, prng: prng.fork() }));
  const watching = watch(log, group, notes, store.pace.watchMs, () => isDrained);
  cast.start();
  const setFaulty = (isFaulty: boolean): void => {
    network.isFaulty = isFaulty;
    weather.isFaulty = isFaulty;
  };
  const parts = { cast, log, notes, prng: prng.fork(), group, topic, sessionTimeoutMs, isOver: ends, setFaulty };
  const disasters = new Disasters(parts).run();
  for (let toldMs = performance.now(); !ends(); ) {
    await pause(1_000);
    if (isEnough(notes)) isOver = isEnoughNow = true;
    if (performance.now() - toldMs < toldEveryMs) continue;
    toldMs = performance.now();
    progress(`${notes.appended.length} records appended, ${notes.processed.length} processed, ${notes.counts.get("lives") ?? 0} lives …`);
  }
  await disasters;
  setFaulty(false);
  cast.start();
  // One dies for good: what it had is not to be left.
  const last = cast.life(cast.names[0] ?? "");
  if (last !== undefined) notes.deaths.push(last.crash());
  await pause(lastRecordsMs);
  isWritten = true;
  await Promise.all(producing);
  await until(async () => isEnoughNow || (await isAllCommitted(log, notes)), drainSeconds * 1_000);
  await cast.stop();
  isDrained = true;
  await watching;
  if (!isEnoughNow) notes.final = await finalOf(log, notes);
  await opened.close();
  return notes;
}

async function isAllCommitted(log: Log, notes: Notes): Promise<boolean> {
  return (await finalOf(log, notes)).every(({ committed, highWatermark }) => committed === highWatermark);
}

async function finalOf(log: Log, notes: Notes): Promise<Notes["final"]> {
  const committed = await watchOnce(log, group, notes);
  return (await log.watermarks(topic)).map(({ partition, highWatermark }) => {
    return { partition, committed: committed.get(partition) ?? 0, highWatermark };
  });
}

function firstOf(logs: readonly Log[]): Log {
  const [first] = logs;
  if (first === undefined) throw new Error("no log is open");
  return first;
}
