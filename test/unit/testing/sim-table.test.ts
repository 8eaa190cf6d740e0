import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreFault } from "../../../lib/engines/aws/table.ts";
import type { FaultKind, TransactWrite, Value } from "../../../lib/engines/aws/table.ts";
import { itemBytes } from "../../../lib/testing/sim/aws/item-size.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";

const key = { pk: "H", sk: "H" };
const keyItem = { pk: { S: "H" }, sk: { S: "H" } };
const n = (value: number | bigint): Value => ({ N: value.toString() });
const b = (...bytes: number[]): Value => ({ B: Uint8Array.from(bytes) });

function table(nowMs = { value: 0 }) {
  return new SimTable({ nowMs: () => nowMs.value });
}

async function fault(promise: Promise<unknown>, kind: FaultKind): Promise<StoreFault> {
  const reason: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(reason instanceof StoreFault, `it was done, or failed otherwise: ${String(reason)}`);
  assert.equal(reason.kind, kind, reason.message);
  return reason;
}

describe("the simulated table", () => {
  it("commits as the engine does, and says what it met when a condition fails", async () => {
    const t = table();
    await t.put({ ...keyItem, st: n(0), hw: { L: [n(10), n(20)] }, tail: { L: [] }, p: { M: {} }, seq: n(0) });
    const commit = (max: number) =>
      t.update(key, {
        update: "SET hw[1] = hw[1] + :c, seq = seq + :one, tail = list_append(tail, :ref), p.#a = list_append(:state, hw)",
        condition: "st = :open AND size(tail) < :max AND attribute_not_exists(p.#a)",
        names: { "#a": "7/1" },
        values: { ":c": n(5), ":one": n(1), ":ref": { L: [b(1)] }, ":state": { L: [n(9)] }, ":open": n(0), ":max": n(max) },
      });
    const after = await commit(1);
    assert.deepEqual(after, {
      ...keyItem,
      st: n(0),
      hw: { L: [n(10), n(25)] },
      tail: { L: [b(1)] },
      p: { M: { "7/1": { L: [n(9), n(10), n(20)] } } },
      seq: n(1),
    });
    const { item } = await fault(commit(5), "condition");
    assert.deepEqual(item, after);
    assert.deepEqual(await t.get(key), after);
  });

  it("makes the item by an update when the condition allows it, and tells of none when it does not", async () => {
    const t = table();
    const { item } = await fault(t.update(key, { update: "SET a = :a", condition: "a = :a", values: { ":a": n(1) } }), "condition");
    assert.equal(item, undefined);
    const change = { update: "SET a = if_not_exists(a, :zero) + :a", values: { ":zero": n(0), ":a": n(1) } };
    assert.deepEqual(await t.update(key, change), { ...keyItem, a: n(1) });
    assert.deepEqual(await t.update(key, change), { ...keyItem, a: n(2) });
  });

  it("sees indexes as before the update, and appends what is set past the end", async () => {
    const t = table();
    await t.put({ ...keyItem, l: { L: [n(0), n(1), n(2)] }, m: { M: { x: n(1), y: n(2) } } });
    const after = await t.update(key, {
      update: "REMOVE l[0], m.x, l[1], l[7] SET l[9] = :a, l[5] = l[1], l[2] = l[0]",
      values: { ":a": n(9) },
    });
    assert.deepEqual(after, { ...keyItem, l: { L: [n(0), n(1), n(9)] }, m: { M: { y: n(2) } } });
  });

  const refusals: readonly (readonly [update: string, condition?: string])[] = [
    ["SET a = gone + :x"],
    ["SET a = s + :x"],
    ["SET gone.a = :x"],
    ["SET l.a = :x"],
    ["REMOVE m[0], l[0].x"],
    ["SET m = :x, m.a = :x"],
    ["SET l[0] = :x REMOVE l"],
    ["SET m.a = :x, m[0] = :x"],
    ["SET pk = :x"],
    ["SET a = :undefined, b = :x"],
    ["SET #undefined = :x"],
    ["SET a = a"],
    ["SET l = list_append(l, list_append(l, l))"],
    ["SET a = if_not_exists(n, n)"],
    ["SET _a = :x"],
    ["SET last = :x"],
    ["SET a = :x SET b = :x"],
    ["SET a = :x,"],
    ["SET a = :x", "((s = :x))"],
    ["SET a = :x", "l < l"],
    ["SET a = :x", "size(:x) < n"],
    ["SET a = :x", "begins_with(s, :x)"],
    ["SET a = :x", "s BETWEEN :x"],
    ["SET a = :x", "s"],
    [`SET a = :x, ${"b".repeat(4_100)} = :x`],
    [`SET ${Array.from({ length: 301 }, (_, i) => `a${i}=n+:x`).join()}`],
  ];
  for (const [update, condition] of refusals) {
    it(`refuses ${update.slice(0, 60)}${condition === undefined ? "" : ` if ${condition}`}`, async () => {
      const t = table();
      const item = { ...keyItem, s: { S: "s" }, n: n(1), l: { L: [n(1)] }, m: { M: {} } };
      await t.put(item);
      await fault(t.update(key, { update, ...(condition === undefined ? {} : { condition }), values: { ":x": n(1) } }), "refused");
      assert.deepEqual(t.snapshot, [item]);
    });
  }

  it("refuses items over 400 KB, empty keys and numbers over 38 digits, and keeps what is just within", async () => {
    const t = table();
    const blob = (bytes: number) => ({ ...keyItem, b: { B: new Uint8Array(bytes) } });
    const room = 409_600 - itemBytes(blob(0));
    await fault(t.put(blob(room + 1)), "refused");
    await t.put(blob(room));
    await fault(t.update(key, { update: "SET a = :a", values: { ":a": n(1) } }), "refused");
    await fault(t.put({ pk: { S: "" }, sk: { S: "x" } }), "refused");
    await fault(t.put({ ...keyItem, n: n(10n ** 38n + 1n) }), "refused");
    await fault(t.put({ ...keyItem, n: { N: "1.5" } }), "refused");
    await t.put({ ...keyItem, n: n(10n ** 38n - 1n) });
    await fault(t.update(key, { update: "SET n = n + :a", values: { ":a": n(2) } }), "refused");
  });

  it("does a transaction wholly or not at all, and says which write was why", async () => {
    const t = table();
    const put = (sk: string, condition?: string): TransactWrite => ({
      kind: "put",
      item: { pk: { S: "P" }, sk: { S: sk }, n: n(1) },
      ...(condition === undefined ? {} : { condition: { condition } }),
    });
    await t.transact([put("1"), put("2", "attribute_not_exists(pk)")], "t1");
    const { writes } = await fault(t.transact([put("3"), put("2", "attribute_not_exists(pk)")], "t2"), "condition");
    assert.deepEqual(writes, [{ kind: "none" }, { kind: "condition", item: { pk: { S: "P" }, sk: { S: "2" }, n: n(1) } }]);
    assert.equal(await t.get({ pk: "P", sk: "3" }), undefined);
    const wrong: TransactWrite = { kind: "update", key: { pk: "P", sk: "1" }, change: { update: "SET a = b" } };
    const { writes: kinds } = await fault(t.transact([wrong, put("2", "attribute_not_exists(pk)"), put("4")], "t3"), "refused");
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["refused", "condition", "none"],
    );
    await fault(t.transact([put("5"), put("5")], "t4"), "refused");
    await fault(
      t.transact(
        Array.from({ length: 101 }, (_, i) => put(`${i}`)),
        "t5",
      ),
      "refused",
    );
  });

  it("does a transaction once in ten minutes under one token", async () => {
    const now = { value: 0 };
    const t = table(now);
    const add = (by: number): TransactWrite => ({
      kind: "update",
      key,
      change: { update: "SET n = if_not_exists(n, :zero) + :by", values: { ":by": n(by), ":zero": n(0) } },
    });
    await t.transact([add(1)], "same");
    now.value = 599_000;
    await t.transact([add(1)], "same");
    await fault(t.transact([add(2)], "same"), "refused");
    assert.deepEqual(await t.get(key), { ...keyItem, n: n(1) });
    now.value = 601_000;
    await t.transact([add(1)], "same");
    assert.deepEqual(await t.get(key), { ...keyItem, n: n(2) });
  });

  it("queries one pk by bounds or prefix, both ways, in the order of UTF-8 bytes, page by page", async () => {
    const t = table();
    const sks = ["a", "b1", "b2", "b3", "c", "\uffff", "\u{10000}"];
    for (const sk of sks.toReversed()) await t.put({ pk: { S: "P" }, sk: { S: sk } });
    const found = async (request: object) => {
      const { items, hasMore } = await t.query({ pk: "P", limit: 100, ...request });
      return [items.map(({ sk }) => (sk as { S: string }).S).join(" "), hasMore];
    };
    assert.deepEqual(await found({}), [sks.join(" "), false]);
    assert.deepEqual(await found({ limit: 2, after: "b1" }), ["b2 b3", true]);
    assert.deepEqual(await found({ prefix: "b", descending: true, after: "b3" }), ["b2 b1", false]);
    assert.deepEqual(await found({ from: "b2", to: "c" }), ["b2 b3 c", false]);
    assert.deepEqual(await found({ to: "b2", limit: 3 }), ["a b1 b2", false]);
    assert.deepEqual(await found({ to: "b9", descending: true, limit: 1 }), ["b3", true]);
    await fault(found({ from: "b", after: "a" }), "refused");
    await fault(found({ from: "b", to: "a" }), "refused");
    await fault(found({ to: "b1", after: "b1" }), "refused");
  });

  it("ends a page at 1 MB", async () => {
    const t = table();
    for (const sk of ["1", "2", "3", "4", "5"]) await t.put({ pk: { S: "P" }, sk: { S: sk }, b: { B: new Uint8Array(300_000) } });
    const { items, hasMore } = await t.query({ pk: "P", limit: 100 });
    assert.deepEqual([items.length, hasMore], [4, true]);
  });

  it("keeps bytes of its own, not those it was given, a Buffer's neither", async () => {
    const t = table();
    const bytes = Buffer.from([1, 2, 3]);
    await t.put({ ...keyItem, b: { B: bytes } });
    bytes.fill(0);
    assert.deepEqual((await t.get(key))?.["b"], b(1, 2, 3));
  });

  it("remembers for a while how it was", async () => {
    const now = { value: 0 };
    const t = table(now);
    for (const [atMs, value] of [1, 2, 3].entries()) {
      now.value = atMs * 100;
      await t.put({ ...keyItem, n: n(value) });
    }
    now.value = 300;
    await t.delete(key);
    assert.deepEqual((await t.asOf(150).get(key))?.["n"], n(2));
    assert.deepEqual((await t.asOf(250).query({ pk: "H", limit: 1 })).items[0]?.["n"], n(3));
    assert.equal(await t.get(key), undefined);
    assert.deepEqual(t.snapshot, []);
    now.value = 2_000;
    await t.put({ pk: { S: "other" }, sk: { S: "x" } });
    assert.equal(await t.asOf(1_900).get(key), undefined);
  });
});
