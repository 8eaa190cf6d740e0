import { limits } from "../../core/limits.ts";
import { remember } from "../../core/remember.ts";
import type { Reclaimable, Reclaimed, ReclaimOptions } from "../../ports/upkeep.ts";

/** What was told, as far back as memory is set aside for: an engine may tell of one thing for each shard that has a part in it. */
export class NamesTold {
  readonly #names = new Map<string, true>();

  /** @returns whether it was told before */
  has(name: string): boolean {
    if (this.#names.has(name)) return true;
    remember(this.#names, name, true, limits.checkTopicsKept);
    return false;
  }
}

export type DryRun = Omit<ReclaimOptions, "graceMs">;

/**
 * What upkeep would give back, thing by thing, as it is found.
 * @param run a dry run of it
 */
export async function* reclaimable(
  run: (options: DryRun) => Promise<Reclaimed>,
  told: NamesTold,
): AsyncGenerator<Reclaimable, void, undefined> {
  let found: Reclaimable[] = [];
  let wake = (): void => undefined;
  let isOver = false;
  const ending = new AbortController();
  const onFound = (each: Reclaimable): void => {
    if (told.has(each.name)) return;
    found.push(each);
    wake();
  };
  const running = run({ isDryRun: true, onFound, signal: ending.signal }).finally(() => {
    isOver = true;
    wake();
  });
  running.catch(() => undefined);
  try {
    while (!isOver || found.length > 0) {
      const own = found;
      found = [];
      yield* own;
      if (!isOver && found.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
    await running;
  } finally {
    // Who is told may want to hear no more.
    ending.abort();
    await running.catch(() => undefined);
  }
}
