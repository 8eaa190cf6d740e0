import { createLog } from "../../log/create-log.ts";
import { createJanitor } from "../../log/janitor.ts";
import type { Log } from "../../log/log.ts";
import { checkHistory } from "../history.ts";
import type { Finding, History } from "../history.ts";
import { checkStrata } from "./check-strata.ts";
import { batchWriter } from "./clients/batch-writer.ts";
import { churner } from "./clients/churner.ts";
import { grower } from "./clients/grower.ts";
import { reader, seenIn } from "./clients/reader.ts";
import { keeper } from "./clients/keeper.ts";
import { atomicWriter, conditionalWriter, idempotentWriter, plainWriter } from "./clients/writers.ts";
import { judgeKept } from "./kept-topic.ts";
import { Life } from "./life.ts";
import { Network, noFaults } from "./network.ts";
import type { NetworkFaults } from "./network.ts";
import { Prng } from "./prng.ts";
import { identity, SimProcess } from "./process.ts";
import type { EngineWrapper, JanitorPlan } from "./process.ts";
import { Recorder } from "./recorder.ts";
import { Scheduler } from "./scheduler.ts";
import { StoreWatch } from "./store-watch.ts";
import { memorySimStore } from "./store.ts";
import type { SimStore } from "./store.ts";
import { topicName } from "./world.ts";
import type { Client, Self, World } from "./world.ts";

export interface SimulateOptions {
  /** Default the memory engine's, behind a network. */
  readonly store?: StoreMaker;
  /** Between each process's log and its engine. Default nothing. */
  readonly wrap?: EngineWrapper;
  /** Default drawn: in some runs there is no janitor. */
  readonly janitor?: JanitorPlan;
  /** How many clients of a kind there are. Default drawn. */
  readonly clients?: Readonly<Record<string, number>>;
}

export interface StoreParts {
  readonly scheduler: Scheduler;
  /** Between the log and its storage. */
  readonly network: Network;
  readonly prng: Prng;
  readonly trace: (line: string) => void;
}

export type StoreMaker = (parts: StoreParts) => SimStore;

export interface SimulationResult {
  readonly seed: number;
  /** What is wrong. Empty when nothing is. */
  readonly findings: readonly (Finding | { readonly anomaly: "problem"; readonly message: string })[];
  /** Everything that happened, in order: the same for the same seed. */
  readonly trace: readonly string[];
  readonly history: History;
  /** How many steps the run took. */
  readonly tasks: number;
}

const tasksMax = 400_000;
/** A mark that is taken away sooner than writers make another would leave what they append until then unmarked. */
const markings = [
  { markMs: 0, quietMs: 0 },
  { markMs: 0, quietMs: 500 },
  { markMs: 100, quietMs: 500 },
] as const;
const asItIs: EngineWrapper = (engine) => engine;
/** Of processes' clocks. What they wrote down as due later is due to a clock that is so far ahead. */
const skewMsMax = 86_400_000;
const crowd: readonly { readonly name: string; readonly run: Client; readonly countMax: number; readonly operations: number }[] = [
  { name: "plain", run: plainWriter, countMax: 2, operations: 18 },
  { name: "idempotent", run: idempotentWriter, countMax: 3, operations: 20 },
  { name: "batch", run: batchWriter, countMax: 2, operations: 16 },
  { name: "conditional", run: conditionalWriter, countMax: 3, operations: 10 },
  { name: "atomic", run: atomicWriter, countMax: 2, operations: 12 },
  { name: "reader", run: reader, countMax: 3, operations: 40 },
  { name: "churner", run: churner, countMax: 1, operations: 5 },
  { name: "keeper", run: keeper, countMax: 2, operations: 16 },
  { name: "grower", run: grower, countMax: 2, operations: 6 },
];
const isRare = new Set(["grower", "churner", "keeper"]);

