import type { CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import type { SimStore } from "./store.ts";

const strataPks = /^(?:frontiers|segments|garbage)\//;

/** Takes down what processes ask of a store, as far as one has to know it to judge what is left in the end. */
export class StoreWatch {
  /** `pk`s of strata that somebody wanted to write to. A catalog does not list them. */
  readonly strataPks = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #deletedFirst = new Set<string>();

  /** The store, whose processes are watched. */
  over(store: SimStore): SimStore {
    return { ...store, open: async (life) => this.#engine(await store.open(life)) };
  }

  /** Whether an object may have been stored after it was deleted: it was not known to be there when somebody asked for its deletion. */
  mayComeLate(key: string): boolean {
    return this.#deletedFirst.has(key);
  }

  #engine(engine: Engine): Engine {
    const { journal, objects, catalog, upkeep, isShared } = engine;
    return {
      journal,
      objects: {
        put: async (key, body) => {
          const isNew = await objects.put(key, body);
          this.#answered.add(key);
          return isNew;
        },
        get: (key, range) => objects.get(key, range),
        list: (prefix, page) => objects.list(prefix, page),
        delete: async (keys) => {
          for (const key of keys) if (!this.#answered.has(key)) this.#deletedFirst.add(key);
          await objects.delete(keys);
        },
      },
      catalog: {
        get: (key) => catalog.get(key),
        query: (pk, range) => catalog.query(pk, range),
        transact: async (writes) => {
          for (const { pk } of writes.flatMap(putKey)) if (strataPks.test(pk)) this.strataPks.add(pk);
          await catalog.transact(writes);
        },
      },
      upkeep,
      isShared,
      close: () => engine.close(),
    };
  }
}

function putKey(write: CatalogWrite): readonly CatalogKey[] {
  return "put" in write ? [write.key] : [];
}
