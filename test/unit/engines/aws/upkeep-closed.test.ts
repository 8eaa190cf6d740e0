import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryOf, openShard, shard, Store } from "./support.ts";
import { dayMs, filled, freed, hourOf, small, storeLost, swept } from "./upkeep-support.ts";

describe("a closed shard", () => {
  it("goes whole, its head a day later", async () => {
    const store = new Store({ ...small, idleStatesKept: 0, idleEntries: 0 });
    const engine = await filled(store, 20);
    for (let nth = 0; nth < 6; nth++) {
      const producers = [{ producerId: BigInt(nth), epoch: 0, index: null, sequence: 0, count: 1, crc: nth }];
      await engine.journal.append(shard, entryOf(`p${nth}`), { producers });
      await engine.idle();
    }
    assert.ok(store.items("PS#").length > 0);
    await engine.journal.trim(shard, 7);
    await freed(engine);
    const [item] = await storeLost(store, hourOf(store));
    await engine.journal.close(shard);
    const told = await freed(engine, { isDryRun: true });
    assert.ok(told.some(({ name }) => name === item));
    assert.ok(told.every(({ why }) => why === "closed"));
    assert.deepEqual(await freed(engine), told);
    await swept(engine);
    assert.deepEqual(
      store.table.snapshot.map(({ pk, st }) => [pk, st]),
      [[{ S: "H#orders#0" }, { S: "closed" }]],
    );
    assert.equal(store.bucket.snapshot.length, 0);
    await assert.rejects(store.open().journal.open(shard, { partitions: 1, layout: 0 }), { code: "unknown_topic_or_partition" });
    assert.deepEqual(await freed(engine), []);
    store.clock.now += dayMs + 2_000;
    assert.deepEqual(await freed(engine), []);
    assert.deepEqual(store.table.snapshot, []);
    await assert.rejects(store.open().journal.append(shard, entryOf("late")), { code: "unknown_topic_or_partition" });
  });

  it("that has nothing costs a few dozen requests", async () => {
    const store = new Store(small);
    let requests = 0;
    const engine = store.open(async (_call, run) => {
      requests++;
      return await run();
    });
    await openShard(engine);
    await engine.journal.close(shard);
    requests = 0;
    await freed(engine);
    assert.ok(requests <= 24, `${requests} requests`);
  });

  it("is told of as such to who reads it meanwhile", async () => {
    const store = new Store(small);
    const engine = await filled(store, 20);
    const reader = store.open();
    const entries = await reader.journal.entries(shard, { seq: 17 }, 10);
    await engine.journal.close(shard);
    await freed(engine);
    const slices = entries.map((entry) => ({ entry, index: 0 }));
    await assert.rejects(reader.journal.read(slices), { code: "unknown_topic_or_partition" });
    await assert.rejects(reader.journal.entries(shard, { seq: 0 }, 10), { code: "unknown_topic_or_partition" });
  });

  it("is freed in as many calls as it takes", async () => {
    const store = new Store(small);
    const engine = await filled(store, 30);
    await engine.journal.close(shard);
    const told = await freed(engine, { isDryRun: true });
    const ends = new AbortController();
    let things = 0;
    const first = await engine.upkeep.reclaim(shard, {
      graceMs: 0,
      signal: ends.signal,
      onFound: () => {
        if (++things === 5) ends.abort();
      },
    });
    assert.ok(!first.isComplete && first.things < told.length);
    await freed(store.open());
    assert.equal(store.table.snapshot.length, 1);
    assert.equal(store.bucket.snapshot.length, 0);
  });
});

describe("a dry run", () => {
  it("changes nothing and tells what the real one frees", async () => {
    const store = new Store(small);
    const engine = await filled(store, 30);
    await engine.journal.trim(shard, 21);
    const [item, object] = await storeLost(store, hourOf(store));
    const before = [store.table.snapshot, store.bucket.snapshot];
    const [told, toldBySweep] = [await freed(engine, { isDryRun: true }), await swept(engine, { isDryRun: true })];
    assert.deepEqual([store.table.snapshot, store.bucket.snapshot], before);
    assert.ok(told.some(({ name }) => name === item));
    assert.deepEqual(toldBySweep, [object]);
    assert.deepEqual([await freed(engine), await swept(engine)], [told, toldBySweep]);
  });
});
