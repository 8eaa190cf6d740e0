import type { Clock } from "../../ports/clock.ts";

/** Time that never goes back, and that follows the fastest of the processes that share quotas: at the pace of this machine's clock, which alone says nothing. */
export class QuotaClock {
  readonly #clock: Clock;
  #machineMs: number;
  #nowMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#machineMs = clock.nowMs();
    this.#nowMs = this.#machineMs;
  }

  nowMs(): number {
    const machineMs = this.#clock.nowMs();
    this.#nowMs += Math.max(0, machineMs - this.#machineMs);
    this.#machineMs = machineMs;
    return this.#nowMs;
  }

  /** Another process is there already. */
  follow(otherMs: number): void {
    this.#nowMs = Math.max(this.nowMs(), otherMs);
  }
}
