import assert from "node:assert/strict";
import { limits } from "../../core/limits.ts";
import type { Catalog, CatalogCondition, CatalogRange, CatalogWrite, JsonValue } from "../../ports/catalog.ts";
import { engineCase, reopenCase } from "./case.ts";
import type { EngineCase } from "./case.ts";
import { refused } from "./expect.ts";

const key = (sk: string, pk = "p") => ({ pk, sk });
const put = (sk: string, value: JsonValue, condition: CatalogCondition = "any"): CatalogWrite => ({
  key: key(sk),
  put: value,
  if: condition,
});
const remove = (sk: string, condition: CatalogCondition = "any"): CatalogWrite => ({ key: key(sk), delete: true, if: condition });
const check = (sk: string, condition: "absent" | number): CatalogWrite => ({ key: key(sk), check: true, if: condition });

/** What every engine's `Catalog` must pass. */
export const catalogCases: readonly EngineCase[] = [
  reopenCase(
    "an item comes back as it was put, its version counts its puts, also after a reopening",
    async ({ catalog }) => {
      assert.equal(await catalog.get(key("a")), undefined);
      for (let version = 1; version <= 3; version++) {
        await catalog.transact([put("a", { version })]);
        assert.deepEqual(await catalog.get(key("a")), { key: key("a"), version, value: { version } });
      }
      await catalog.transact([put("gone", 1)]);
      await catalog.transact([remove("gone")]);
    },
    async ({ catalog }) => {
      assert.deepEqual(await catalog.get(key("a")), { key: key("a"), version: 3, value: { version: 3 } });
      assert.equal(await catalog.get(key("gone")), undefined);
      await catalog.transact([put("a", 4, 3)]);
      assert.deepEqual(await catalog.get(key("a")), { key: key("a"), version: 4, value: 4 });
    },
  ),
  reopenCase(
    "every JSON value comes back as it was",
    async ({ catalog }) => {
      for (const [i, value] of values.entries()) await catalog.transact([put(`v${i}`, value)]);
      await checkValues(catalog);
    },
    async ({ catalog }) => checkValues(catalog),
  ),
  engineCase("an item is the catalog's own: the caller's value may change afterwards", async ({ catalog }) => {
    const value = { list: [1] };
    await catalog.transact([put("a", value)]);
    value.list.push(2);
    const read = await catalog.get(key("a"));
    assert.ok(read !== undefined);
    assert.deepEqual(read.value, { list: [1] });
    read.value.list.push(3);
    assert.deepEqual((await catalog.get(key("a")))?.value, { list: [1] });
  }),
  engineCase("conditions: absent, any, a version, for puts, deletions and checks", async ({ catalog }) => {
    await catalog.transact([put("a", 1, "absent")]);
    await refused(catalog.transact([put("a", 2, "absent")]), "conflict");
    await refused(catalog.transact([put("a", 2, 2)]), "conflict");
    await refused(catalog.transact([put("none", 2, 1)]), "conflict");
    await catalog.transact([put("a", 2, 1)]);
    await refused(catalog.transact([put("a", 3, 1)]), "conflict");
    await refused(catalog.transact([remove("a", 1)]), "conflict");
    await refused(catalog.transact([remove("a", "absent")]), "conflict");
    await refused(catalog.transact([check("a", "absent"), put("b", 1)]), "conflict");
    await refused(catalog.transact([check("a", 3), put("b", 1)]), "conflict");
    await refused(catalog.transact([check("none", 1), put("b", 1)]), "conflict");
    assert.equal(await catalog.get(key("b")), undefined);
    await catalog.transact([check("a", 2), check("none", "absent"), put("b", 1)]);
    assert.equal((await catalog.get(key("a")))?.version, 2, "a check writes nothing");
    assert.equal(await catalog.get(key("none")), undefined);
    await catalog.transact([remove("a", 2), remove("none", "absent"), remove("nothing", "any")]);
    assert.equal(await catalog.get(key("a")), undefined);
    await refused(catalog.transact([remove("a", 2)]), "conflict");
  }),
  engineCase("an item that is made anew after its deletion starts at version 1", async ({ catalog }) => {
    await catalog.transact([put("a", 1)]);
    await catalog.transact([put("a", 2)]);
    await catalog.transact([remove("a", 2)]);
    await catalog.transact([put("a", 3, "absent")]);
    assert.equal((await catalog.get(key("a")))?.version, 1);
  }),
  reopenCase(
    "a transaction is done whole or not at all, whichever of its conditions fails",
    async ({ catalog }) => {
      await catalog.transact([put("a", 1), put("b", 1), put("c", 1)]);
      const failing = [put("a", 2, 9), remove("b", 9), check("c", 9), put("d", 1, 9)];
      for (const bad of failing) {
        const rest = ["a", "b", "c", "d"].filter((sk) => sk !== bad.key.sk).map((sk) => put(sk, 2));
        for (let at = 0; at <= rest.length; at++) await refused(catalog.transact(rest.toSpliced(at, 0, bad)), "conflict");
      }
    },
    async ({ catalog }) => {
      assert.deepEqual(await rowsOf(catalog, {}), ["a 1", "b 1", "c 1"]);
    },
  ),
  engineCase("a key at most once, keys not empty, 1 to the most writes", async ({ catalog }) => {
    await refused(catalog.transact([]), "invalid_request");
    await refused(catalog.transact([put("a", 1), put("a", 2)]), "invalid_request");
    await refused(catalog.transact([check("a", "absent"), put("a", 2)]), "invalid_request");
    await refused(catalog.transact([put("", 1)]), "invalid_request");
    await refused(catalog.transact([{ key: key("a", ""), put: 1, if: "any" }]), "invalid_request");
    const writes = Array.from({ length: limits.transactWritesMax + 1 }, (_, i) => put(`k${i}`, i));
    await refused(catalog.transact(writes), "request_too_large");
    assert.deepEqual(await catalog.query("p", { limit: 10 }), []);
    await catalog.transact(writes.slice(1));
    assert.equal((await catalog.query("p", { limit: 1_000 })).length, limits.transactWritesMax);
  }),
  reopenCase(
    "a value may have the most bytes and not one more",
    async ({ catalog }) => {
      const text = (bytes: number) => "x".repeat(bytes - 2);
      await refused(catalog.transact([put("small", 1), put("a", text(limits.catalogValueBytesMax + 1))]), "request_too_large");
      assert.equal(await catalog.get(key("small")), undefined);
      const accented = "é".repeat(limits.catalogValueBytesMax / 2);
      await refused(catalog.transact([put("a", accented)]), "request_too_large");
      await catalog.transact([put("a", text(limits.catalogValueBytesMax))]);
    },
    async ({ catalog }) => {
      const found = await catalog.get(key("a"));
      assert.equal(JSON.stringify(found?.value ?? null).length, limits.catalogValueBytesMax);
    },
  ),
  reopenCase(
    "query gives the items of one pk in the order of their keys' UTF-8 bytes",
    async ({ catalog }) => {
      for (const sk of shuffledKeys) await catalog.transact([put(sk, 0)]);
      await catalog.transact([
        { key: key("a", "p2"), put: 0, if: "any" },
        { key: key("a", "P"), put: 0, if: "any" },
      ]);
      await checkOrder(catalog);
    },
    async ({ catalog }) => checkOrder(catalog),
  ),
  engineCase("query by prefix, after a key, descending, and all of them together", async ({ catalog }) => {
    for (const sk of ["a", "b", "b/", "b/1", "b/10", "b/2", "b/é", "b/\u{1F600}", "b0", "c", "%", "_", "b%x", "b_x"])
      await catalog.transact([put(sk, 0)]);
    const all = ["%", "_", "a", "b", "b%x", "b/", "b/1", "b/10", "b/2", "b/é", "b/\u{1F600}", "b0", "b_x", "c"];
    const under = ["b/", "b/1", "b/10", "b/2", "b/é", "b/\u{1F600}"];
    const keys = async (range: Partial<CatalogRange>) => (await catalog.query("p", { limit: 100, ...range })).map((item) => item.key.sk);
    assert.deepEqual(await keys({}), all);
    assert.deepEqual(await keys({ prefix: "" }), all);
    assert.deepEqual(await keys({ prefix: "b/" }), under);
    assert.deepEqual(await keys({ prefix: "b/1" }), ["b/1", "b/10"]);
    assert.deepEqual(await keys({ prefix: "b%" }), ["b%x"], "a prefix is no pattern");
    assert.deepEqual(await keys({ prefix: "b_" }), ["b_x"], "a prefix is no pattern");
    assert.deepEqual(await keys({ prefix: "d" }), []);
    assert.deepEqual(await keys({ after: "b/10" }), ["b/2", "b/é", "b/\u{1F600}", "b0", "b_x", "c"]);
    assert.deepEqual(await keys({ after: "b/11" }), ["b/2", "b/é", "b/\u{1F600}", "b0", "b_x", "c"], "the key need not be there");
    assert.deepEqual(await keys({ prefix: "b/", after: "b/10" }), ["b/2", "b/é", "b/\u{1F600}"]);
    assert.deepEqual(await keys({ prefix: "b/", after: "a" }), under);
    assert.deepEqual(await keys({ prefix: "b/", after: "c" }), []);
    assert.deepEqual(await keys({ descending: true }), all.toReversed());
    assert.deepEqual(await keys({ descending: true, after: "b" }), ["a", "_", "%"]);
    assert.deepEqual(await keys({ descending: true, prefix: "b/" }), under.toReversed());
    assert.deepEqual(await keys({ descending: true, prefix: "b/", after: "b/2" }), ["b/10", "b/1", "b/"]);
    assert.deepEqual(await keys({ descending: true, prefix: "b/", after: "c" }), under.toReversed());
    assert.deepEqual(await keys({ limit: 2 }), ["%", "_"]);
    assert.deepEqual(await keys({ limit: 1, prefix: "b/", after: "b/1" }), ["b/10"]);
    assert.deepEqual(await keys({ limit: 2, descending: true, prefix: "b/" }), ["b/\u{1F600}", "b/é"]);
  }),
  engineCase("a query's limit is 1 to the most, and pages put together are the whole", async ({ catalog }) => {
    const total = limits.catalogQueryLimitMax + 50;
    for (let base = 0; base < total; base += 50) {
      await catalog.transact(Array.from({ length: 50 }, (_, i) => put(`k${String(base + i).padStart(6, "0")}`, base + i)));
    }
    await refused(catalog.query("p", { limit: 0 }), "invalid_request");
    await refused(catalog.query("p", { limit: limits.catalogQueryLimitMax + 1 }), "invalid_request");
    const first = await catalog.query("p", { limit: limits.catalogQueryLimitMax });
    assert.equal(first.length, limits.catalogQueryLimitMax);
    const rest = await catalog.query("p", { limit: limits.catalogQueryLimitMax, after: first.at(-1)?.key.sk ?? "" });
    assert.deepEqual(
      [...first, ...rest].map((item) => item.value),
      Array.from({ length: total }, (_, i) => i),
    );
  }),
  engineCase("of 64 parallel puts on one version exactly one goes through, 16 times over", async ({ catalog }) => {
    await catalog.transact([put("a", -1)]);
    for (let round = 1; round <= 16; round++) {
      const tries = Array.from({ length: 64 }, (_, i) => catalog.transact([put("a", i, round), put(`won ${round} ${i}`, i)]));
      const results = await Promise.allSettled(tries);
      const won = results.findIndex(({ status }) => status === "fulfilled");
      await Promise.all(tries.filter((_, i) => i !== won).map((lost) => refused(lost, "conflict")));
      assert.deepEqual(await catalog.get(key("a")), { key: key("a"), version: round + 1, value: won });
      assert.deepEqual(
        (await catalog.query("p", { prefix: `won ${round} `, limit: 100 })).map((item) => item.value),
        [won],
      );
    }
  }),
  engineCase("64 parallel puts without a condition are all counted", async ({ catalog }) => {
    await Promise.all(Array.from({ length: 64 }, (_, i) => catalog.transact([put("a", i)])));
    assert.equal((await catalog.get(key("a")))?.version, 64);
  }),
  {
    name: "after closing, the catalog refuses",
    async run(harness) {
      const engine = await harness.open();
      const { catalog } = engine;
      await engine.close();
      await refused(catalog.get(key("a")), "unavailable");
      await refused(catalog.query("p", { limit: 1 }), "unavailable");
      await refused(catalog.transact([put("a", 1)]), "unavailable");
    },
  },
];

