import { limits } from "../core/limits.ts";
import type { Catalog, CatalogWrite } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";

/** Writes down what runs once it takes long, so that a process that is killed in the middle of it, time after time, does not begin with it each time. */
export class Underway {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  #writes: readonly CatalogWrite[] = [];
  #dueMs = Number.POSITIVE_INFINITY;
  #written: Promise<boolean> = Promise.resolve(false);

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Something begins. @param sinceMs from when on its time counts, and that of what was before it */
  begin(writes: readonly CatalogWrite[], sinceMs: number): void {
    this.#writes = writes;
    this.#dueMs = sinceMs + limits.janitorStepMs;
    this.#written = Promise.resolve(false);
    this.tick(this.#clock.nowMs());
  }

  /** To be called between its steps. */
  tick(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#written = this.#catalog.transact(this.#writes).then(
      () => true,
      () => false,
    );
  }

  /** It is over. @returns whether it was written down */
  async end(): Promise<boolean> {
    this.#dueMs = Number.POSITIVE_INFINITY;
    return await this.#written;
  }
}
