/**
 * DynamoDB as this engine uses it: six operations on one table, each sent at most once. The SDK's binding is `sdk-table.ts`;
 * the simulator's is `lib/testing/sim/aws/sim-table.ts`. Expressions are DynamoDB's own strings, so both run the same protocol code.
 */
export interface Table {
  /** By a strongly consistent read unless `isEventual`. */
  get(key: Key, options?: { readonly isEventual?: boolean }): Promise<Item | undefined>;
  /** Writes a whole item. @throws StoreFault */
  put(item: Item, condition?: Condition): Promise<void>;
  /** Changes one item, making it when there is none and the condition allows it. @returns the whole item after it @throws StoreFault */
  update(key: Key, change: Change): Promise<Item>;
  /** @throws StoreFault */
  delete(key: Key, condition?: Condition): Promise<void>;
  /** Items of one `pk` in the order of `sk`, strongly consistent each, not a snapshot together: at most `limit`, and no further than the one that reaches 1 MB. */
  query(request: Query): Promise<QueryPage>;
  /** All or none, 1 to 100, each key once. `token` (1 to 36 characters) makes a repetition within ten minutes harmless. @throws StoreFault */
  transact(writes: readonly TransactWrite[], token: string): Promise<void>;
}

/** An attribute value in DynamoDB's own form. Numbers are decimal text. */
export type Value =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly L: readonly Value[] }
  | { readonly M: Readonly<Record<string, Value>> };

export type Item = Readonly<Record<string, Value>>;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What expressions refer to by `#name` and `:value`. */
export interface Terms {
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, Value>>;
}

export interface Condition extends Terms {
  readonly condition: string;
}

export interface Change extends Terms {
  /** An UpdateExpression. */
  readonly update: string;
  readonly condition?: string;
}

export interface Query {
  readonly pk: string;
  /** Bounds of `sk`, inclusive. */
  readonly from?: string;
  readonly to?: string;
  /** Only keys that start with this; not together with bounds. */
  readonly prefix?: string;
  /** Starts after this key (before it, when `descending`); it has to lie within the bounds and leave room in them: after the last bound itself it is refused. */
  readonly after?: string;
  readonly descending?: boolean;
  readonly limit: number;
  /** Default false: strongly consistent. */
  readonly isEventual?: boolean;
  /** Answers `pk` and `sk` of each item and no more. It is billed as if it did. */
  readonly keysOnly?: boolean;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** Whether more may follow the last item. */
  readonly hasMore: boolean;
}

export type TransactWrite =
  | { readonly kind: "put"; readonly item: Item; readonly condition?: Condition }
  | { readonly kind: "update"; readonly key: Key; readonly change: Change }
  | { readonly kind: "delete"; readonly key: Key; readonly condition?: Condition }
  | { readonly kind: "check"; readonly key: Key; readonly condition: Condition };

/**
 * How a storage request can fail.
 * - `condition`: refused by its condition; nothing was written.
 * - `conflict`: met a transaction on the same item; nothing was written.
 * - `throttled`, `unreachable` (no connection was made): nothing was written; the same may succeed later.
 * - `refused`: will not succeed as it is (validation, access, no such table); nothing was written.
 * - `unknown`: no answer, or one that leaves open whether it was or will be done.
 */
export type FaultKind = "condition" | "conflict" | "throttled" | "unreachable" | "refused" | "unknown";

/** How one write of a transaction was met. `none`: not the reason. */
export interface WriteFault {
  readonly kind: FaultKind | "none";
  /** The item as it was, when a condition refused it and there is one. */
  readonly item?: Item;
}

export class StoreFault extends Error {
  override readonly name = "StoreFault";
  readonly kind: FaultKind;
  /** The item that a failed condition met; undefined when there is none. */
  readonly item: Item | undefined;
  /** Of a transaction: one for each write, in their order. */
  readonly writes: readonly WriteFault[];

  constructor(
    kind: FaultKind,
    message: string,
    options: { readonly item?: Item | undefined; readonly writes?: readonly WriteFault[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.item = options.item;
    this.writes = options.writes ?? [];
  }
}
