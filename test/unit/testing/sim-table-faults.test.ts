import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreFault } from "../../../lib/engines/aws/table.ts";
import { faultyStorage, noStorageFaults } from "../../../lib/testing/sim/aws/faulty-storage.ts";
import type { StorageFaults } from "../../../lib/testing/sim/aws/faulty-storage.ts";
import { SimBucket } from "../../../lib/testing/sim/aws/sim-bucket.ts";
import { SimTable } from "../../../lib/testing/sim/aws/sim-table.ts";
import { Life } from "../../../lib/testing/sim/life.ts";
import { Network, noFaults } from "../../../lib/testing/sim/network.ts";
import type { NetworkFaults } from "../../../lib/testing/sim/network.ts";
import { Prng } from "../../../lib/testing/sim/prng.ts";
import { Scheduler } from "../../../lib/testing/sim/scheduler.ts";

const key = { pk: "p", sk: "s" };
const add = {
  update: "SET n = if_not_exists(n, :zero) + :one",
  values: { ":zero": { N: "0" }, ":one": { N: "1" } },
};

interface Options {
  readonly network?: Partial<NetworkFaults>;
  readonly storage?: Partial<StorageFaults>;
  readonly retriesWrites?: boolean;
}

function machine({ network: networkFaults = {}, storage = {}, retriesWrites = false }: Options) {
  const scheduler = new Scheduler();
  const clock = { nowMs: () => scheduler.nowMs };
  const network = new Network(scheduler, new Prng(1), () => undefined);
  network.faults = { ...noFaults, ...networkFaults };
  const real = { table: new SimTable(clock), bucket: new SimBucket(clock) };
  const parts = { ...real, scheduler, network, prng: new Prng(2), faults: () => ({ ...noStorageFaults, ...storage }), retriesWrites };
  const seen = faultyStorage(parts, new Life("l", scheduler));
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    await scheduler.runUntil(() => isDone && network.inFlight === 0, 100_000);
    return await work;
  };
  return { scheduler, real, seen, run };
}

/** What came of each of many requests: "ok" or the kind of the fault. */
async function outcomes(m: ReturnType<typeof machine>, request: () => Promise<unknown>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < 200; i++) {
    const outcome = await m.run(request()).then(
      () => "ok",
      (reason: unknown) => (reason instanceof StoreFault ? reason.kind : String(reason)),
    );
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

describe("the faulty storage", () => {
  it("passes answers and the table's own faults through", async () => {
    const { seen, run } = machine({});
    await run(seen.table.put({ pk: { S: "p" }, sk: { S: "s" } }));
    const refusal = seen.table.put({ pk: { S: "p" }, sk: { S: "s" } }, { condition: "attribute_not_exists(pk)" });
    await assert.rejects(run(refusal), { name: "StoreFault", kind: "condition", item: { pk: { S: "p" }, sk: { S: "s" } } });
    const check = { kind: "check", key, condition: { condition: "attribute_not_exists(pk)" } } as const;
    await assert.rejects(run(seen.table.transact([check], "t")), {
      kind: "condition",
      writes: [{ kind: "condition", item: { pk: { S: "p" }, sk: { S: "s" } } }],
    });
    assert.equal(await run(seen.bucket.put("k", new Uint8Array(1), "w")), true);
    assert.equal(await run(seen.bucket.put("k", new Uint8Array(1), "v")), false);
    assert.equal(await run(seen.bucket.writeIdOf("k")), "w");
  });

  it("loses answers of writes that were done, and never does one twice", async () => {
    const m = machine({ network: { lost: 0.1, late: 0.1, lateMsMax: 2_000, repeated: 1, throttled: 0.1 } });
    const counts = await outcomes(m, () => m.seen.table.update(key, add));
    const done = Number(((await m.real.table.get(key))?.["n"] as { N: string }).N);
    const [ok = 0, unknown = 0] = [counts.get("ok"), counts.get("unknown")];
    assert.deepEqual([...counts.keys()].sort(), ["ok", "throttled", "unknown"]);
    assert.ok(done > ok && done < ok + unknown, `${done} were done, ${ok} known, ${unknown} unknown`);
  });

  it("does a write twice when the SDK retries", async () => {
    const m = machine({ network: { repeated: 0.5 }, retriesWrites: true });
    await outcomes(m, () => m.seen.table.update(key, add));
    assert.ok(Number(((await m.real.table.get(key))?.["n"] as { N: string }).N) > 250);
  });

  it("lets writes conflict and connections fail, with nothing done", async () => {
    const m = machine({ storage: { conflict: 0.3, unreachable: 0.3 } });
    const counts = await outcomes(m, () => m.seen.table.transact([{ kind: "update", key, change: add }], `t${m.scheduler.nowMs}`));
    assert.deepEqual([...counts.keys()].sort(), ["conflict", "ok", "unreachable"]);
    assert.deepEqual((await m.real.table.get(key))?.["n"], { N: `${counts.get("ok")}` });
    const writes = await m.run(m.seen.bucket.put("k", new Uint8Array(1), "w")).catch((reason: unknown) => (reason as StoreFault).kind);
    assert.ok(writes === true || writes === "conflict" || writes === "unreachable");
  });

  it("answers eventual reads of a moment ago, strong ones never", async () => {
    const m = machine({ storage: { stale: 0.5 } });
    const [strong, eventual] = [new Set<number>(), new Set<number>()];
    for (let i = 0; i < 100; i++) {
      const n = Number(((await m.run(m.seen.table.update(key, add)))["n"] as { N: string }).N);
      for (const isEventual of [true, false]) {
        const item = await m.run(m.seen.table.get(key, { isEventual }));
        (isEventual ? eventual : strong).add(n - Number((item?.["n"] as { N: string } | undefined)?.N ?? 0));
      }
    }
    assert.deepEqual([...strong], [0]);
    assert.ok(eventual.has(0) && eventual.size > 5);
  });

  it("lets writes come between the items of one query", async () => {
    const m = machine({ storage: { torn: 1 } });
    const rows = ["1", "2", "3", "4"].map((sk) => ({ pk: "q", sk }));
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      // Each round writes the rows in their order, one by one: a snapshot would never show a later row ahead of an earlier one.
      const write = (async () => {
        for (const row of rows) await m.real.table.update(row, add).then(() => m.scheduler.sleep(2));
      })();
      const { items } = await m.run(m.seen.table.query({ pk: "q", limit: 10 }));
      await m.run(write);
      const numbers = items.map((item) => Number((item["n"] as { N: string }).N));
      seen.add(numbers.some((n, at) => at > 0 && n > numbers[at - 1]!) ? "torn" : "whole");
    }
    assert.deepEqual([...seen].sort(), ["torn", "whole"]);
  });
});