const values: readonly JsonValue[] = [
  null,
  true,
  false,
  0,
  -1.5,
  Number.MAX_SAFE_INTEGER,
  1e300,
  "",
  'é\u{1F600}\u0000\n"\\',
  [],
  {},
  [[null, { a: [] }], "x"],
  { "": 1, a: { b: { c: [1, 2, { d: null }] } }, __proto__x: 2 },
];

async function checkValues(catalog: Catalog): Promise<void> {
  for (const [i, value] of values.entries()) assert.deepEqual((await catalog.get(key(`v${i}`)))?.value, value);
}

/** UTF-16 order differs: it has U+1F600 (a surrogate pair) before U+FF01. */
const orderedKeys = [
  "!",
  "0",
  "10",
  "2",
  "A",
  "Z",
  "a",
  "a\u0001",
  "a ",
  "aa",
  "b",
  "~",
  "é",
  "\uE000",
  "\uFF01",
  "\u{1F600}",
  "\u{10FFFF}",
];
const shuffledKeys = orderedKeys.map((_, i) => orderedKeys[(i * 7 + 3) % orderedKeys.length] ?? "");

async function checkOrder(catalog: Catalog): Promise<void> {
  const keys = async (descending: boolean) => (await catalog.query("p", { limit: 100, descending })).map((item) => item.key.sk);
  assert.deepEqual(await keys(false), orderedKeys);
  assert.deepEqual(await keys(true), orderedKeys.toReversed());
  for (const [i, after] of orderedKeys.entries()) {
    const [next] = await catalog.query("p", { after, limit: 1 });
    assert.equal(next?.key.sk, orderedKeys[i + 1]);
  }
}

async function rowsOf(catalog: Catalog, range: Partial<CatalogRange>): Promise<readonly string[]> {
  return (await catalog.query("p", { limit: 100, ...range })).map((item) => `${item.key.sk} ${JSON.stringify(item.value)}`);
}