/** One run of the log with clients and faults, all drawn from the seed: the same seed gives the same run. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<SimulationResult> {
  const prng = new Prng(seed);
  const recorder = new Recorder();
  const scheduler = new Scheduler();
  const trace = (line: string): void => recorder.trace(`${scheduler.nowMs.toFixed(3)} ${line}`);
  const network = new Network(scheduler, prng.fork(), trace);
  const storage = new Network(scheduler, prng.fork(), trace);
  const store = (options.store ?? (({ network: inner }) => memorySimStore(scheduler, inner)))({
    scheduler,
    network: storage,
    prng: prng.fork(),
    trace,
  });
  const watch = new StoreWatch(store);
  const wrap: EngineWrapper = (engine, life) => (options.wrap ?? asItIs)(watch.over(engine), life);
  const drawnJanitor = drawJanitor(prng.fork());
  const janitor = options.janitor ?? drawnJanitor;
  const processes = Array.from({ length: prng.between(1, store.processesMax) }, (_, i) => {
    const skewMs = prng.pick([0, 0, 3_600_000, skewMsMax]) * (prng.fraction() - 0.5) + 1e12;
    return new SimProcess(`p${i}`, { scheduler, prng: prng.fork(), store, wrap, skewMs, trace, janitor });
  });
  const partitions = prng.between(1, 3);
  const world: World = { scheduler, network, processes, recorder, clients: [], producerIds: new Set(), partitions };
  const problems: string[] = recorder.problems;
  try {
    for (const process of processes) process.start();
    await makeTopic(world, prng);
    network.faults = drawFaults(prng);
    storage.faults = drawFaults(prng);
    store.setFaulty(true);
    const disaster = new Disaster(world, prng);
    await runClients(world, prng, options.clients);
    disaster.end();
    network.faults = noFaults;
    storage.faults = noFaults;
    store.setFaulty(false);
    await scheduler.runUntil(() => network.inFlight + storage.inFlight === 0, tasksMax);
    await drain(world, store, watch);
  } catch (reason) {
    problems.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  }
  const findings = [...problems.map((message) => ({ anomaly: "problem" as const, message })), ...checkHistory(recorder.history)];
  return { seed, findings, trace: recorder.lines, history: recorder.history, tasks: scheduler.count };
}

async function makeTopic(world: World, prng: Prng): Promise<void> {
  const [process] = world.processes;
  await world.scheduler.runUntil(() => world.processes.every(({ isUp }) => isUp), tasksMax);
  const partitionsPerShard = prng.pick([1, 2, 2, 4]);
  await complete(
    world,
    process?.serve((log) =>
      log.topics.create({ name: topicName, partitions: world.partitions, partitionsPerShard, config: { "retention.ms": -1 } }),
    ),
  );
}

/** Runs tasks until the promise has an answer. */
async function complete<T>(world: World, promise: Promise<T> | undefined): Promise<T | undefined> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  promise?.then(done, done);
  await world.scheduler.runUntil(() => isDone, tasksMax);
  return await promise;
}

/** Each kind of fault is on in some runs and off in others: few faults at a time go deeper than all at once. */
function drawFaults(prng: Prng): NetworkFaults {
  return {
    lost: prng.pick([0, 0, 0.02, 0.1]),
    late: prng.pick([0, 0, 0.05, 0.2]),
    lateMsMax: prng.pick([100, 800, 4_000]),
    repeated: prng.pick([0, 0, 0.1, 0.3]),
    throttled: prng.pick([0, 0, 0.05]),
  };
}

/** In most runs the strata are worked on all the time, with segments of a few records and no grace, so that everything meets everything. */
function drawJanitor(prng: Prng): JanitorPlan | undefined {
  const everyMs = prng.pick([undefined, 1_000, 300, 100, 100]);
  if (everyMs === undefined) return undefined;
  const tuning = {
    sealEntries: prng.pick([1, 4, 16]),
    sealAgeMs: prng.pick([0, 0, 200]),
    sealBytesMax: prng.pick([1, 500, 100_000]),
    trimLagMs: prng.pick([0, 0, 300]),
    garbageGraceMs: prng.pick([0, 0, 300]),
    mergeSegmentsMin: prng.pick([2, 3, 8]),
    ...prng.pick(markings),
  };
  return { everyMs, roundMs: prng.pick([undefined, undefined, 20, 100, 500]), tuning };
}

/** Crashes, freezes and closes processes, and freezes clients, until it ends; then it brings everything up again. */
class Disaster {
  readonly #world: World;
  readonly #prng: Prng;
  readonly #everyMs: number;
  #isOver = false;

