import type { Engine } from "../../../ports/engine.ts";

/** One operation of an engine. */
export interface Operation {
  /** Such as `catalog.transact`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What happens to an operation: `run` does it. Default: it is done. */
export type Intercept = (operation: Operation, run: () => Promise<unknown>) => Promise<unknown>;

/** An engine of which a case knows what runs, and in whose way it can step. */
export class WatchedEngine {
  readonly engine: Engine;
  intercept: Intercept = (_, run) => run();
  #running = 0;

  constructor(engine: Engine) {
    const { journal, catalog, objects, upkeep, isShared } = engine;
    const port = <T extends object>(name: string, target: T): T => this.#port(name, target);
    this.engine = {
      journal: port("journal", journal),
      catalog: port("catalog", catalog),
      objects: port("objects", objects),
      ...{ upkeep, isShared },
      close: () => engine.close(),
    };
  }

  /** Operations that have begun and not ended; one that a case holds back has not begun. */
  get running(): number {
    return this.#running;
  }

  #port<T extends object>(port: string, target: T): T {
    return new Proxy(target, {
      get: (_, method) => {
        const own = (target as Readonly<Record<string | symbol, unknown>>)[method];
        if (typeof own !== "function") return own;
        return (...args: unknown[]) =>
          this.intercept({ name: `${port}.${String(method)}`, args }, () => this.#run(own.apply(target, args) as Promise<unknown>));
      },
    });
  }

  async #run(operation: Promise<unknown>): Promise<unknown> {
    this.#running++;
    try {
      return await operation;
    } finally {
      this.#running--;
    }
  }
}
