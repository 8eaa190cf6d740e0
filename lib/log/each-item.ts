import { limits } from "../core/limits.ts";
import type { Catalog, CatalogItem } from "../ports/catalog.ts";

/** A `pk`'s items in order, read some at a time. @param options.after only those after this `sk` @param options.pageItems how many are read at once, default `limits.listLimitDefault` */
export async function* eachItem(
  catalog: Catalog,
  pk: string,
  { after, pageItems = limits.listLimitDefault }: { readonly after?: string | undefined; readonly pageItems?: number } = {},
): AsyncGenerator<CatalogItem, void, undefined> {
  for (let last = after; ; ) {
    const page = await catalog.query(pk, { limit: pageItems, ...(last === undefined ? {} : { after: last }) });
    yield* page;
    last = page.at(-1)?.key.sk;
    if (last === undefined || page.length < pageItems) return;
  }
}
