import { LogError } from "../../../lib/core/errors.ts";
import type { CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";

/** Of steps that deliveries write. */
const lostChance = 0.02;
const slowChance = 0.05;
const slowMsMax = 400;

/** What one process meets: it can freeze, with steps sent and not sent, thaw, and die, which is a freeze without an end. */
export class Weather {
  isFaulty = true;
  readonly #prng: Prng;
  #frozen: PromiseWithResolvers<undefined> | undefined;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  freeze(): void {
    this.#frozen ??= Promise.withResolvers();
  }

  thaw(): void {
    this.#frozen?.resolve(undefined);
    this.#frozen = undefined;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** Whatever the process does goes through here. */
  async through<T>(run: () => Promise<T>, isStep = false): Promise<T> {
    await this.#frozen?.promise;
    const isFaulty = isStep && this.isFaulty;
    if (isFaulty && this.#prng.chance(slowChance)) {
      await new Promise((resolve) => setTimeout(resolve, this.#prng.between(1, slowMsMax)));
    }
    const isLost = isFaulty && this.#prng.chance(lostChance);
    if (isLost && this.#prng.chance(0.5)) throw lost();
    const answer = await run();
    await this.#frozen?.promise;
    if (isLost) throw lost();
    return answer;
  }
}

function lost(): LogError {
  return new LogError("timeout", "No answer came.", { outcome: "unknown" });
}

/** @param isFenced false takes the condition out of writes of partitions' rows */
export function disturbed(engine: Engine, weather: Weather, isFenced: boolean): Engine {
  const { catalog, journal, objects, upkeep, isShared } = engine;
  const free = (write: CatalogWrite): CatalogWrite =>
    "put" in write && write.key.pk.startsWith("offsets/") ? { ...write, if: "any" } : write;
  const sent = (writes: readonly CatalogWrite[]): readonly CatalogWrite[] => (isFenced ? writes : writes.map(free));
  const isOfDelivery = (writes: readonly CatalogWrite[]): boolean => writes.some(({ key }) => key.pk.startsWith("offsets/"));
  return {
    catalog: {
      get: (key) => weather.through(() => catalog.get(key)),
      query: (pk, range) => weather.through(() => catalog.query(pk, range)),
      transact: (writes) => weather.through(() => catalog.transact(sent(writes)), isOfDelivery(writes)),
    },
    journal: {
      open: (shard, shape) => journal.open(shard, shape),
      append: (shard, entry, guards) => weather.through(() => journal.append(shard, entry, guards)),
      transact: (appends, writes) => weather.through(() => journal.transact(appends, sent(writes)), isOfDelivery(writes)),
      head: (shard, producerId) => weather.through(() => journal.head(shard, producerId)),
      entries: (shard, from, limit) => weather.through(() => journal.entries(shard, from, limit)),
      read: (slices) => weather.through(() => journal.read(slices)),
      trim: (shard, toSeq) => journal.trim(shard, toSeq),
      close: (shard) => journal.close(shard),
    },
    ...{ objects, upkeep, isShared },
    close: () => Promise.resolve(),
  };
}
