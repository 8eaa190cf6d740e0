import { LogError } from "../../core/errors.ts";
import type { Catalog, CatalogKey, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import { damagedSegments } from "./damaged-segments.ts";
import type { Life } from "./life.ts";
import type { JanitorPlan } from "./process.ts";
import type { SimulateOptions } from "./simulate.ts";

/** Every record is a segment at once, and is merged, trimmed and collected as soon as it can be. */
const restless: JanitorPlan = {
  everyMs: 100,
  tuning: {
    sealEntries: 1,
    sealAgeMs: 0,
    sealBytesMax: 500,
    trimLagMs: 0,
    garbageGraceMs: 0,
    mergeSegmentsMin: 2,
    markMs: 0,
    quietMs: 0,
  },
};

const hasty: JanitorPlan = { ...restless, everyMs: 30 };
const nobody = { plain: 0, idempotent: 0, batch: 0, conditional: 0, atomic: 0, grower: 0, reader: 0, keeper: 0, churner: 0 };
const onlyChurners = { ...nobody, churner: 10 };
const onlyKeepers = { ...nobody, keeper: 6 };

/**
 * Guards of the strata taken out of what the log asks of its engine, one at a time (decision 0009): the simulator must find each, by what clients meet or by what is
 * left in the end.
 */
export const missingStrataGuards = {
  /** The frontier is written whatever it is by now. */
  frontier: overWrites((writes) => writes.map((write) => (isAt(write, "frontiers/") ? unconditional(write) : write))),
  /** A merge replaces rows that are others by now. */
  merge: overWrites((writes) => (isMerge(writes) ? writes.map(forgetVersion) : writes)),
  /** A row expires that was replaced by one which goes further. */
  expiry: over(
    (engine, life) => ({
      ...engine,
      catalog: {
        ...engine.catalog,
        transact: async (writes) => {
          if (isExpiry(writes)) await slowly(life);
          await engine.catalog.transact(isExpiry(writes) ? writes.map(forgetVersion) : writes);
        },
      },
    }),
    onlyKeepers,
  ),
  /** A swap names objects that are being deleted. */
  release: overWrites((writes) =>
    writes.map((write) => (isAt(write, "garbage/") && "delete" in write && writes.length > 1 ? unconditional(write) : write)),
  ),
  /** Nobody writes down which objects a swap will write. */
  garbageFirst: overWrites((writes) => {
    const [first] = writes;
    if (writes.length === 1 && first !== undefined && "put" in first && whyOf(first.put) === "unfinished" && !isDoom(first)) return [];
    return writes.length === 1 ? writes : writes.filter((write) => !(isAt(write, "garbage/") && "delete" in write));
  }),
  /** What a swap replaces is not written down. */
  replaced: overWrites((writes) => writes.filter((write) => !("put" in write && whyOf(write.put) === "replaced" && writes.length > 1))),
  /** Objects are deleted while a swap may still come to name them. */
  doom: over((engine) => ({ ...engine, catalog: withoutDoom(engine.catalog) })),
  /** A swap adds to a topic that was deleted. */
  topicLives: over(
    (engine, life) => ({
      ...engine,
      catalog: {
        ...engine.catalog,
        transact: async (writes) => {
          const changed = writes.filter((write) => !("check" in write && isAt(write, "topic-ids")));
          if (changed.length < writes.length) await slowly(life);
          await engine.catalog.transact(changed);
        },
      },
    }),
    onlyChurners,
    hasty,
  ),
  /** The journal forgets entries that are not sealed. */
  trim: over((engine) => ({
    ...engine,
    journal: {
      ...engine.journal,
      trim: async (shard) => {
        const { seq } = await engine.journal.head(shard);
        await engine.journal.trim(shard, seq);
      },
    },
  })),
  /** A missing object is taken for a lost one. */
  lookAgain: over(
    (engine, life) => ({
      ...engine,
      objects: {
        ...engine.objects,
        get: async (key, range) => {
          await slowly(life);
          const found = await engine.objects.get(key, range);
          if (found === undefined) throw new LogError("corrupt_log", `Object ${key} is missing.`);
          return found;
        },
      },
    }),
    onlyKeepers,
    hasty,
  ),
  /** Nobody compares the checksums of segments. */
  checksums: over((engine) => ({ ...engine, objects: damagedSegments(engine.objects) })),
} as const satisfies Record<string, SimulateOptions>;

/** As hard as those, with nothing missing. */
export const allStrataGuards: SimulateOptions = { janitor: hasty, clients: { keeper: 4, churner: 4 } };

function over(
  change: (engine: Engine, life: Life) => Engine,
  clients: SimulateOptions["clients"] = {},
  janitor = restless,
): SimulateOptions {
  return { wrap: (engine, life) => ({ ...change(engine, life), close: () => engine.close() }), janitor, clients };
}

/** Changes the catalog's transactions; one of which nothing is left is taken for done. */
function overWrites(
  change: (writes: readonly CatalogWrite[]) => readonly CatalogWrite[],
  clients: SimulateOptions["clients"] = {},
): SimulateOptions {
  return over(
    (engine) => ({
      ...engine,
      catalog: {
        ...engine.catalog,
        transact: async (writes) => {
          const changed = change(writes);
          if (changed.length > 0) await engine.catalog.transact(changed);
        },
      },
    }),
    clients,
  );
}

/** Long enough for others to get in between. */
function slowly(life: Life): Promise<void> {
  return new Promise((resolve) => life.after(300, resolve));
}

function isAt({ key }: CatalogWrite, pk: string): boolean {
  return key.pk.startsWith(pk);
}

/** A swap that replaces rows of segments. */
function isMerge(writes: readonly CatalogWrite[]): boolean {
  return writes.some((write) => isAt(write, "segments/") && "put" in write && typeof write.if === "number");
}

/** A deletion of rows alone, which leaves their objects to the collector. */
function isExpiry(writes: readonly CatalogWrite[]): boolean {
  return !isMerge(writes) && writes.some((write) => isAt(write, "segments/") && "delete" in write);
}

function forgetVersion(write: CatalogWrite): CatalogWrite {
  return isAt(write, "segments/") ? unconditional(write) : write;
}

function unconditional(write: CatalogWrite): CatalogWrite {
  return "check" in write ? write : { ...write, if: "any" };
}

function whyOf(value: JsonValue): JsonValue | undefined {
  return fieldOf(value, "why");
}

function isDoom(write: CatalogWrite): boolean {
  return isAt(write, "garbage/") && "put" in write && fieldOf(write.put, "isDoomed") === true;
}

function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)[name]
    : undefined;
}

/** The step that dooms a row is taken for done, and the row's deletion expects it as it was before. */
function withoutDoom(catalog: Catalog): Catalog {
  const doomed = new Set<string>();
  const nameOf = ({ pk, sk }: CatalogKey): string => `${pk}/${sk}`;
  return {
    ...catalog,
    async transact(writes) {
      const [first] = writes;
      if (first === undefined || writes.length > 1 || !isAt(first, "garbage/")) {
        await catalog.transact(writes);
        return;
      }
      if (isDoom(first)) {
        doomed.add(nameOf(first.key));
        return;
      }
      const isAfterDoom = "delete" in first && doomed.has(nameOf(first.key)) && typeof first.if === "number";
      await catalog.transact(isAfterDoom ? [{ ...first, if: 1 }] : writes);
    },
  };
}
