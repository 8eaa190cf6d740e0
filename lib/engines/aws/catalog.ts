import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogItem, CatalogKey, CatalogRange, CatalogWrite } from "../../ports/catalog.ts";
import { unknown } from "./ambiguity.ts";
import { catalogConflict, catalogKey, checkCatalogWrites, conditionOf, decodeCatalogItem, putChange } from "./catalog-writes.ts";
import { readText } from "./items/values.ts";
import { catalogPk } from "./keys.ts";
import { asLogError, Attempts, faultOf, newId, repeat, type Context } from "./context.ts";
import type { Item, Query } from "./table.ts";

/** The port over the same table. One write is one plain request, several are one transaction. */
export class AwsCatalog implements Catalog {
  readonly #context: Context;
  readonly #transact: (writes: readonly CatalogWrite[]) => Promise<unknown>;

  /** @param transact several writes in one step */
  constructor(context: Context, transact: (writes: readonly CatalogWrite[]) => Promise<unknown>) {
    this.#context = context;
    this.#transact = transact;
  }

  async get(key: CatalogKey): Promise<CatalogItem | undefined> {
    const item = await repeat(this.#context, () => this.#context.table.get(catalogKey(key)));
    return item === undefined ? undefined : decodeCatalogItem(item, key.pk);
  }

  async query(pk: string, range: CatalogRange): Promise<readonly CatalogItem[]> {
    const { limit, prefix = "", descending = false } = range;
    if (!Number.isInteger(limit) || limit < 1 || limit > limits.catalogQueryLimitMax) {
      throw new LogError("invalid_request", `A catalog query's limit is 1 to ${limits.catalogQueryLimitMax}, not ${limit}.`);
    }
    if (isPastAll(range)) return [];
    const found: CatalogItem[] = [];
    for (let after = startOf(range); ; ) {
      const request: Query = {
        pk: catalogPk(pk),
        descending,
        limit: limit - found.length,
        ...(prefix !== "" && { prefix }),
        ...(after !== undefined && { after }),
      };
      const { items, hasMore } = await repeat(this.#context, () => this.#context.table.query(request));
      found.push(...items.map((item) => decodeCatalogItem(item, pk)));
      if (!hasMore || found.length >= limit) return found;
      after = lastKey(items) ?? after;
    }
  }

  async transact(writes: readonly CatalogWrite[]): Promise<void> {
    if (writes.length === 0) throw new LogError("invalid_request", "A catalog transaction needs at least one write.");
    if (writes.length > limits.transactWritesMax) {
      throw new LogError(
        "request_too_large",
        `A catalog transaction has at most ${limits.transactWritesMax} writes, not ${writes.length}.`,
      );
    }
    checkCatalogWrites(writes);
    const [only] = writes;
    if (writes.length > 1 || only === undefined || "check" in only) await this.#transact(writes);
    else await this.#write(only);
  }

  /**
   * One write, never sent again once it may have been done: an attempt that comes late could find its condition true anew, after a deletion, and undo what
   * happened since. When its outcome is not known, the item tells if it was this write that made it so.
   */
  async #write(write: CatalogWrite): Promise<void> {
    const writeId = newId(this.#context);
    const attempts = new Attempts(this.#context);
    for (;;) {
      try {
        await this.#send(write, writeId);
        return;
      } catch (reason) {
        const fault = faultOf(reason);
        if (fault.kind === "condition") throw catalogConflict(write.key);
        if (fault.kind === "refused") throw asLogError(fault);
        if (fault.kind === "unknown") {
          if ("put" in write && (await this.#isWritten(write.key, writeId))) return;
          throw asLogError(fault);
        }
        await attempts.again(fault);
      }
    }
  }

  async #send(write: CatalogWrite, writeId: string): Promise<void> {
    const { table } = this.#context;
    const key = catalogKey(write.key);
    if ("put" in write) await table.update(key, putChange(write.put, write.if, writeId));
    else await table.delete(key, conditionOf(write.if));
  }

  async #isWritten(key: CatalogKey, writeId: string): Promise<boolean> {
    try {
      const item = await repeat(this.#context, () => this.#context.table.get(catalogKey(key)));
      return item?.["w"] !== undefined && readText(item["w"], "a catalog item's w") === writeId;
    } catch (reason) {
      throw unknown(reason);
    }
  }
}

/** The key to start after; one before all that have the prefix is no bound. */
function startOf({ prefix = "", after = "" }: CatalogRange): string | undefined {
  return after !== "" && after.startsWith(prefix) ? after : undefined;
}

/** Whether the key to start after leaves nothing that has the prefix. */
function isPastAll({ prefix = "", after = "", descending = false }: CatalogRange): boolean {
  if (after === "" || after.startsWith(prefix)) return false;
  return Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0 === descending;
}

function lastKey(items: readonly Item[]): string | undefined {
  const last = items.at(-1);
  return last === undefined ? undefined : readText(last["sk"], "a catalog item's sk");
}
