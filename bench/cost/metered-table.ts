import {
  type Change,
  type Condition,
  type Item,
  type Key,
  StoreFault,
  type Table,
  type TransactWrite,
} from "../../lib/engines/aws/table.ts";
import { readUnits, sizeOf, storedBytes, writeUnits } from "./billing.ts";
import type { HeadBytes } from "./head-bytes.ts";
import { kindOf, updateKind } from "./kinds.ts";
import type { Usage } from "./usage.ts";

export interface TableMeter {
  readonly usage: Usage;
  readonly heads: HeadBytes;
  /** Reads what a write will meet; not billed. */
  readonly peek: Pick<Table, "get">;
}

/** How a write that is refused by its condition is told from others: it is billed, but DynamoDB Local does not say so. */
export const refusedMark = " (refused)";
/** AWS bills a query that finds nothing at the least there is; DynamoDB Local says that it is free. */
export const emptyMark = " (empty)";

/** The table, with every request billed as AWS would. Writes go one at a time, as each is billed on the item that it meets. */
export function meteredTable(table: Table, meter: TableMeter): Table {
  const { usage } = meter;
  const inTurn = turns();
  return {
    async get(key, options) {
      const item = await table.get(key, options);
      const bytes = sizeOf(item);
      usage.add(kindOf(key.pk, "get"), { readUnits: readUnits(bytes, options?.isEventual ?? false), bytes });
      return item;
    },
    async query(request) {
      const page = await table.query(request);
      const bytes = page.items.reduce((sum, item) => sum + sizeOf(item), 0);
      const kind = kindOf(request.pk, "query") + (bytes === 0 ? emptyMark : "");
      usage.add(kind, { readUnits: readUnits(bytes, request.isEventual ?? false), bytes });
      return page;
    },
    put(item: Item, condition?: Condition) {
      const key = keyOf(item);
      const write = { kind: kindOf(key.pk, "put"), key, proposed: item, after: () => item };
      return inTurn(() => billed(meter, write, () => table.put(item, condition)));
    },
    update(key: Key, change: Change) {
      const write = { kind: updateKind(key.pk, change), key, proposed: undefined, after: (item: Item) => item };
      return inTurn(() => billed(meter, write, () => table.update(key, change)));
    },
    delete(key: Key, condition?: Condition) {
      const write = { kind: kindOf(key.pk, "delete"), key, proposed: undefined, after: () => undefined };
      return inTurn(() => billed(meter, write, () => table.delete(key, condition)));
    },
    transact: (writes, token) => inTurn(() => transact({ table, ...meter }, writes, token)),
  };
}

interface Write<T> {
  readonly kind: string;
  readonly key: Key;
  /** The item that it would leave, where that is known beforehand: AWS bills it when the condition fails, too. */
  readonly proposed: Item | undefined;
  readonly after: (result: T) => Item | undefined;
}

/** A refused write is billed on what it met, or would have left. */
async function billed<T>({ usage, heads, peek }: TableMeter, { kind, key, proposed, after }: Write<T>, run: () => Promise<T>): Promise<T> {
  const before = await peek.get(key);
  let result: T;
  try {
    result = await run();
  } catch (reason) {
    if (reason instanceof StoreFault && reason.kind === "condition") {
      usage.add(kind + refusedMark, { writeUnits: writeUnits(before, proposed), bytes: Math.max(sizeOf(before), sizeOf(proposed)) });
    }
    throw reason;
  }
  const item = after(result);
  usage.add(kind, { writeUnits: writeUnits(before, item), bytes: Math.max(sizeOf(before), sizeOf(item)) });
  usage.stored.tableBytes += storedBytes(item) - storedBytes(before);
  if (kind === "commit" && item !== undefined) heads.add(item);
  return result;
}

/** Each item apart and twice, a check by the item that it met, also when the transaction is refused. */
async function transact(
  { table, usage, peek }: TableMeter & { readonly table: Table },
  writes: readonly TransactWrite[],
  token: string,
): Promise<void> {
  const keys = writes.map((write) => (write.kind === "put" ? keyOf(write.item) : write.key));
  const before = await Promise.all(keys.map((key) => peek.get(key)));
  let mark = refusedMark;
  try {
    await table.transact(writes, token);
    mark = "";
  } finally {
    const after = await Promise.all(keys.map((key) => peek.get(key)));
    for (const [nth, write] of writes.entries()) {
      const left = write.kind === "put" ? write.item : after[nth];
      const kind = kindOf(keys[nth]?.pk ?? "", `transact ${write.kind}`) + mark;
      usage.add(kind, { writeUnits: 2 * writeUnits(before[nth], left), bytes: Math.max(sizeOf(before[nth]), sizeOf(left)) });
      usage.stored.tableBytes += storedBytes(after[nth]) - storedBytes(before[nth]);
    }
  }
}

function keyOf({ pk, sk }: Item): Key {
  if (pk === undefined || sk === undefined || !("S" in pk) || !("S" in sk)) throw new Error("an item without its key");
  return { pk: pk.S, sk: sk.S };
}

/** Runs one after the other what it is given. */
function turns(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
}
