import type { Catalog, CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import { pause } from "./pause.ts";

/** Commits may come when their senders have long given up. */
const slowCommit = { chance: 0.04, msMax: 6_000 } as const;
const slowChange = { chance: 0.03, msMax: 2_500 } as const;

/** What the catalog's steps meet while a run lasts. */
export interface Weather {
  isFaulty: boolean;
}

/** A catalog whose steps sometimes come late: much may happen between what a step was decided on and the step itself. */
export function slowCatalog(catalog: Catalog, weather: Weather, prng: Prng): Catalog {
  return {
    get: (key) => catalog.get(key),
    query: (pk, range) => catalog.query(pk, range),
    async transact(writes) {
      const slow = writes.some(({ key }) => key.pk.startsWith("offsets/")) ? slowCommit : slowChange;
      if (weather.isFaulty && isOfGroups(writes) && prng.chance(slow.chance)) await pause(prng.between(1, slow.msMax));
      await catalog.transact(writes);
    },
  };
}

function isOfGroups(writes: readonly CatalogWrite[]): boolean {
  return writes.some(({ key }) => /^(groups$|members\/|offsets\/)/.test(key.pk));
}
