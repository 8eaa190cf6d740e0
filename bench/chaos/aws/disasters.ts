import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { World } from "../../../lib/testing/sim/world.ts";

const everyMs = 2_000;

/** Crashes, freezes and closes processes, and freezes clients, until it is over. */
export class Disasters {
  readonly counts = { crash: 0, freeze: 0, stop: 0 };
  readonly #world: World;
  readonly #prng: Prng;
  #isOver = false;

  constructor(world: World, prng: Prng) {
    this.#world = world;
    this.#prng = prng;
  }

  begin(): void {
    this.#world.scheduler.schedule(this.#prng.fraction() * 2 * everyMs, () => {
      if (this.#isOver) return;
      this.#strike();
      this.begin();
    });
  }

  /** Brings everything up again. */
  end(): void {
    this.#isOver = true;
    for (const process of this.#world.processes) process.startAnew();
  }

  #strike(): void {
    const { processes, scheduler, clients } = this.#world;
    const client = clients[this.#prng.between(0, clients.length * 4)];
    if (client !== undefined) client.frozenUntilMs = scheduler.nowMs + this.#prng.fraction() * 3_000;
    const process = processes[this.#prng.between(0, processes.length - 1)];
    if (process === undefined) return;
    const kind = this.#prng.pick(["crash", "crash", "freeze", "freeze", "stop"]);
    const afterMs = this.#prng.fraction() * this.#prng.pick([50, 500, 3_000]);
    this.counts[kind]++;
    if (kind === "freeze") {
      process.freeze(afterMs);
      return;
    }
    if (kind === "crash") process.crash();
    const stopped = kind === "stop" ? process.stop() : Promise.resolve();
    void stopped.then(() => scheduler.schedule(afterMs, () => process.startAnew()));
  }
}
