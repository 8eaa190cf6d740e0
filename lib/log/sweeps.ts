import { limits } from "../core/limits.ts";
import type { CatalogItem, CatalogWrite } from "../ports/catalog.ts";

/** Of the sweep for what writers left behind: the catalog's row `janitor`, `swept`. */
export interface Sweeps {
  /** When the last one came to its end. */
  readonly lastMs: number;
  /** How many are to come though nobody uses the log any more. */
  readonly owed: number;
}

export const sweptSk = "swept";

/** Rows of earlier builds have the time alone. */
export function readSweeps(item: CatalogItem | undefined, graceMs: number): Sweeps {
  const value = item?.value;
  if (Array.isArray(value)) return { lastMs: Number(value[0]), owed: Number(value[1]) };
  if (typeof value === "number") return { lastMs: value, owed: sweepsAfterUse(graceMs) };
  return { lastMs: Number.NEGATIVE_INFINITY, owed: 0 };
}

export function sweepsWrite(pk: string, { lastMs, owed }: Sweeps): CatalogWrite {
  return { key: { pk, sk: sweptSk }, put: [lastMs, owed], if: "any" };
}

/** As many as it takes until one finds what was stored last: it has to be as old as the grace, and its hour over. */
export function sweepsAfterUse(graceMs: number): number {
  return 1 + Math.ceil((graceMs + 2 * 3_600_000) / limits.sweepEveryMs);
}
