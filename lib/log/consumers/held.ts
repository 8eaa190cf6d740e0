import type { CatalogKey } from "../../ports/catalog.ts";

/** A partition's row among those that a process holds. */
export function placeOf({ pk, sk }: CatalogKey): string {
  return `${pk}/${sk}`;
}
