import type { Catalog, CatalogItem, CatalogWrite } from "../../../lib/ports/catalog.ts";
import type { Variation } from "./run.ts";

/** Guards taken out, one at a time, outside of the product. The judge must find each soon; otherwise a run without findings proves nothing. */
export const guards = {
  /** A commit does not ask whether the partition's row is as it was. */
  "commit fence": { wrap: (catalog) => unconditional(catalog, /^offsets\//) },
  /** A change of the group does not ask whether another one has changed it. */
  "group version": { wrap: (catalog) => unconditional(catalog, /^groups$/) },
  /** Who has not beaten for too long still counts as there. */
  "session timeout": { wrap: everyoneLives },
  /** A member goes on with what it has said it does not hold any more. */
  "hand-over": { manners: { keepsRevoked: true } },
  /** A member commits before it processes. */
  "commit after work": { manners: { commitsEarly: true } },
  /** Partitions are shared out without regard to who had them. */
  stickiness: { manners: { assignor: "range" } },
} satisfies Record<string, Variation>;

function unconditional(catalog: Catalog, pk: RegExp): Catalog {
  const freed = (write: CatalogWrite): CatalogWrite => ("put" in write && pk.test(write.key.pk) ? { ...write, if: "any" } : write);
  return {
    get: (key) => catalog.get(key),
    query: (pk, range) => catalog.query(pk, range),
    transact: (writes) => catalog.transact(writes.map(freed)),
  };
}

function everyoneLives(catalog: Catalog): Catalog {
  return {
    get: (key) => catalog.get(key),
    query: async (pk, range) => (await catalog.query(pk, range)).map((item) => (pk.startsWith("members/") ? fresh(item) : item)),
    transact: (writes) => catalog.transact(writes),
  };
}

function fresh(item: CatalogItem): CatalogItem {
  const { value } = item;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return item;
  return { ...item, value: Object.assign({}, value, { beatMs: Date.now() }) };
}
