import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bucket, Upload } from "../../../../lib/engines/aws/bucket.ts";
import { fault, Store } from "./support.ts";

const mib = 1024 * 1024;
const key = "o/big";

/** Pieces of a MiB each, numbered in their bytes. */
async function* pieces(count: number, onTaken: (nth: number) => void = () => undefined): AsyncGenerator<Uint8Array> {
  for (let nth = 0; nth < count; nth++) {
    onTaken(nth);
    yield new Uint8Array(mib).fill(nth);
  }
}

interface Calls {
  /** Runs a request of an upload, or fails it. */
  readonly between: <T>(call: "begin" | "part" | "complete" | "giveUp", run: () => Promise<T>) => Promise<T>;
}

/** The store's bucket, and what is asked of uploads, in order. */
function watched(
  store: Store,
  { between }: Calls = { between: (_call, run) => run() },
): { readonly bucket: Bucket; readonly calls: string[] } {
  const { bucket } = store;
  const calls: string[] = [];
  const passed = <T>(call: Parameters<Calls["between"]>[0], run: () => Promise<T>): Promise<T> => {
    calls.push(call);
    return between(call, run);
  };
  const upload = (own: Upload): Upload => ({
    part: (number, bytes) => passed("part", () => own.part(number, bytes)),
    complete: () => passed("complete", () => own.complete()),
    giveUp: () => passed("giveUp", () => own.giveUp()),
  });
  return {
    calls,
    bucket: {
      put: (name, bytes, writeId) => bucket.put(name, bytes, writeId),
      upload: (name, writeId) => passed("begin", async () => upload(await bucket.upload(name, writeId))),
      get: (name, range) => bucket.get(name, range),
      writeIdOf: (name) => bucket.writeIdOf(name),
      list: (prefix, page) => bucket.list(prefix, page),
      delete: (keys) => bucket.delete(keys),
    },
  };
}

describe("an object in pieces", () => {
  it("is put at once when it fits in one part, and else uploaded in parts", async () => {
    const expected = { 0: [], 1: [], 8: [], 9: ["begin", "part", "part", "complete"], 17: ["begin", "part", "part", "part", "complete"] };
    for (const [count, wanted] of Object.entries(expected)) {
      const store = new Store();
      const { bucket, calls } = watched(store);
      assert.equal(await store.open(undefined, bucket).objects.put("big", pieces(Number(count))), true);
      assert.deepEqual(calls, wanted, `${count} MiB`);
      assert.equal(store.bucket.snapshot[0]?.bytes, Number(count) * mib);
    }
  });

  it("has at most three parts of it taken from its source before the first is stored", async () => {
    const store = new Store();
    let taken = 0;
    let takenAtFirst = 0;
    const { bucket } = watched(store, {
      async between(call, run) {
        // The source could go on meanwhile.
        if (call === "part") for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
        if (call === "part" && takenAtFirst === 0) takenAtFirst = taken;
        return await run();
      },
    });
    await store.open(undefined, bucket).objects.put(
      "big",
      pieces(64, (nth) => (taken = nth + 1)),
    );
    assert.ok(takenAtFirst <= 25, `${takenAtFirst} MiB`);
  });

  it("is completed once, whatever becomes of the answers", async () => {
    for (const isDone of [true, false]) {
      const store = new Store();
      let lost = 2;
      const { bucket } = watched(store, {
        async between(call, run) {
          if (call !== "complete" || lost-- <= 0) return await run();
          if (isDone) await run().catch(() => undefined);
          throw fault("unknown");
        },
      });
      assert.equal(await store.open(undefined, bucket).objects.put("big", pieces(9)), true);
      assert.equal(store.bucket.snapshot[0]?.bytes, 9 * mib);
    }
  });

  it("is told as unknown when nobody can say", async () => {
    const store = new Store();
    const { bucket } = watched(store, {
      async between(call, run) {
        if (call === "complete") throw fault("unknown");
        return await run();
      },
    });
    await assert.rejects(store.open(undefined, bucket).objects.put("big", pieces(9)), { code: "timeout", outcome: "unknown" });
  });

  it("leaves another's alone, and no parts", async () => {
    for (const isLost of [false, true]) {
      const store = new Store();
      let isFirst = true;
      const { bucket, calls } = watched(store, {
        async between(call, run) {
          if (call === "complete" && isFirst) {
            isFirst = false;
            await store.bucket.put(key, new Uint8Array(3), "another");
            if (isLost) throw fault("unknown");
          }
          return await run();
        },
      });
      assert.equal(await store.open(undefined, bucket).objects.put("big", pieces(9)), false);
      assert.equal(calls.at(-1), "giveUp");
      assert.equal(store.bucket.snapshot[0]?.bytes, 3);
    }
  });

  it("is given up when a part cannot be stored, or its source fails: certainly not applied", async () => {
    for (const failing of ["part", "source"]) {
      const store = new Store();
      const { bucket, calls } = watched(store, {
        async between(call, run) {
          if (call === "part" && failing === "part") throw fault("unknown");
          return await run();
        },
      });
      const broken = new Error("the source broke");
      const source = pieces(20, (nth) => {
        if (failing === "source" && nth === 18) throw broken;
      });
      const put = store.open(undefined, bucket).objects.put("big", source);
      if (failing === "source") await assert.rejects(put, (reason) => reason === broken);
      else await assert.rejects(put, { code: "unavailable", outcome: "not-applied" });
      assert.equal(calls.at(-1), "giveUp");
      assert.ok(!calls.includes("complete"));
      assert.deepEqual(store.bucket.snapshot, []);
    }
  });
});
