import type { Condition, Item, Key, Query, Table, Terms, TransactWrite, Value } from "../../lib/engines/aws/table.ts";
import type { Prng } from "../../lib/testing/sim/prng.ts";

type OneWrite = Exclude<TransactWrite, { readonly kind: "check" }>;

export type TableOp =
  | { readonly kind: "get"; readonly key: Key }
  | { readonly kind: "query"; readonly request: Query }
  | { readonly kind: "write"; readonly write: OneWrite }
  | { readonly kind: "transact"; readonly writes: readonly TransactWrite[]; readonly token: string };

export function runOp(table: Table, op: TableOp): Promise<unknown> {
  switch (op.kind) {
    case "get":
      return table.get(op.key);
    case "query":
      return table.query(op.request);
    case "transact":
      return table.transact(op.writes, op.token);
    case "write": {
      const { write } = op;
      if (write.kind === "put") return table.put(write.item, write.condition);
      if (write.kind === "update") return table.update(write.key, write.change);
      return table.delete(write.key, write.condition);
    }
  }
}

const sks = ["H", "P#1", "P#2", "P#21", "Q"] as const;
const n = (value: number | string): Value => ({ N: `${value}` });

/** Random requests of the kinds that the engine makes, on the items of one pk, and some that it must not make. */
export class TableOps {
  readonly #prng: Prng;
  readonly #pk: string;
  #lastTransaction: TableOp | undefined;
  readonly #firstPuts: string[];

  constructor(prng: Prng, pk: string) {
    this.#prng = prng;
    this.#pk = pk;
    this.#firstPuts = sks.filter(() => prng.chance(0.7));
  }

