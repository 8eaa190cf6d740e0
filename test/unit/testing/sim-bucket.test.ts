import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreFault } from "../../../lib/engines/aws/table.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";

describe("the simulated bucket", () => {
  it("keeps the first object of a key, and tells whose it is", async () => {
    const bucket = new SimBucket({ nowMs: () => 7 });
    const bytes = Buffer.from("one");
    assert.equal(await bucket.put("a", bytes, "w1"), true);
    bytes.fill(0);
    assert.equal(await bucket.put("a", Buffer.from("two"), "w2"), false);
    assert.equal(Buffer.from((await bucket.get("a")) as Uint8Array).toString(), "one");
    assert.equal(await bucket.writeIdOf("a"), "w1");
    assert.equal(await bucket.writeIdOf("b"), undefined);
    assert.equal(await bucket.get("b"), undefined);
    assert.equal(await bucket.get("b", { start: 9, length: 1 }), undefined);
    await bucket.delete(["a", "b"]);
    assert.equal(await bucket.get("a"), undefined);
  });

  it("shows an object that comes in parts once it is complete, if its key is free then", async () => {
    const bucket = new SimBucket({ nowMs: () => 7 });
    const [whole, rest] = [new Uint8Array(5 * 1024 * 1024).fill(1), Uint8Array.from([2, 3])];
    const [first, second] = [await bucket.upload("a", "w1"), await bucket.upload("a", "w2")];
    await first.part(2, rest);
    await first.part(1, whole);
    await second.part(1, rest);
    assert.equal(await bucket.get("a"), undefined);
    assert.equal(await first.complete(), true);
    assert.equal(await bucket.writeIdOf("a"), "w1");
    assert.deepEqual(await bucket.get("a", { start: whole.length - 1, length: 9 }), Uint8Array.from([1, 2, 3]));
    assert.equal(await second.complete(), false);
    await second.giveUp();
    await assert.rejects(second.complete(), StoreFault);
    await assert.rejects(first.part(3, rest), StoreFault);
    const small = await bucket.upload("b", "w3");
    await assert.rejects(small.complete(), StoreFault, "no parts");
    await small.part(1, rest);
    await small.part(2, rest);
    await assert.rejects(small.complete(), StoreFault, "a part that is too small");
    await assert.rejects(small.part(0, rest), StoreFault);
  });

  it("cuts a range at the end, and says when it starts past it", async () => {
    const bucket = new SimBucket({ nowMs: () => 7 });
    await bucket.put("a", Uint8Array.from([1, 2, 3]), "w");
    await bucket.put("empty", new Uint8Array(0), "w");
    assert.deepEqual(await bucket.get("a", { start: 1, length: 9 }), Uint8Array.from([2, 3]));
    assert.equal(await bucket.get("a", { start: 3, length: 1 }), "past-end");
    assert.deepEqual(await bucket.get("empty", { start: 0, length: 1 }), new Uint8Array(0));
    await assert.rejects(bucket.get("a", { start: 0, length: 0 }), StoreFault);
  });

  it("lists keys by their bytes, after a key, page by page", async () => {
    const bucket = new SimBucket({ nowMs: () => 7 });
    for (const key of ["j/b", "j/a", "k", "j/\u{10000}", "j/\uffff"]) await bucket.put(key, new Uint8Array(2), "w");
    const keys = async (after?: string) =>
      (await bucket.list("j/", { limit: 2, ...(after === undefined ? {} : { after }) })).map(({ key }) => key);
    assert.deepEqual(await keys(), ["j/a", "j/b"]);
    assert.deepEqual(await keys("j/b"), ["j/\uffff", "j/\u{10000}"]);
    assert.deepEqual((await bucket.list("k", { limit: 1 }))[0], { key: "k", bytes: 2, modifiedMs: 7 });
    assert.equal(bucket.snapshot.length, 5);
    await assert.rejects(bucket.list("", { limit: 1_001 }), StoreFault);
  });
});
