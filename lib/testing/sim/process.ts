import { LogError } from "../../core/errors.ts";
import { createLog } from "../../log/create-log.ts";
import { createJanitor, type Janitor } from "../../log/janitor.ts";
import type { Log } from "../../log/log.ts";
import type { StrataTuning } from "../../log/strata/tuning.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Engine } from "../../ports/engine.ts";
import { Life } from "./life.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimStore } from "./store.ts";

/** Puts something between the log and its engine, in one process: a guard that is missing, a layer that lies. */
export type EngineWrapper = (engine: Engine, life: Life) => Engine;

export interface ProcessParts {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly store: SimStore;
  readonly wrap: EngineWrapper;
  readonly skewMs: number;
  readonly trace: (line: string) => void;
  /** How often a process works on the strata, and with which sizes. Default: never. */
  readonly janitor?: JanitorPlan | undefined;
}

/** Rounds of the janitor in a process: they may overlap, and each is cut off with its process. */
export interface JanitorPlan {
  readonly everyMs: number;
  /** How long a round may take: what is not done by then is left to the next. Default: as long as it takes. */
  readonly roundMs?: number | undefined;
  readonly tuning: Partial<StrataTuning>;
}

/** A process that serves the log, life after life: what is not in the store is lost in between. */
export class SimProcess {
  readonly name: string;
  readonly #parts: ProcessParts;
  #life: Life | undefined;
  #log: Log | undefined;
  #lives = 0;
  #isRetired = false;

  constructor(name: string, parts: ProcessParts) {
    this.name = name;
    this.#parts = parts;
  }

  get isUp(): boolean {
    return this.#log !== undefined;
  }

  /** Starts a new life. A start that fails is tried again. */
  start(): void {
    const { scheduler, prng, store, wrap, skewMs, trace, janitor } = this.#parts;
    const life = new Life(`${this.name}.${this.#lives++}`, scheduler);
    this.#life = life;
    trace(`${life.name} starts`);
    store.open(life).then(
      (engine) => {
        if (!life.isAlive) return;
        const own = { clock: life.clock(skewMs), random: prng.fork(), compression: identity };
        const wrapped = wrap(engine, life);
        this.#log = createLog(wrapped, { ...own, strata: janitor?.tuning });
        trace(`${life.name} is up`);
        if (janitor !== undefined) this.#tend(life, createJanitor(wrapped, { ...own, strata: janitor.tuning }), own.clock, janitor);
      },
      (reason: unknown) => {
        if (!life.isAlive) return;
        trace(`${life.name} does not start: ${String(reason)}`);
        this.#end();
        scheduler.schedule(50, () => this.startAnew());
      },
    );
  }

  /** Up to two rounds at once. */
  #tend(life: Life, janitor: Janitor, clock: Clock, { everyMs, roundMs }: JanitorPlan): void {
    const { prng, trace } = this.#parts;
    let running = 0;
    const next = (): void => {
      life.after(prng.fraction() * 2 * everyMs, () => {
        next();
        if (running === 2) return;
        running++;
        janitor(roundMs === undefined ? Number.MAX_SAFE_INTEGER : clock.nowMs() + roundMs)
          .then(
            ({ seals, merges, segmentsExpired, objectsDeleted }) => {
              if (seals + merges + segmentsExpired + objectsDeleted > 0)
                trace(`${life.name} sealed ${seals}, merged ${merges}, let ${segmentsExpired} expire and deleted ${objectsDeleted}`);
            },
            (reason: unknown) => trace(`${life.name}'s janitor stopped: ${String(reason)}`),
          )
          .finally(() => running--);
      });
    };
    next();
  }

  /** Has the log do something. When the process ends in the middle, the caller's connection is reset. */
  serve<T>(run: (log: Log) => Promise<T>): Promise<T> {
    const [life, log] = [this.#life, this.#log];
    if (life === undefined || log === undefined) {
      return Promise.reject(new LogError("unavailable", `${this.name} refuses the connection.`));
    }
    return new Promise((resolve, reject) => {
      const forget = life.onEnd(() => reject(new LogError("unavailable", `${life.name} reset the connection.`, { outcome: "unknown" })));
      run(log).then(resolve, reject).finally(forget);
    });
  }

  /** Starts a new life, unless there is one or there is to be none. */
  startAnew(): void {
    if (this.#life === undefined && !this.#isRetired) this.start();
  }

  /** Ends this life at once, and for good. */
  retire(): void {
    this.#isRetired = true;
    this.crash();
  }

  freeze(durationMs: number): void {
    if (this.#life === undefined) return;
    this.#parts.trace(`${this.#life.name} is frozen for ${durationMs} ms`);
    this.#life.frozenUntilMs = this.#parts.scheduler.nowMs + durationMs;
  }

  /** Ends this life at once, whatever runs. */
  crash(): void {
    if (this.#life === undefined) return;
    this.#parts.trace(`${this.#life.name} crashes`);
    this.#end();
  }

  /** Closes the log; what it serves then is its own business. */
  async stop(): Promise<void> {
    const [life, log] = [this.#life, this.#log];
    if (life === undefined || log === undefined) return;
    this.#parts.trace(`${life.name} closes`);
    await log.close().catch((reason: unknown) => this.#parts.trace(`${life.name} does not close: ${String(reason)}`));
    if (this.#life === life) this.#end();
  }

  #end(): void {
    const life = this.#life;
    this.#life = undefined;
    this.#log = undefined;
    life?.end();
  }
}

/** The simulator's batches are never compressed: codecs are proven elsewhere. */
export const identity: Compression = {
  compress: (type, bytes) => only(type, bytes),
  decompress: (type, bytes) => only(type, bytes),
};

function only(type: string, bytes: Uint8Array): Uint8Array {
  if (type === "none") return bytes;
  throw new LogError("corrupt_message", `the simulator has no ${type}`);
}
