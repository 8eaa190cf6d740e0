/** Bytes that are there and bytes that are on their way have one bound together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ByteCache } from "../../../lib/core/byte-cache.ts";

const bytesMax = 100;
const keptBytesMax = 70;

/** A cache, and what is read for it: each read ends when the test says so. */
function watched() {
  const dropped: string[] = [];
  const reading = new Map<string, { readonly bytes: number; readonly end: (reason?: Error) => void }>();
  const cache = new ByteCache(bytesMax, { keptBytesMax, dropped: (name) => void dropped.push(name) });
  const read = (name: string, bytes: number) => async (): Promise<Uint8Array> => {
    await new Promise<void>((resolve, reject) => {
      reading.set(name, { bytes, end: (reason) => (reason === undefined ? resolve() : reject(reason)) });
    });
    return new Uint8Array(bytes);
  };
  const end = async (name: string, reason?: Error): Promise<void> => {
    reading.get(name)?.end(reason);
    reading.delete(name);
    await setImmediate();
  };
  const load = (name: string, bytes: number): Promise<Uint8Array> => cache.load(name, bytes, read(name, bytes));
  const loadKept = (name: string, bytes: number): Promise<Uint8Array> | undefined => cache.loadKept(name, bytes, read(name, bytes));
  return { cache, dropped, reading, read, end, load, loadKept };
}

const names = (reading: ReadonlyMap<string, unknown>): readonly string[] => [...reading.keys()];

test("a load waits for room until those before it are there, and then puts out what is longest unused", async () => {
  const { cache, dropped, reading, end, load } = watched();
  const loads = ["a", "b", "c", "d"].map((name) => load(name, 30));
  await setImmediate();
  assert.deepEqual(names(reading), ["a", "b", "c"]);
  await end("a");
  // It is there, and nobody keeps it: d needs its room.
  assert.deepEqual([names(reading), dropped, cache.get("a")], [["b", "c", "d"], ["a"], undefined]);
  for (const name of ["b", "c", "d"]) await end(name);
  assert.deepEqual(
    (await Promise.all(loads)).map(({ length }) => length),
    [30, 30, 30, 30],
  );
  cache.get("b");
  cache.set("e", new Uint8Array(20));
  assert.deepEqual(dropped, ["a", "c"]);
});

test("what is kept stays, and so does room for what is not", async () => {
  const { cache, dropped, reading, end, load, loadKept } = watched();
  assert.ok(loadKept("a", 40) !== undefined && loadKept("b", 30) !== undefined);
  assert.equal(loadKept("c", 1), undefined, "too much would be kept");
  await setImmediate();
  const others = [load("d", 30), load("e", 30), load("f", 500)];
  await setImmediate();
  assert.deepEqual(names(reading), ["a", "b", "d"]);
  for (const name of ["a", "b", "d", "e", "f"]) await end(name);
  await Promise.all(others);
  assert.deepEqual([dropped, cache.get("a")?.length, cache.get("b")?.length], [["d", "e", "f"], 40, 30]);
  cache.release("a");
  await Promise.all([load("g", 30), load("h", 30), end("g"), setImmediate().then(() => Promise.all([end("g"), end("h")]))]);
  assert.deepEqual([cache.get("a"), cache.get("b")?.length], [undefined, 30]);
});

test("what is released makes room for who waits", async () => {
  const { cache, reading, end, loadKept } = watched();
  const kept = loadKept("a", 70);
  await setImmediate();
  await end("a");
  await kept;
  let passed = 0;
  const pass = (): Promise<void> =>
    cache.pass(30, async () => {
      passed++;
      await new Promise<void>((resolve) => void reading.set(`pass ${passed}`, { bytes: 30, end: () => resolve() }));
    });
  const passes = [pass(), pass()];
  await setImmediate();
  assert.equal(passed, 1);
  cache.release("a");
  await setImmediate();
  assert.deepEqual([passed, cache.get("a")], [2, undefined]);
  await end("pass 1");
  await end("pass 2");
  await Promise.all(passes);
});

test("a load that fails is told to all who wait for it, and gives its room back", async () => {
  const { cache, dropped, end, loadKept } = watched();
  const loads = [loadKept("a", 70), loadKept("a", 70), cache.find("a")];
  await setImmediate();
  const told = loads.map((each) => assert.rejects(each ?? Promise.resolve(), /gone/));
  await end("a", new Error("gone"));
  await Promise.all(told);
  assert.deepEqual([dropped, await cache.find("a")], [["a"], undefined]);
  assert.ok(loadKept("b", 70) !== undefined);
  await setImmediate();
  await end("b");
});

test("whatever is loaded, kept and released, there is never more than the bound, and all loads end", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { cache, reading, end, load, loadKept } = watched();
    let state = seed;
    const below = (count: number): number => (state = (state * 48_271) % 2_147_483_647) % count;
    let open = 0;
    const track = (loading: Promise<Uint8Array> | undefined): void => {
      if (loading !== undefined) open++;
      loading?.then(() => open--).catch((reason: unknown) => assert.ifError(reason));
    };
    for (let step = 0; step < 300; step++) {
      const name = `${below(20)}`;
      const action = below(6);
      if (action === 0) track(load(name, 1 + below(30)));
      else if (action === 1) track(loadKept(name, 1 + below(30)));
      else if (action === 2) cache.keep(name);
      else if (action === 3) cache.release(name);
      else if (reading.size > 0) await end(names(reading)[below(reading.size)] ?? "");
      await setImmediate();
      const there = Array.from({ length: 20 }, (_, nth) => cache.get(`${nth}`)?.length ?? 0);
      const sum = [...there, ...[...reading.values()].map(({ bytes }) => bytes)].reduce((all, bytes) => all + bytes, 0);
      assert.ok(sum <= bytesMax, `seed ${seed}, step ${step}: ${sum} bytes`);
    }
    while (reading.size > 0) await end(names(reading)[0] ?? "");
    assert.equal(open, 0, `seed ${seed}`);
  }
});