  constructor(world: World, prng: Prng) {
    this.#world = world;
    this.#prng = prng.fork();
    this.#everyMs = this.#prng.pick([Number.POSITIVE_INFINITY, 3_000, 800, 200]);
    if (Number.isFinite(this.#everyMs)) this.#next();
  }

  end(): void {
    this.#isOver = true;
  }

  #next(): void {
    const { scheduler } = this.#world;
    scheduler.schedule(this.#prng.fraction() * 2 * this.#everyMs, () => {
      if (this.#isOver) return;
      this.#strike();
      this.#next();
    });
  }

  #strike(): void {
    const { processes, scheduler, clients } = this.#world;
    const client = clients[this.#prng.between(0, clients.length * 4)];
    if (client !== undefined) client.frozenUntilMs = scheduler.nowMs + this.#prng.fraction() * 4_000;
    const process = processes[this.#prng.between(0, processes.length - 1)];
    if (process === undefined) return;
    const afterMs = this.#prng.fraction() * this.#prng.pick([10, 300, 2_000]);
    const kind = this.#prng.pick(["crash", "crash", "freeze", "stop"]);
    if (kind === "freeze") process.freeze(afterMs);
    else if (kind === "crash") process.crash();
    const stopped = kind === "stop" ? process.stop() : Promise.resolve();
    void stopped.then(() => scheduler.schedule(afterMs, () => process.startAnew()));
  }
}

async function runClients(world: World, prng: Prng, counts: SimulateOptions["clients"] = {}): Promise<void> {
  let running = 0;
  for (const { name, run, countMax, operations } of crowd) {
    const drawn = prng.between(isRare.has(name) ? 0 : 1, countMax);
    for (let i = counts[name] ?? drawn; i > 0; i--) {
      const life = new Life(`${name}${i}`, world.scheduler);
      world.clients.push(life);
      const self: Self = { life, prng: prng.fork(), operations };
      running++;
      run(world, self).then(
        () => running--,
        (reason: unknown) => {
          running--;
          world.recorder.problem(`${life.name} failed: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
        },
      );
    }
  }
  await world.scheduler.runUntil(() => running === 0, tasksMax);
}

/** Ends all processes and reads the whole log by a fresh one over what they left. */
async function drain(world: World, store: SimStore, watch: StoreWatch): Promise<void> {
  for (const process of world.processes) process.retire();
  const life = new Life("drain", world.scheduler);
  const opened = await complete(world, store.open(life));
  if (opened === undefined) return;
  const engine = watch.over(opened);
  const atOnce = { sealAgeMs: 0, trimLagMs: 0, garbageGraceMs: 0, mergeSegmentsMin: 2, quietMs: 0 };
  const own = { clock: life.clock(1e12 + skewMsMax), random: new Prng(1), compression: identity, strata: atOnce };
  const log = createLog(engine, own);
  const janitor = createJanitor(engine, own);
  await readFinal(world, log);
  await readKept(world, log, false);
  const first = new Map(world.recorder.final);
  // An append that came later than a mark lasts is not marked: the next writer marks it, or this.
  for (const { name } of world.recorder.kept) await complete(world, log.topics.alter(name, { config: {} }));
  // All of it once more from segments.
  for (let round = 0; round < 2; round++) {
    const { failures } = (await complete(world, janitor(Number.MAX_SAFE_INTEGER))) ?? { failures: 1 };
    if (failures > 0) world.recorder.problem(`a janitor without faults around it failed ${failures} times`);
  }
  await readFinal(world, log);
  // By a log that remembers no segment as it was.
  await readKept(world, createLog(engine, own), true);
  // The janitor may have ended a growth: partitions without records count as little as none.
  const isSame = [...world.recorder.final].every(
    ([partition, seen]) => JSON.stringify(seen) === JSON.stringify(first.get(partition) ?? []),
  );
  if (!isSame) world.recorder.problem("the log is another one once it is sealed");
  for (const message of (await complete(world, checkStrata(engine, watch))) ?? []) world.recorder.problem(message);
  await complete(world, log.close());
}

async function readKept(world: World, log: Log, isCleaned: boolean): Promise<void> {
  for (const kept of world.recorder.kept)
    for (const message of (await complete(world, judgeKept(log, kept, isCleaned))) ?? []) world.recorder.problem(message);
}

async function readFinal(world: World, log: Log): Promise<void> {
  const topic = await complete(world, log.topics.get(topicName));
  for (let partition = 0; partition < (topic?.partitions ?? 0); partition++) {
    const found = [];
    for (let from = 0; ; ) {
      const result = await complete(world, log.fetch(topicName, partition, { from }));
      if (result === undefined) break;
      found.push(...seenIn(result));
      if (result.nextOffset >= result.highWatermark) break;
      if (result.nextOffset <= from) throw new Error(`the final read of partition ${partition} stops at ${from}`);
      from = result.nextOffset;
    }
    world.recorder.final.set(partition, found);
  }
}
