import { batchWriter } from "../../../lib/testing/sim/clients/batch-writer.ts";
import { churner } from "../../../lib/testing/sim/clients/churner.ts";
import { grower } from "../../../lib/testing/sim/clients/grower.ts";
import { keeper } from "../../../lib/testing/sim/clients/keeper.ts";
import { atomicWriter, conditionalWriter, idempotentWriter, plainWriter } from "../../../lib/testing/sim/clients/writers.ts";
import { Life } from "../../../lib/testing/sim/life.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { Scheduler } from "../../../lib/testing/sim/scheduler.ts";
import type { Client, Self, World } from "../../../lib/testing/sim/world.ts";
import { follower } from "./follower.ts";
import { steadyBatchWriter, steadyWriter } from "./steady-writers.ts";

const clients = {
  plain: plainWriter,
  steady: steadyWriter,
  "steady-batch": steadyBatchWriter,
  /** These give up at times, and take another epoch over from themselves. */
  idempotent: idempotentWriter,
  batch: batchWriter,
  conditional: conditionalWriter,
  atomic: atomicWriter,
  follower,
  churner,
  keeper,
  grower,
} satisfies Record<string, Client>;

export type Crowd = Readonly<Partial<Record<keyof typeof clients, number>>>;

const fullCrowd: Crowd = {
  plain: 12,
  steady: 6,
  "steady-batch": 10,
  idempotent: 1,
  batch: 2,
  conditional: 1,
  atomic: 2,
  follower: 4,
  churner: 1,
  keeper: 4,
  grower: 1,
};

/** Some give up soon, others wait for what a slow machine can do. */
const slownesses = [4, 1, 2, 4] as const;
const growths = 4;

/** A client that takes this many times as long for each step, and waits as much longer for an answer, as in the simulator. */
class SlowLife extends Life {
  readonly #slowness: number;

  constructor(name: string, scheduler: Scheduler, slowness: number) {
    super(name, scheduler);
    this.#slowness = slowness;
  }

  override after(delayMs: number, step: () => void): () => void {
    return super.after(delayMs * this.#slowness, step);
  }
}

/** Runs the clients until it is over; each ends with the operation that it is at. */
export async function runCrowd(
  world: World,
  { crowd = fullCrowd, slowness }: { readonly crowd?: Crowd | undefined; readonly slowness?: number | undefined },
  prng: Prng,
  isOver: () => boolean,
): Promise<void> {
  const running: Promise<void>[] = [];
  for (const [name, count] of Object.entries(crowd) as [keyof typeof clients, number][]) {
    for (let nth = 1; nth <= count; nth++) {
      const life = new SlowLife(`${name}${nth}`, world.scheduler, slowness ?? slownesses[nth % slownesses.length] ?? 1);
      world.clients.push(life);
      running.push(run(world, clients[name], selfOf(name, life, prng.fork(), isOver)));
    }
  }
  await Promise.all(running);
}

function selfOf(name: string, life: Life, prng: Prng, isOver: () => boolean): Self {
  return {
    life,
    prng,
    get operations() {
      if (isOver()) return 0;
      return name === "grower" ? growths : Number.MAX_SAFE_INTEGER;
    },
  };
}

async function run(world: World, client: Client, self: Self): Promise<void> {
  try {
    await client(world, self);
  } catch (reason) {
    world.recorder.problem(`${self.life.name} failed: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
  }
}
