import { isConflict, LogError } from "../core/errors.ts";
import type { Catalog, CatalogWrite } from "../ports/catalog.ts";

/** All writes or none. @returns false when a condition does not hold: nothing was written @throws LogError for all else */
export async function transactIf(catalog: Catalog, writes: readonly CatalogWrite[]): Promise<boolean> {
  try {
    await catalog.transact(writes);
    return true;
  } catch (reason) {
    const error = LogError.from(reason);
    if (isConflict(error)) return false;
    throw error;
  }
}
