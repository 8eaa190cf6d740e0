import { setTimeout as sleep } from "node:timers/promises";
import { type Cancel, Scheduler } from "../../../lib/testing/sim/scheduler.ts";

/** The machine's time as the simulator's: its processes, clients and networks run in it as they are. */
export class RealTime extends Scheduler {
  readonly #startMs = performance.now();

  override schedule(delayMs: number, run: () => void): Cancel {
    this.tick();
    const step = (): void => {
      this.tick();
      this.count++;
      run();
    };
    const timer = setTimeout(step, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  }

  /** Looks every few milliseconds. @throws after `countMax` looks */
  override async runUntil(isReached: () => boolean, countMax: number): Promise<void> {
    for (let count = 0; !isReached(); count++) {
      if (count === countMax) throw new Error(`the goal is not reached after ${countMax} looks, at ${this.nowMs.toFixed(0)} ms`);
      await sleep(5);
      this.tick();
    }
  }

  tick(): void {
    this.nowMs = performance.now() - this.#startMs;
  }
}
