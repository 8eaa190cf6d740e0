import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { CatalogItem, CatalogKey, CatalogRange, JsonValue } from "../../ports/catalog.ts";
import type { DeleteOp, PutOp } from "./journal-op.ts";

interface Row {
  readonly sk: string;
  readonly version: number;
  readonly value: string;
}

/** The catalog's durable items: the index's, and over them those that wait for the index. */
export class CatalogItems {
  /** By `pk` and `sk`; undefined: deleted. */
  readonly #waiting = new Map<string, Map<string, Row | undefined>>();
  readonly #get: StatementSync;
  readonly #version: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare("SELECT sk, version, value FROM items WHERE pk = ? AND sk = ?");
    this.#version = db.prepare("SELECT version FROM items WHERE pk = ? AND sk = ?");
    this.#ascending = db.prepare("SELECT sk, version, value FROM items WHERE pk = ? AND sk >= ? ORDER BY sk LIMIT ?");
    this.#descending = db.prepare("SELECT sk, version, value FROM items WHERE pk = ? AND sk < ? ORDER BY sk DESC LIMIT ?");
    this.#put = db.prepare(
      "INSERT INTO items VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value",
    );
    this.#delete = db.prepare("DELETE FROM items WHERE pk = ? AND sk = ?");
  }

  version({ pk, sk }: CatalogKey): number | undefined {
    const group = this.#waiting.get(pk);
    if (group?.has(sk) === true) return group.get(sk)?.version;
    const version = this.#version.get(pk, sk)?.["version"];
    return typeof version === "number" ? version : undefined;
  }

  get({ pk, sk }: CatalogKey): CatalogItem | undefined {
    const group = this.#waiting.get(pk);
    const row = group?.has(sk) === true ? group.get(sk) : rowOf(this.#get.get(pk, sk));
    return row === undefined ? undefined : itemOf(pk, row);
  }

  query(pk: string, range: CatalogRange): readonly CatalogItem[] {
    const { limit, descending = false } = range;
    const waiting = this.#waiting.get(pk) ?? new Map<string, Row | undefined>();
    const inRange = rangeTest(range);
    const fresh = [...waiting.values()].filter((row): row is Row => row !== undefined && inRange(row.sk));
    // Each waiting key can hide at most one indexed row, so this many rows are enough.
    const found = this.#page(pk, range, limit + waiting.size).filter((row) => !waiting.has(row.sk) && inRange(row.sk));
    const rows = fresh.length === 0 ? found : [...found, ...fresh].sort((a, b) => compareUtf8(a.sk, b.sk) * (descending ? -1 : 1));
    return rows.slice(0, limit).map((row) => itemOf(pk, row));
  }

  apply(op: PutOp | DeleteOp): void {
    const { pk, sk } = op.key;
    let group = this.#waiting.get(pk);
    if (group === undefined) {
      group = new Map();
      this.#waiting.set(pk, group);
    }
    group.set(sk, op.kind === "put" ? { sk, version: op.version, value: op.value } : undefined);
  }

  /** Writes what waits, inside the caller's transaction. */
  write(): void {
    for (const [pk, group] of this.#waiting) {
      for (const [sk, row] of group) {
        if (row === undefined) this.#delete.run(pk, sk);
        else this.#put.run(pk, sk, row.version, row.value);
      }
    }
  }

  /** The transaction of `write` is committed. */
  settle(): void {
    this.#waiting.clear();
  }

  #page(pk: string, { prefix = "", after, descending = false }: CatalogRange, limit: number): readonly Row[] {
    if (!descending) {
      // One row more: the one that is `after` itself.
      const from = after !== undefined && compareUtf8(after, prefix) > 0 ? after : prefix;
      return this.#ascending.all(pk, from, limit + 1).flatMap((row) => rowOf(row) ?? []);
    }
    const end = endOfPrefix(prefix);
    const before = after !== undefined && (typeof end !== "string" || compareUtf8(after, end) < 0) ? after : end;
    return this.#descending.all(pk, before, limit).flatMap((row) => rowOf(row) ?? []);
  }
}

/** The least bound above all keys that start with the prefix. Bytes, which SQLite sorts after all text, when there is none. */
function endOfPrefix(prefix: string): string | Uint8Array {
  const points = [...prefix];
  for (let last = points.pop()?.codePointAt(0); last !== undefined; last = points.pop()?.codePointAt(0)) {
    if (last === 0x10ffff) continue;
    return points.join("") + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
  return new Uint8Array(0);
}

function rangeTest({ prefix = "", after, descending = false }: CatalogRange): (sk: string) => boolean {
  return (sk) => sk.startsWith(prefix) && (after === undefined || compareUtf8(sk, after) * (descending ? -1 : 1) > 0);
}

/** The order of the contract, and of SQLite: by UTF-8 bytes. */
function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function itemOf(pk: string, row: Row): CatalogItem {
  return { key: { pk, sk: row.sk }, version: row.version, value: JSON.parse(row.value) as JsonValue };
}

function rowOf(row: Record<string, SQLOutputValue> | undefined): Row | undefined {
  if (row === undefined) return undefined;
  const { sk, version, value } = row;
  if (typeof sk !== "string" || typeof version !== "number" || typeof value !== "string")
    throw new TypeError("index: an item of the wrong type");
  return { sk, version, value };
}
