import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogCondition, CatalogItem, CatalogKey, CatalogRange, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { compareUtf8 } from "./utf8.ts";

interface Row {
  readonly version: number;
  /** JSON text: what goes in is what comes out, and nobody shares it. */
  readonly text: string;
}

/** The memory engine's catalog items. One instance a store; `check` and `apply` make one atomic step when called in one turn. */
export class MemoryItems {
  private readonly groups = new Map<string, { readonly rows: Map<string, Row>; readonly order: string[] }>();

  get({ pk, sk }: CatalogKey): CatalogItem | undefined {
    const row = this.groups.get(pk)?.rows.get(sk);
    return row === undefined ? undefined : itemOf(pk, sk, row);
  }

  query(pk: string, range: CatalogRange): readonly CatalogItem[] {
    if (!Number.isInteger(range.limit) || range.limit < 1 || range.limit > limits.catalogQueryLimitMax) {
      throw new LogError("invalid_request", `A catalog query's limit is 1 to ${limits.catalogQueryLimitMax}, not ${range.limit}.`);
    }
    const group = this.groups.get(pk);
    if (group === undefined) return [];
    const { prefix = "", after, descending = false } = range;
    const beyond = (sk: string) => after === undefined || compareUtf8(sk, after) * (descending ? -1 : 1) > 0;
    const keys = group.order.filter((sk) => sk.startsWith(prefix) && beyond(sk));
    if (descending) keys.reverse();
    return keys.slice(0, range.limit).flatMap((sk) => this.get({ pk, sk }) ?? []);
  }

  /** @throws conflict when a condition fails, invalid_request, request_too_large: nothing was written */
  check(writes: readonly CatalogWrite[]): void {
    const seen = new Set<string>();
    for (const write of writes) {
      const { pk, sk } = write.key;
      if (pk === "" || sk === "") throw new LogError("invalid_request", "A catalog key's pk and sk must not be empty.");
      const name = JSON.stringify([pk, sk]);
      if (seen.has(name)) throw new LogError("invalid_request", `One transaction writes the catalog item ${name} twice.`);
      seen.add(name);
      if ("put" in write) checkValue(name, write.put);
      if (!holds(this.groups.get(pk)?.rows.get(sk), write.if)) {
        throw new LogError("conflict", `The catalog item ${name} is not as this write expects it: read it again.`);
      }
    }
  }

  /** Call after `check`, in the same turn. */
  apply(writes: readonly CatalogWrite[]): void {
    for (const write of writes) {
      const { pk, sk } = write.key;
      if ("put" in write) this.put(pk, sk, JSON.stringify(write.put));
      else if ("delete" in write) this.delete(pk, sk);
    }
  }

  private put(pk: string, sk: string, text: string): void {
    let group = this.groups.get(pk);
    if (group === undefined) {
      group = { rows: new Map(), order: [] };
      this.groups.set(pk, group);
    }
    const old = group.rows.get(sk);
    group.rows.set(sk, { version: (old?.version ?? 0) + 1, text });
    if (old === undefined) group.order.splice(placeOf(group.order, sk), 0, sk);
  }

  private delete(pk: string, sk: string): void {
    const group = this.groups.get(pk);
    if (group?.rows.delete(sk) === true) group.order.splice(placeOf(group.order, sk), 1);
  }
}

/** The port over the items. */
export function memoryCatalog(items: MemoryItems, ensureOpen: () => void): Catalog {
  return {
    async get(key) {
      ensureOpen();
      return items.get(key);
    },
    async query(pk, range) {
      ensureOpen();
      return items.query(pk, range);
    },
    async transact(writes) {
      ensureOpen();
      if (writes.length === 0) throw new LogError("invalid_request", "A catalog transaction needs at least one write.");
      if (writes.length > limits.transactWritesMax) {
        throw new LogError(
          "request_too_large",
          `A catalog transaction has at most ${limits.transactWritesMax} writes, not ${writes.length}.`,
        );
      }
      items.check(writes);
      items.apply(writes);
    },
  };
}

function itemOf(pk: string, sk: string, row: Row): CatalogItem {
  return { key: { pk, sk }, version: row.version, value: JSON.parse(row.text) as JsonValue };
}

function holds(row: Row | undefined, condition: CatalogCondition): boolean {
  if (condition === "any") return true;
  return condition === "absent" ? row === undefined : row?.version === condition;
}

function checkValue(name: string, value: JsonValue): void {
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes > limits.catalogValueBytesMax) {
    throw new LogError("request_too_large", `The catalog item ${name} has ${bytes} bytes; the most is ${limits.catalogValueBytesMax}.`);
  }
}

/** Where the key is, or belongs. */
function placeOf(order: readonly string[], sk: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(order[middle] ?? "", sk) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
