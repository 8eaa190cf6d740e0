import type { CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import type { Prng } from "../../../lib/testing/sim/prng.ts";
import type { JanitorPlan } from "../../../lib/testing/sim/process.ts";
import type { FaultLog } from "./fault-log.ts";

/** Small segments and no grace to speak of, so that all levels meet readers and each other within a minute. */
export function drawJanitor(prng: Prng): JanitorPlan {
  const tuning = {
    sealEntries: prng.pick([4, 16, 64]),
    sealAgeMs: prng.pick([200, 1_000]),
    sealBytesMax: prng.pick([2_000, 20_000, 1_000_000]),
    trimLagMs: prng.pick([0, 0, 1_000]),
    garbageGraceMs: prng.pick([0, 0, 500]),
    mergeSegmentsMin: prng.pick([2, 4]),
    markMs: prng.pick([200, 1_000]),
    quietMs: 500,
  };
  return { everyMs: prng.pick([300, 1_000]), tuning };
}

/** The engine, which counts the steps of the strata that were answered: rounds that do them end early when their process does. */
export function countStrata(engine: Engine, log: FaultLog): Engine {
  const { journal, objects, catalog, upkeep, isShared } = engine;
  return {
    journal: {
      open: (shard, shape) => journal.open(shard, shape),
      append: (shard, entry, guards) => journal.append(shard, entry, guards),
      transact: (appends, writes) => journal.transact(appends, writes),
      head: (shard, producerId) => journal.head(shard, producerId),
      entries: (shard, from, limit) => journal.entries(shard, from, limit),
      read: (slices) => journal.read(slices),
      trim: async (shard, toSeq) => {
        await journal.trim(shard, toSeq);
        log.count("trims of the journal");
      },
      close: (shard) => journal.close(shard),
    },
    objects: {
      put: (key, body) => objects.put(key, body),
      get: (key, range) => objects.get(key, range),
      list: (prefix, page) => objects.list(prefix, page),
      delete: async (keys) => {
        await objects.delete(keys);
        log.count("segment objects deleted", keys.length);
      },
    },
    catalog: {
      get: (key) => catalog.get(key),
      query: (pk, range) => catalog.query(pk, range),
      transact: async (writes) => {
        await catalog.transact(writes);
        const step = stepOf(writes);
        if (step !== undefined) log.count(step);
      },
    },
    upkeep,
    isShared,
    close: () => engine.close(),
  };
}

function stepOf(writes: readonly CatalogWrite[]): string | undefined {
  const rows = writes.filter(({ key }) => key.pk.startsWith("segments/"));
  if (rows.length === 0) return undefined;
  if (writes.some(({ key }) => key.pk.startsWith("frontiers/"))) return "seals";
  return rows.some((write) => "put" in write) ? "merges" : "steps of expiry";
}
