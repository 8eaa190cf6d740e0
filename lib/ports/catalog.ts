/**
 * The catalog: small versioned items under ordered keys. Topics, the segment index, groups, leases and rights live here,
 * and every rule about them is written once, over this contract. Cases: `lib/testing/conformance/catalog.ts`.
 */
export interface Catalog {
  /** The item by a strongly consistent read, or undefined. */
  get(key: CatalogKey): Promise<CatalogItem | undefined>;

  /** Items of one `pk` in the order of `sk` (by UTF-8 bytes), strongly consistent each, not a snapshot together. */
  query(pk: string, range: CatalogRange): Promise<readonly CatalogItem[]>;

  /**
   * All writes or none. Each key at most once, 1 to `limits.transactWritesMax` writes.
   * @throws conflict (not applied) when a condition fails; request_too_large; storage_full; timeout (unknown)
   */
  transact(writes: readonly CatalogWrite[]): Promise<void>;
}

export interface CatalogKey {
  /** Non-empty; items that are listed together share it. */
  readonly pk: string;
  /** Non-empty. */
  readonly sk: string;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface CatalogItem {
  readonly key: CatalogKey;
  /** 1 when made, one more at each put. An item made anew after a deletion starts at 1 again. */
  readonly version: number;
  readonly value: JsonValue;
}

/** `absent`: there must be no item. A number: the item must have this version. `any`: no condition. */
export type CatalogCondition = "absent" | "any" | number;

export type CatalogWrite =
  | { readonly key: CatalogKey; readonly put: JsonValue; readonly if: CatalogCondition }
  | { readonly key: CatalogKey; readonly delete: true; readonly if: CatalogCondition }
  /** Writes nothing; the step fails unless the condition holds. */
  | { readonly key: CatalogKey; readonly check: true; readonly if: "absent" | number };

export interface CatalogRange {
  /** Only keys that start with this. */
  readonly prefix?: string;
  /** Only keys after this one (before it, when `descending`). */
  readonly after?: string;
  /** Default false. */
  readonly descending?: boolean;
  /** 1 to `limits.catalogQueryLimitMax`. */
  readonly limit: number;
}
