import type { Reclaimable, Reclaimed, ReclaimOptions } from "../../../ports/upkeep.ts";

/** One call of upkeep: what was asked for, and what it has freed, or would have, so far. */
export class Round {
  readonly graceMs: number;
  readonly isDryRun: boolean;
  readonly #options: ReclaimOptions;
  #things = 0;
  #bytes = 0;

  constructor(options: ReclaimOptions) {
    this.graceMs = options.graceMs;
    this.isDryRun = options.isDryRun === true;
    this.#options = options;
  }

  /** Whether it was told to end. */
  get isOver(): boolean {
    return this.#options.signal?.aborted === true;
  }

  note(found: Reclaimable): void {
    this.#things++;
    this.#bytes += found.bytes;
    this.#options.onFound?.(found);
  }

  result(isComplete: boolean): Reclaimed {
    return { things: this.#things, bytes: this.#bytes, isComplete };
  }
}
