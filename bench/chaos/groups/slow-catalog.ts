import type { Catalog, CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import { pause } from "./pause.ts";

/** Commits may come when their senders have long given up. */
const slowCommit = { chance: 0.04, msMax: 6_000 } as const;
const slowBeat = { chance: 0.03, msMax: 2_500 } as const;
/** Rare beside the others, and what two members may do at once. */
const slowChange = { chance: 0.25, msMax: 1_500 } as const;

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
      const slow = slownessOf(writes);
      if (weather.isFaulty && slow !== undefined && prng.chance(slow.chance)) await pause(prng.between(1, slow.msMax));
      await catalog.transact(writes);
    },
  };
}

function slownessOf(writes: readonly CatalogWrite[]): { readonly chance: number; readonly msMax: number } | undefined {
  const isOf = (pk: RegExp): boolean => writes.some(({ key }) => pk.test(key.pk));
  if (isOf(/^offsets\//)) return slowCommit;
  if (isOf(/^groups$/)) return slowChange;
  return isOf(/^members\//) ? slowBeat : undefined;
}
