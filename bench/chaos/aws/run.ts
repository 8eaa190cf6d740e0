import { setTimeout as sleep } from "node:timers/promises";
import { createAwsEngine, type Storage } from "../../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../../lib/engines/aws/sdk-table.ts";
import type { Tuning } from "../../../lib/engines/aws/tuning.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { type Anomaly, checkHistory, type History } from "../../../lib/testing/history.ts";
import { Network, type NetworkFaults, noFaults } from "../../../lib/testing/sim/network.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { identity, SimProcess } from "../../../lib/testing/sim/process.ts";
import { Recorder } from "../../../lib/testing/sim/recorder.ts";
import { StoreWatch } from "../../../lib/testing/sim/store-watch.ts";
import { topicName, type World } from "../../../lib/testing/sim/world.ts";
import type { EmulatedAws, EmulatedStore } from "../../../scripts/emulators/aws-store.ts";
import { countStrata, drawJanitor } from "./strata.ts";
import { type Crowd, runCrowd } from "./crowd.ts";
import { Disasters } from "./disasters.ts";
import { drain, drainSealed } from "./drain.ts";
import { FaultLog } from "./fault-log.ts";
import type { Mix } from "./mixes.ts";
import { RealTime } from "./real-time.ts";
import { ChaosStore, epochsBack } from "./store.ts";

/** A run in which a guard is missing, made so that this shows soon. All left out: the run as it has to be without a finding. */
export interface Variation {
  readonly wrap?: (storage: Pick<Storage, "table" | "bucket">) => Pick<Storage, "table" | "bucket">;
  readonly maxAttempts?: number;
  readonly mix?: Mix;
  readonly tuning?: Partial<Tuning>;
  readonly crowd?: Crowd;
  /** How much more time than in the simulator all clients take, and give. */
  readonly slowness?: number;
  readonly network?: NetworkFaults;
  readonly partitions?: number;
  readonly partitionsPerShard?: number;
  /** Whether processes crash and freeze. */
  readonly isSteady?: boolean;
  /** Whether payloads are collected. Default true; its fence also ends commits that another guard has to. */
  readonly collects?: boolean;
}

const asItIs: NonNullable<Variation["wrap"]> = (storage) => storage;

export interface RunOptions {
  readonly aws: EmulatedAws;
  readonly seed: number;
  readonly seconds: number;
  readonly name: string;
  readonly isVerbose: boolean;
  readonly variation?: Variation;
}

export interface Finding {
  readonly anomaly: Anomaly | "problem";
  readonly message: string;
}

export interface RunResult {
  readonly findings: readonly Finding[];
  readonly history: History;
  /** What happened how often. */
  readonly counts: ReadonlyMap<string, number>;
  readonly logPath: string;
}

/** Between clients and processes. */
const clientNetwork: NetworkFaults = { lost: 0.01, late: 0.02, lateMsMax: 800, repeated: 0.01, throttled: 0 };
const looksMax = 12_000;

/** Everything is also in the file. */
class LoggedRecorder extends Recorder {
  readonly #log: FaultLog;

  constructor(log: FaultLog) {
    super();
    this.#log = log;
  }

  override trace(line: string): void {
    this.#log.write(line);
  }
}

/** One run: processes, clients and faults for some seconds, then rest, then the judgement of all of it. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const { aws, seed, seconds, name, isVerbose, variation = {} } = options;
  const prng = new Prng(seed);
  const time = new RealTime();
  const log = new FaultLog(`${name}-${seed}`, time);
  const recorder = new LoggedRecorder(log);
  const trace = (line: string): void => log.write(line);
  const names = await aws.createStore();
  const { wrap = asItIs, mix, tuning, maxAttempts = 1, collects = true } = variation;
  const store = new ChaosStore({ aws, names, prng: prng.fork(), log, isVerbose, wrap, mix, tuning, maxAttempts, collects });
  const network = new Network(time, prng.fork(), isVerbose ? trace : () => undefined);
  const watch = new StoreWatch({ resendsPuts: true });
  // A missing guard of the engine shows soonest where nothing else happens.
  const janitor = options.variation === undefined ? drawJanitor(prng.fork()) : undefined;
  const processes = Array.from({ length: store.processesMax }, (_, nth) => {
    const skewMs = Date.now() + (prng.fraction() - 0.5) * 86_400_000;
    return new SimProcess(`p${nth}`, {
      scheduler: time,
      prng: prng.fork(),
      store,
      wrap: (engine) => countStrata(watch.over(engine), log),
      skewMs,
      trace,
      janitor,
    });
  });
  const partitions = variation.partitions ?? prng.between(6, 8);
  const world: World = { scheduler: time, network, processes, recorder, clients: [], producerIds: new Set(), partitions };
  const disasters = new Disasters(world, prng.fork());
  try {
    const partitionsPerShard = variation.partitionsPerShard ?? prng.pick([3, 4]);
    // Its records' timestamps are made up.
    const config = { "retention.ms": -1 };
    await withEngine(aws, names, async (engine) => {
      await logOver(engine).topics.create({ name: topicName, partitions, partitionsPerShard, config });
    });
    for (const process of processes) process.start();
    await time.runUntil(() => processes.every(({ isUp }) => isUp), looksMax);
    network.faults = variation.network ?? clientNetwork;
    store.setFaulty(true);
    if (variation.isSteady !== true) disasters.begin();
    let isOver = false;
    const crowd = runCrowd(world, variation, prng.fork(), () => isOver);
    await sleep(seconds * 1_000);
    isOver = true;
    trace("the clients end");
    await rest(world, store, disasters, crowd);
    trace("all is at rest");
    await withEngine(aws, names, async (engine) => {
      await drain(logOver(engine), recorder);
      trace("all is read");
      if (janitor !== undefined) await drainSealed(watch.over(engine), watch, recorder);
    });
  } catch (reason) {
    recorder.problem(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  }
  const findings = [...recorder.problems.map((message) => ({ anomaly: "problem" as const, message })), ...checkHistory(recorder.history)];
  for (const { anomaly, message } of findings) log.write(`FINDING ${anomaly}: ${message}`);
  await log.close();
  for (const [kind, count] of Object.entries(disasters.counts)) log.count(kind, count);
  return { findings, history: recorder.history, counts: log.counts, logPath: log.path };
}

/** Everything that is still on its way arrives; after that nothing changes any more. */
async function rest(world: World, store: ChaosStore, disasters: Disasters, crowd: Promise<void>): Promise<void> {
  const { network, processes, scheduler } = world;
  disasters.end();
  network.faults = noFaults;
  store.setFaulty(false);
  await crowd;
  await scheduler.runUntil(() => network.inFlight === 0, looksMax);
  for (const process of processes) process.retire();
  await store.settle();
  await scheduler.runUntil(() => store.inFlight === 0, looksMax);
}

/** A new process, whose requests meet no faults. */
async function withEngine(
  { clients }: EmulatedAws,
  { table, bucket }: EmulatedStore,
  work: (engine: Engine) => Promise<void>,
): Promise<void> {
  const storage = { table: sdkTable(clients.dynamodb, table), bucket: sdkBucket(clients.s3, bucket) };
  const engine = createAwsEngine({ ...storage, clock: nodeClock, random: nodeRandom }, { tuning: { epochsBack } });
  try {
    await work(engine);
  } finally {
    await engine.close();
  }
}

function logOver(engine: Engine): Log {
  return createLog(engine, { clock: nodeClock, random: nodeRandom, compression: identity });
}
