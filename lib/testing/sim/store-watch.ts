import { topicIdKey } from "../../log/strata/topic-ids.ts";
import type { CatalogKey, CatalogWrite } from "../../ports/catalog.ts";
import type { Engine } from "../../ports/engine.ts";
import type { SimStore } from "./store.ts";

const topicIdsPk = topicIdKey("").pk;
const strataPks = /^(?:frontiers|segments|garbage)\//;

/** Takes down what processes ask of a store, as far as one has to know it to judge what is left in the end. */
export class StoreWatch {
  /** `pk`s of strata that somebody wanted to write to. A catalog does not list them. */
  readonly strataPks = new Set<string>();
  readonly #deletedTopics = new Set<string>();
  readonly #rowsInTime = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #deletedFirst = new Set<string>();
  readonly #resendsPuts: boolean;

  constructor({ resendsPuts = false }: Pick<SimStore, "resendsPuts">) {
    this.#resendsPuts = resendsPuts;
  }

  /**
   * Whether an object may have been stored after it was deleted: that was asked for when its put was not known to be over, or when the engine may
   * have sent it more than once.
   */
  mayComeLate(key: string): boolean {
    return this.#deletedFirst.has(key);
  }

  /** Whether a row of garbage was certainly there before anybody asked for its topic's deletion, so that the deletion had to find it. */
  wasInTime(key: CatalogKey): boolean {
    return this.#rowsInTime.has(nameOf(key));
  }

  /** The engine, watched. */
  over(engine: Engine): Engine {
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
          for (const key of keys) if (this.#resendsPuts || !this.#answered.has(key)) this.#deletedFirst.add(key);
          await objects.delete(keys);
        },
      },
      catalog: {
        get: (key) => catalog.get(key),
        query: (pk, range) => catalog.query(pk, range),
        transact: async (writes) => {
          for (const { pk } of writes.flatMap(putKey)) if (strataPks.test(pk)) this.strataPks.add(pk);
          for (const write of writes) if ("delete" in write && write.key.pk === topicIdsPk) this.#deletedTopics.add(write.key.sk);
          await catalog.transact(writes);
          for (const key of writes.flatMap(putKey)) if (!this.#deletedTopics.has(topicIdOf(key.pk))) this.#rowsInTime.add(nameOf(key));
        },
      },
      upkeep,
      isShared,
      close: () => engine.close(),
    };
  }
}

export function topicIdOf(strataPk: string): string {
  return strataPk.split("/")[1] ?? "";
}

function nameOf({ pk, sk }: CatalogKey): string {
  return `${pk} ${sk}`;
}

function putKey(write: CatalogWrite): readonly CatalogKey[] {
  return "put" in write ? [write.key] : [];
}
