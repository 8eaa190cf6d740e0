import assert from "node:assert/strict";
import type { ObjectStore } from "../../ports/object-store.ts";
import { engineCase, reopenCase } from "./case.ts";
import type { EngineCase } from "./case.ts";
import { refused } from "./expect.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined) => (found === undefined ? undefined : new TextDecoder().decode(found));
const keysOf = async (objects: ObjectStore, prefix: string, page: { readonly after?: string; readonly limit: number }) =>
  (await objects.list(prefix, page)).map((info) => info.key);

/** What every engine's `ObjectStore` must pass. */
export const objectStoreCases: readonly EngineCase[] = [
  reopenCase(
    "an object comes back as it was put, is never changed, and outlives the engine",
    async ({ objects }) => {
      assert.equal(await objects.put("a/b.seg", bytes("first")), true);
      assert.equal(await objects.put("a/b.seg", bytes("second")), false);
      assert.equal(await objects.put("a/b.seg", bytes("first")), false, "the same bytes are taken too");
      assert.equal(text(await objects.get("a/b.seg")), "first");
      assert.equal(await objects.get("a/b"), undefined);
      assert.equal(await objects.put("empty", new Uint8Array(0)), true);
    },
    async ({ objects }) => {
      assert.equal(text(await objects.get("a/b.seg")), "first");
      assert.equal(await objects.put("a/b.seg", bytes("third")), false);
      assert.deepEqual(await objects.get("empty"), new Uint8Array(0));
      assert.deepEqual(await keysOf(objects, "", { limit: 10 }), ["a/b.seg", "empty"]);
    },
  ),
  reopenCase(
    "3 MiB of every byte value come back as they went in, whole and by range",
    async ({ objects }) => {
      await objects.put("big", every());
    },
    async ({ objects }) => {
      assert.ok(Buffer.from((await objects.get("big")) ?? []).equals(every()));
      const range = await objects.get("big", { start: 1_048_570, length: 100_000 });
      assert.ok(Buffer.from(range ?? []).equals(every().subarray(1_048_570, 1_148_570)));
    },
  ),
  reopenCase(
    "pieces in their order are the whole, and an object is theirs alone",
    async ({ objects }) => {
      assert.equal(await objects.put("pieces", pieces(["one", "", "two", "three"])), true);
      assert.equal(await objects.put("none", pieces([])), true);
      assert.equal(await objects.put("pieces", pieces(["other"])), false);
      assert.equal(await objects.put("pieces", bytes("other")), false);
      await objects.put("whole", bytes("first"));
      assert.equal(await objects.put("whole", pieces(["other"])), false);
    },
    async ({ objects }) => {
      assert.equal(text(await objects.get("pieces")), "onetwothree");
      assert.equal(text(await objects.get("pieces", { start: 2, length: 3 })), "etw");
      assert.deepEqual(await objects.get("none"), new Uint8Array(0));
      assert.equal(text(await objects.get("whole")), "first");
      assert.deepEqual(await keysOf(objects, "", { limit: 10 }), ["none", "pieces", "whole"]);
    },
  ),
  reopenCase(
    "20 MiB in pieces of 1 MiB come back as they went in, under a key that is free",
    async ({ objects }) => {
      assert.equal(await objects.put("big", manyPieces()), true);
      assert.equal(await objects.put("big", manyPieces(1)), false);
    },
    async ({ objects }) => {
      const whole = Buffer.concat(Array.from({ length: pieceCount }, (_, nth) => piece(nth)));
      assert.ok(Buffer.from((await objects.get("big")) ?? []).equals(whole));
      const range = await objects.get("big", { start: 8 * pieceBytes - 5, length: 10 });
      assert.ok(Buffer.from(range ?? []).equals(whole.subarray(8 * pieceBytes - 5, 8 * pieceBytes + 5)));
    },
  ),
  reopenCase(
    "what the source of the pieces throws is thrown on, and nothing is stored",
    async ({ objects }) => {
      for (const count of [0, 1, pieceCount - 1]) {
        const broken = new Error(`after ${count}`);
        await assert.rejects(objects.put("broken", failing(count, broken)), (reason) => reason === broken);
        assert.equal(await objects.get("broken"), undefined);
      }
      assert.deepEqual(await objects.list("", { limit: 10 }), []);
      assert.equal(await objects.put("broken", pieces(["now"])), true);
    },
    async ({ objects }) => assert.equal(text(await objects.get("broken")), "now"),
  ),
  engineCase("the pieces' buffers are their source's own again once the next is asked for", async ({ objects }) => {
    const buffer = bytes("....");
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (const each of ["abcd", "efgh", "ijkl"]) {
        buffer.set(bytes(each));
        yield buffer;
      }
      buffer.fill(0);
    }
    await objects.put("reused", reusing());
    assert.equal(text(await objects.get("reused")), "abcdefghijkl");
  }),
  engineCase("the store's bytes are its own", async ({ objects }) => {
    const given = bytes("mine");
    await objects.put("a", given);
    given.fill(0);
    (await objects.get("a"))?.fill(0);
    assert.equal(text(await objects.get("a")), "mine");
  }),
  engineCase("ranges are cut at the end and refused past it", async ({ objects }) => {
    await objects.put("a", bytes("0123456789"));
    await objects.put("empty", new Uint8Array(0));
    const range = async (start: number, length: number) => text(await objects.get("a", { start, length }));
    assert.equal(await range(0, 10), "0123456789");
    assert.equal(await range(0, 1), "0");
    assert.equal(await range(9, 1), "9");
    assert.equal(await range(3, 4), "3456");
    assert.equal(await range(7, 100), "789");
    await refused(objects.get("a", { start: 10, length: 1 }), "offset_out_of_range");
    await refused(objects.get("a", { start: 11, length: 1 }), "offset_out_of_range");
    assert.equal(await objects.get("none", { start: 5, length: 1 }), undefined);
    assert.deepEqual(await objects.get("empty", { start: 0, length: 5 }), new Uint8Array(0));
  }),
  engineCase("list: keys by prefix in the order of their bytes, page by page, with sizes", async ({ objects }) => {
    const keys = ["a", "a-1", "a.b", "a/1", "a/10", "a/2", "a/b/c", "a0", "a=", "aB", "a_", "ab", "b/x"];
    const shuffled = keys.map((_, i) => keys[(i * 5 + 4) % keys.length] ?? "");
    for (const key of shuffled) assert.equal(await objects.put(key, bytes(key)), true);
    assert.deepEqual(await keysOf(objects, "", { limit: 1_000 }), keys);
    assert.deepEqual(await keysOf(objects, "a/", { limit: 1_000 }), ["a/1", "a/10", "a/2", "a/b/c"]);
    assert.deepEqual(await keysOf(objects, "a/1", { limit: 1_000 }), ["a/1", "a/10"]);
    assert.deepEqual(await keysOf(objects, "a/b", { limit: 1_000 }), ["a/b/c"], "a prefix may end inside an element");
    assert.deepEqual(await keysOf(objects, "none", { limit: 1_000 }), []);
    assert.deepEqual(await keysOf(objects, "a/", { after: "a/10", limit: 1_000 }), ["a/2", "a/b/c"]);
    assert.deepEqual(await keysOf(objects, "a/", { after: "a/11", limit: 1 }), ["a/2"]);
    assert.deepEqual(await keysOf(objects, "a/", { after: "b", limit: 1_000 }), []);
    const seen: string[] = [];
    for (;;) {
      const page = await objects.list("", { limit: 3, ...(seen.length > 0 && { after: seen.at(-1) ?? "" }) });
      if (page.length === 0) break;
      assert.ok(page.length <= 3);
      for (const { key, bytes: size, modifiedMs } of page) {
        assert.equal(size, key.length);
        assert.ok(modifiedMs >= 0);
        seen.push(key);
      }
    }
    assert.deepEqual(seen, keys);
    await refused(objects.list("", { limit: 0 }), "invalid_request");
    await refused(objects.list("", { limit: 1_001 }), "invalid_request");
    assert.equal((await objects.list("", { limit: 1_000 })).length, keys.length);
  }),
  reopenCase(
    "what is deleted is gone, its key is free, and what is not there is no error",
    async ({ objects }) => {
      for (const key of ["a/1", "a/2", "a/3", "b"]) await objects.put(key, bytes(key));
      await objects.delete(["a/1", "a/3", "none", "a/none/x"]);
      await objects.delete([]);
      assert.deepEqual(await keysOf(objects, "", { limit: 10 }), ["a/2", "b"]);
      assert.equal(await objects.get("a/1"), undefined);
      assert.equal(await objects.put("a/1", bytes("anew")), true);
    },
    async ({ objects }) => {
      assert.deepEqual(await keysOf(objects, "", { limit: 10 }), ["a/1", "a/2", "b"]);
      assert.equal(text(await objects.get("a/1")), "anew");
      assert.equal(await objects.get("a/3"), undefined);
    },
  ),
  engineCase("one deletion takes 1,000 keys and not one more", async ({ objects }) => {
    await objects.put("k0", bytes("x"));
    const keys = Array.from({ length: 1_001 }, (_, i) => `k${i}`);
    await refused(objects.delete(keys), "request_too_large");
    assert.equal(text(await objects.get("k0")), "x");
    await objects.delete(keys.slice(0, 1_000));
    assert.equal(await objects.get("k0"), undefined);
  }),
  engineCase("of 64 parallel puts to one key exactly one is stored", async ({ objects }) => {
    const results = await Promise.all(Array.from({ length: 64 }, (_, i) => objects.put("race", bytes(`writer ${i}`))));
    const won = results.flatMap((stored, i) => (stored ? [i] : []));
    assert.equal(won.length, 1);
    assert.equal(text(await objects.get("race")), `writer ${won[0]}`);
  }),
  engineCase("64 parallel puts to 64 keys are all stored", async ({ objects }) => {
    await Promise.all(Array.from({ length: 64 }, (_, i) => objects.put(`many/${i % 8}/${i}`, bytes(`${i}`))));
    for (let i = 0; i < 64; i++) assert.equal(text(await objects.get(`many/${i % 8}/${i}`)), `${i}`);
    assert.equal((await objects.list("many/", { limit: 100 })).length, 64);
  }),
  engineCase("keys: what the rule allows works, what it does not is refused and leaves nothing", async ({ objects }) => {
    const longest = `${`${"x".repeat(127)}/`.repeat(3)}${"y".repeat(128)}`;
    for (const key of ["a", "A-Z_0=9.x", "...a", ".hidden", "a/b/c/d/e/f/g", longest]) {
      assert.equal(await objects.put(key, bytes(key)), true);
      assert.equal(text(await objects.get(key)), key);
    }
    const bad = ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a b", "a\\b", "é", "a\u0000", "a%2e", "x".repeat(513)];
    for (const key of bad) {
      await refused(objects.put(key, bytes("x")), "invalid_request");
      await refused(objects.get(key), "invalid_request");
    }
    assert.equal((await objects.list("", { limit: 100 })).length, 6);
  }),
  {
    name: "after closing, the object store refuses",
    async run(harness) {
      const engine = await harness.open();
      const { objects } = engine;
      await engine.close();
      await refused(objects.put("a", bytes("x")), "unavailable");
      await refused(objects.get("a"), "unavailable");
      await refused(objects.list("", { limit: 1 }), "unavailable");
    },
  },
];

const pieceBytes = 1024 * 1024;
const pieceCount = 20;

function piece(nth: number): Uint8Array {
  return new Uint8Array(pieceBytes).map((_, at) => (at * 7 + (at >> 8) + nth * 31) & 0xff);
}

async function* manyPieces(first = 0): AsyncGenerator<Uint8Array> {
  for (let nth = 0; nth < pieceCount; nth++) yield piece(first + nth);
}

async function* pieces(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const each of texts) yield bytes(each);
}

/** Ends with an error after some pieces. */
async function* failing(count: number, reason: Error): AsyncGenerator<Uint8Array> {
  for (let nth = 0; nth < count; nth++) yield piece(nth);
  throw reason;
}

function every(): Buffer {
  return Buffer.from(Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, i) => (i * 13 + (i >> 9)) & 0xff));
}
