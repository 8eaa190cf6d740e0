import type { Change, Condition, Item, Key, Query, QueryPage, Table, TransactWrite } from "../../../engines/aws/table.ts";
import { ItemVersions } from "./item-versions.ts";
import { checkedKey, readied } from "./one-write.ts";
import { checkQuery, selectPage } from "./select-page.ts";
import { TokenMemory, transactionEffects } from "./transaction.ts";

/** How far behind an eventual read can be. */
export const staleMsMax = 500;

/** Reads of how a table was: what an eventual read may answer. */
export type PastReads = Pick<Table, "get" | "query">;

/** A DynamoDB table in memory. It keeps copies, and what it answers is its own: not to be changed. It does at once what it is asked: what can go wrong on the way there is for `faulty-storage.ts`. */
export class SimTable implements Table {
  readonly #clock: { nowMs(): number };
  readonly #items = new ItemVersions(staleMsMax);
  readonly #tokens = new TokenMemory();

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock;
  }

  /** All items, those of one pk in their order. */
  get snapshot(): readonly Item[] {
    return [...this.#items.all()];
  }

  /** As the table was at a time, at most `staleMsMax` ago. */
  asOf(atMs: number): PastReads {
    return { get: async (key) => this.#get(key, atMs), query: async (request) => this.#query(request, atMs) };
  }

  async get(key: Key): Promise<Item | undefined> {
    return this.#get(key);
  }

  async put(item: Item, condition?: Condition): Promise<void> {
    this.#write(condition === undefined ? { kind: "put", item } : { kind: "put", item, condition });
  }

  async update(key: Key, change: Change): Promise<Item> {
    return this.#write({ kind: "update", key, change }) ?? {};
  }

  async delete(key: Key, condition?: Condition): Promise<void> {
    this.#write(condition === undefined ? { kind: "delete", key } : { kind: "delete", key, condition });
  }

  async query(request: Query): Promise<QueryPage> {
    return this.#query(request);
  }

  async transact(writes: readonly TransactWrite[], token: string): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (this.#tokens.has(token, writes, nowMs)) return;
    const effects = transactionEffects(writes, (key) => this.#get(key));
    for (const { key, item } of effects) this.#items.set(key, item, nowMs);
    this.#tokens.note(token, writes, nowMs);
  }

  #get(key: Key, atMs?: number): Item | undefined {
    return this.#items.get(checkedKey(key), atMs);
  }

  #query(request: Query, atMs?: number): QueryPage {
    checkQuery(request);
    const page = selectPage(request, this.#items.of(request.pk, atMs));
    return request.keysOnly === true ? { ...page, items: page.items.map(onlyKey) } : page;
  }

  #write(write: TransactWrite): Item | undefined {
    const { key, result } = readied(write);
    const item = result(this.#get(key));
    this.#items.set(key, item, this.#clock.nowMs());
    return item;
  }
}

function onlyKey({ pk, sk }: Item): Item {
  return pk === undefined || sk === undefined ? {} : { pk, sk };
}
