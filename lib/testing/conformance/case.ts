import type { Engine } from "../../ports/engine.ts";

/** One case of a suite. It passes when `run` resolves. Each run gets a harness over a store of its own, empty at first. */
export interface ConformanceCase<H> {
  readonly name: string;
  run(harness: H): Promise<void>;
}

/** One store that can be opened, closed and opened again: durability is a case like any other. */
export interface EngineHarness {
  /** Opens the store. At most one engine is open at a time: a case closes the one before it opens the next. */
  open(): Promise<Engine>;
}

/** Opens, runs, closes: also when the step fails. */
export async function withEngine<T>(harness: EngineHarness, step: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await harness.open();
  try {
    return await step(engine);
  } finally {
    await engine.close();
  }
}

export type EngineCase = ConformanceCase<EngineHarness>;

/** A case that needs one engine, never reopened. */
export function engineCase(name: string, run: (engine: Engine) => Promise<void>): EngineCase {
  return { name, run: (harness) => withEngine(harness, run) };
}

/** A case in two lives of a store: what `before` did, and answered, must hold for `after`. */
export function reopenCase<T>(
  name: string,
  before: (engine: Engine) => Promise<T>,
  after: (engine: Engine, was: T) => Promise<void>,
): EngineCase {
  return {
    name,
    async run(harness) {
      const was = await withEngine(harness, before);
      await withEngine(harness, (engine) => after(engine, was));
    },
  };
}