  next(): TableOp {
    const prng = this.#prng;
    const sk = this.#firstPuts.pop();
    if (sk !== undefined) return { kind: "write", write: { kind: "put", item: this.#item({ pk: this.#pk, sk }) } };
    const chance = prng.fraction();
    if (chance < 0.05) return { kind: "get", key: this.#key() };
    if (chance < 0.25) return { kind: "query", request: this.#query() };
    if (chance < 0.85) return { kind: "write", write: this.#write(this.#key()) };
    if (chance < 0.88 && this.#lastTransaction !== undefined) return this.#lastTransaction;
    const keys = new Set(Array.from({ length: prng.between(1, 3) }, () => prng.pick(sks)));
    const writes = [...keys].map((sk) => {
      const key = { pk: this.#pk, sk };
      return prng.chance(0.2) ? { kind: "check" as const, key, condition: this.#condition() } : this.#write(key);
    });
    const op = { kind: "transact" as const, writes, token: `${this.#pk}.${prng.between(0, 9)}` };
    this.#lastTransaction = op;
    return op;
  }

  #key(): Key {
    return { pk: this.#pk, sk: this.#prng.chance(0.6) ? "H" : this.#prng.pick(sks) };
  }

  #write(key: Key): OneWrite {
    const prng = this.#prng;
    const kind = prng.pick(["put", "update", "update", "update", "update", "update", "delete"]);
    const condition = prng.chance(0.4) ? { condition: this.#condition() } : {};
    if (kind === "put") {
      const ifAbsent = { condition: { condition: "attribute_not_exists(pk)" } };
      return { kind, item: this.#item(key), ...(prng.chance(0.5) ? ifAbsent : condition) };
    }
    if (kind === "delete") return { kind, key, ...(condition.condition ? condition : { condition: this.#condition() }) };
    const update = this.#update();
    const change = { update, ...(condition.condition && { condition: condition.condition.condition }) };
    return { kind, key, change: { ...change, ...this.#terms(`${update} ${change.condition ?? ""}`) } };
  }

  #item({ pk, sk }: Key): Item {
    const prng = this.#prng;
    const numbers = () => Array.from({ length: prng.between(0, 4) }, () => this.#number());
    const all: Record<string, Value> = {
      seq: n(prng.between(0, 5)),
      x: this.#number(),
      hw: { L: numbers() },
      tail: { L: numbers().map((_, i) => ({ B: prng.bytes(i) })) },
      p: { M: { a: { L: numbers() }, constructor: { L: numbers() } } },
      title: { S: prng.pick(["", "é", "size", "a\u{10000}"]) },
    };
    const kept = Object.entries(all).filter(() => prng.chance(0.85));
    return { pk: { S: pk }, sk: { S: sk }, ...Object.fromEntries(kept) };
  }

  #number(): Value {
    return n(this.#prng.pick([0, 1, 2, 3, -1, 17, "9".repeat(38), `-${"9".repeat(38)}`, `1${"0".repeat(37)}`]));
  }

  #update(): string {
    const prng = this.#prng;
    const i = () => prng.between(0, 5);
    const set = () =>
      prng.pick([
        () => `hw[${i()}] = hw[${i()}] + :n`,
        () => "seq = seq + :one",
        () => "x = if_not_exists(x, :n) - :one",
        () => "x = :n - x",
        () => "tail = list_append(tail, :ref)",
        () => "tail = list_append(:ref, hw)",
        () => "hw = list_append(if_not_exists(hw, :none), :ref)",
        () => `tail[${i()}] = :ref`,
        () => `tail[${i()}] = :n, tail[${i()}] = :one`,
        () => `hw[${i()}] = :n, hw[${i()}] = seq`,
        () => "p.#a = list_append(:ref, hw)",
        () => "p.#a = :ref",
        () => "p.#a[0] = :n",
        () => `p.#a[1] = hw[${i()}]`,
        () => "p.#b = p.#a",
        () => "p = :map",
        () => "p.#a.#b = :n",
        () => "y = sk",
        () => "title = :text",
      ])();
    const remove = () =>
      prng.pick([() => `tail[${i()}]`, () => `hw[${i()}]`, () => "p.#a", () => "p.#b", () => "x", () => "y", () => `p.#a[${i()}]`])();
    const list = (make: () => string) => Array.from({ length: prng.between(1, 3) }, make).join(", ");
    const clauses = prng.pick([
      [`SET ${list(set)}`],
      [`SET ${list(set)}`],
      [`REMOVE ${list(remove)}`],
      [`SET ${list(set)}`, `REMOVE ${list(remove)}`],
    ]);
    return clauses.join(" ");
  }

  #condition(): Condition {
    const condition = this.#clause(2);
    return { condition, ...this.#terms(condition) };
  }

  #clause(depth: number): string {
    const prng = this.#prng;
    if (depth > 0 && prng.chance(0.5)) {
      const [left, right] = [this.#clause(depth - 1), this.#clause(depth - 1)];
      return prng.pick([`${left} AND ${right}`, `${left} OR ${right}`, `NOT ${left}`, `(${left}) AND ${right}`, `NOT (${left})`]);
    }
    const sign = prng.pick(["=", "<>", "<", "<=", ">", ">="]);
    return prng.pick([
      "attribute_exists(pk)",
      "attribute_not_exists(p.#a)",
      "attribute_exists(p.#b[0])",
      `size(tail) ${sign} :n`,
      `size(p) ${sign} :one`,
      `size(title) ${sign} :n`,
      `seq ${sign} :n`,
      `x ${sign} seq`,
      `hw[0] ${sign} x`,
      `p.#a[0] ${sign} :n`,
      `p.#a ${prng.pick(["=", "<>"])} :ref`,
      `title ${sign} :text`,
      "begins_with(title, :text)",
      "seq BETWEEN :one AND :many",
      `:n ${sign} seq`,
    ]);
  }

  /** Names and values for what the expressions name; one too many or too few at times. */
  #terms(expressions: string): Terms {
    const prng = this.#prng;
    const all: Record<string, Value> = {
      ":n": this.#number(),
      ":one": n(1),
      ":many": n(40),
      ":ref": { L: [{ B: prng.bytes(prng.between(0, 3)) }] },
      ":none": { L: [] },
      ":map": { M: { a: { L: [n(1)] } } },
      ":text": { S: prng.pick(["", "a", "é"]) },
    };
    const names = { "#a": "a", "#b": prng.pick(["b", "constructor"]) };
    const isWrong = prng.chance(0.01);
    const isUsed = ([placeholder]: [string, unknown]) =>
      new RegExp(`${placeholder}\\b`).test(expressions) !== (isWrong && prng.chance(0.2));
    return {
      names: Object.fromEntries(Object.entries(names).filter(isUsed)),
      values: Object.fromEntries(Object.entries(all).filter(isUsed)),
    };
  }

  #query(): Query {
    const prng = this.#prng;
    const sk = () => prng.pick([...sks, "P", "P#", "R"]);
    const bounds = prng.pick([{}, { from: sk() }, { to: sk() }, { from: sk(), to: sk() }, { prefix: prng.pick(["P#", "P#2", "Z"]) }]);
    return {
      pk: this.#pk,
      limit: prng.between(1, 4),
      ...bounds,
      ...(prng.chance(0.5) ? { after: sk() } : {}),
      ...(prng.chance(0.4) ? { descending: true } : {}),
      ...(prng.chance(0.2) ? { keysOnly: true } : {}),
    };
  }
}
