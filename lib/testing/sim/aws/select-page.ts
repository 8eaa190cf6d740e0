import type { Item, Query, QueryPage } from "../../../engines/aws/table.ts";
import { compareUtf8 } from "../../../engines/memory/utf8.ts";
import { itemBytes } from "./item-size.ts";
import { checkedKey } from "./one-write.ts";
import { refused } from "./refused.ts";

const pageBytesMax = 1_048_576;

/** @throws StoreFault `refused` */
export function checkQuery(request: Query): void {
  const { pk, from, to, prefix, after, limit } = request;
  checkedKey({ pk, sk: "-" });
  for (const sk of [from, to, prefix, after]) if (sk !== undefined) checkedKey({ pk, sk });
  if (!Number.isInteger(limit) || limit < 1) throw refused(`Value ${limit} at 'limit' failed to satisfy constraint: at least 1`);
  if (prefix !== undefined && (from !== undefined || to !== undefined)) throw refused("A query has bounds or a prefix, not both");
  if (from !== undefined && to !== undefined && compareUtf8(from, to) > 0) {
    throw refused("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
  }
  if (after !== undefined && !isWithin({ from, to, prefix }, after)) {
    throw refused("The provided starting key is outside query boundaries based on provided conditions");
  }
  if (after !== undefined && after === lastBound(request)) {
    throw refused("The provided starting key does not match the range key predicate");
  }
}

/** @param rows all of one pk, in the order of sk */
export function selectPage(request: Query, rows: Iterable<readonly [sk: string, item: Item]>): QueryPage {
  const { after, descending = false, limit } = request;
  const asked = [...rows].filter(
    ([sk]) => isWithin(request, sk) && (after === undefined || (descending ? compareUtf8(sk, after) < 0 : compareUtf8(sk, after) > 0)),
  );
  if (descending) asked.reverse();
  const items: Item[] = [];
  let bytes = 0;
  for (const [sk, item] of asked) {
    bytes += itemBytes(item);
    items.push(item);
    // The real one does not look whether anything follows, unless nothing can. The item that reaches the end of the page is in it.
    if (items.length === limit || bytes >= pageBytesMax) return { items, hasMore: sk !== lastBound(request) };
  }
  return { items, hasMore: false };
}

/** The key after which nothing can be within the bounds. */
function lastBound({ from, to, descending = false }: Query): string | undefined {
  return descending ? from : to;
}

type Bounds = { readonly [Bound in "from" | "to" | "prefix"]?: string | undefined };

function isWithin({ from, to, prefix }: Bounds, sk: string): boolean {
  if (prefix !== undefined) return sk.startsWith(prefix);
  return (from === undefined || compareUtf8(sk, from) >= 0) && (to === undefined || compareUtf8(sk, to) <= 0);
}
