import { StoreFault } from "../../../engines/aws/table.ts";
import type { FaultKind, Item, Key, TransactWrite, WriteFault } from "../../../engines/aws/table.ts";
import { itemBytes } from "./item-size.ts";
import { readied } from "./one-write.ts";
import { refused } from "./refused.ts";

const writesMax = 100;
const bytesMax = 4 * 1_048_576;

export interface Effect {
  readonly key: Key;
  readonly item: Item | undefined;
}

/**
 * What the transaction does to the items that are there.
 * @throws StoreFault with one `writes` element each when one of them cannot be done
 */
export function transactionEffects(writes: readonly TransactWrite[], get: (key: Key) => Item | undefined): Effect[] {
  if (writes.length === 0 || writes.length > writesMax) throw refused(`A transaction has 1 to ${writesMax} writes, not ${writes.length}`);
  const ready = writes.map(readied);
  if (new Set(ready.map(({ key }) => JSON.stringify([key.pk, key.sk]))).size < writes.length) {
    throw refused("Transaction request cannot include multiple operations on one item");
  }
  const effects: Effect[] = [];
  const faults = ready.map(({ key, result }, i): WriteFault => {
    try {
      const item = result(get(key));
      if (writes[i]?.kind !== "check") effects.push({ key, item });
      return { kind: "none" };
    } catch (reason) {
      if (!(reason instanceof StoreFault)) throw reason;
      return reason.item === undefined ? { kind: reason.kind } : { kind: reason.kind, item: reason.item };
    }
  });
  const kind = (["refused", "condition"] satisfies FaultKind[]).find((each) => faults.some((fault) => fault.kind === each));
  if (kind !== undefined) {
    throw new StoreFault(kind, `Transaction cancelled: [${faults.map((fault) => fault.kind).join()}]`, { writes: faults });
  }
  const bytes = effects.reduce((all, { item }) => all + (item === undefined ? 0 : itemBytes(item)), 0);
  if (bytes > bytesMax) throw refused(`The items of a transaction have ${bytes} bytes, and may have ${bytesMax}`);
  return effects;
}

/** What has been done under each token lately. */
export class TokenMemory {
  readonly #keptMs = 600_000;
  readonly #done = new Map<string, { readonly writes: string; readonly atMs: number }>();

  /** @returns whether this very transaction has been done already @throws StoreFault when another one has, with this token */
  has(token: string, writes: readonly TransactWrite[], nowMs: number): boolean {
    if (!/^.{1,36}$/s.test(token)) throw refused("A client request token has 1 to 36 characters");
    for (const [old, { atMs }] of this.#done) {
      if (atMs > nowMs - this.#keptMs) break;
      this.#done.delete(old);
    }
    const known = this.#done.get(token);
    if (known !== undefined && known.writes !== digest(writes)) throw refused(`Another transaction had the token ${token}`);
    return known !== undefined;
  }

  note(token: string, writes: readonly TransactWrite[], nowMs: number): void {
    this.#done.set(token, { writes: digest(writes), atMs: nowMs });
  }
}

/** The same for the same writes, whatever the order of names in a map. */
function digest(writes: readonly TransactWrite[]): string {
  return JSON.stringify(writes, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
