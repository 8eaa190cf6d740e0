import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendAll,
  type Between,
  entryOf,
  fault,
  Gate,
  headUpdate,
  namesIn,
  numberOf,
  openShard,
  range,
  shard,
  Store,
  until,
} from "./support.ts";
import { dayMs, filled, freed, hourMs, hourOf, kept, lost, small, storeLost, swept } from "./upkeep-support.ts";

describe("what was trimmed", () => {
  it("goes with its payloads, items and objects, and its pages stay a day as tombstones", async () => {
    const store = new Store(small);
    const engine = await filled(store, 20);
    const before = kept(store);
    assert.deepEqual([before.items, before.objects, before.tombstones], [10, 10, 0]);
    await engine.journal.trim(shard, 9);
    const found = await freed(engine);
    assert.ok(found.every(({ why, bytes }) => why === "trimmed" && bytes > 0));
    const after = kept(store);
    const dead = store.pages().filter(([, next]) => next <= 9).length;
    assert.deepEqual([after.items, after.objects, after.tombstones], [5, 6, dead]);
    assert.equal(found.length, 9 + dead);
    assert.ok(dead > 2);
    const until = numberOf(store.items("J#")[0], "ttl") * 1_000;
    assert.ok(until >= store.clock.now + dayMs && until < store.clock.now + dayMs + 1_000);
    assert.deepEqual(await namesIn(store.open()), range(9, 20));
  });

  it("is found in the tail, too, where a shard is trimmed to its end", async () => {
    const store = new Store(small);
    const engine = await filled(store, 5);
    await engine.journal.trim(shard, 5);
    await freed(engine);
    const { items, objects } = kept(store);
    assert.deepEqual([items, objects], [0, 0]);
    await appendAll(engine, range(5, 12));
    const pages = await freed(engine);
    assert.ok(pages.length > 0 && pages.every(({ name }) => name.startsWith("J#")), "no payload is told of twice");
    assert.deepEqual(await namesIn(store.open()), range(5, 12));
  });

  it("keeps a payload that an entry above the start has, too", async () => {
    const store = new Store({ ...small, rollEntries: 4, tailEntriesMax: 16 });
    const engine = store.open();
    await openShard(engine);
    await Promise.all(range(0, 10).map((name) => engine.journal.append(shard, entryOf(name))));
    await engine.idle();
    await appendAll(engine, range(10, 20));
    const before = kept(store).items;
    assert.ok(before < 20, "some entries share a payload");
    for (let toSeq = 1; toSeq <= 20; toSeq++) {
      await engine.journal.trim(shard, toSeq);
      await freed(engine);
      assert.deepEqual((await namesIn(store.open())).length, 20 - toSeq);
    }
    assert.equal(kept(store).items, 0);
  });

  it("costs two strong reads at most, and a query, where there is none of it", async () => {
    const store = new Store(small);
    await filled(store, 30);
    const calls: string[] = [];
    const watching: Between = async (call, run) => {
      calls.push(`${call.op} ${call.pk.slice(0, 2)}`);
      return await run();
    };
    const engine = store.open(watching);
    for (const toSeq of [0, 13, 30]) {
      await engine.journal.trim(shard, toSeq);
      // Twice: the hour that runs is only done with when it is over.
      await freed(engine, { graceMs: hourMs });
      calls.length = 0;
      assert.deepEqual(await freed(engine, { graceMs: hourMs }), []);
      assert.ok(calls.length <= 3, calls.join());
      assert.ok(
        calls.every((call) => ["get H#", "query L#", "query J#"].includes(call)),
        calls.join(),
      );
    }
  });

  it("still answers who looks for a commit there", async () => {
    const store = new Store(small);
    const engine = await filled(store, 4);
    let isLost = false;
    const losing: Between = async (call, run) => {
      const answer = await run();
      if (headUpdate(call) !== "commit" || isLost) return answer;
      isLost = true;
      await appendAll(engine, range(5, 15));
      await engine.journal.trim(shard, 15);
      await freed(engine);
      throw fault("unknown");
    };
    const { seq } = await store.open(losing).journal.append(shard, entryOf("e4"));
    assert.equal(seq, 4);
  });

  it("is gone altogether once its tombstones are over, those of pages that came late as well", async () => {
    const store = new Store(small);
    const engine = await filled(store, 20);
    const [late] = store.items("J#");
    await engine.journal.trim(shard, 20);
    await freed(engine, { graceMs: hourMs });
    // Its roller's request was on its way all the time.
    assert.ok(late !== undefined);
    await store.table.put({ ...late, sk: { S: "0000000000000000000#late" } });
    store.clock.now += dayMs + hourMs;
    assert.equal((await freed(engine, { graceMs: hourMs })).length, 1);
    assert.deepEqual(kept(store), { items: 0, objects: 0, pages: 0, tombstones: 1 });
    store.clock.now += dayMs + hourMs;
    assert.deepEqual(await freed(engine, { graceMs: hourMs }), []);
    assert.deepEqual(kept(store), { items: 0, objects: 0, pages: 0, tombstones: 0 });
  });

  it("is dealt with by several at once", async () => {
    const store = new Store(small);
    const engine = await filled(store, 40);
    await engine.journal.trim(shard, 31);
    await Promise.all([freed(engine), freed(store.open()), freed(store.open()), swept(store.open())]);
    const { items, objects } = kept(store);
    assert.deepEqual([items, objects], [4, 5]);
    assert.deepEqual(await namesIn(store.open()), range(31, 40));
  });
});

describe("what was stored and not committed", () => {
  it("goes once its hour and the grace are over, and only then", async () => {
    const store = new Store(small);
    const engine = await filled(store, 9);
    const [item, object] = await storeLost(store, hourOf(store));
    const options = { graceMs: 2 * hourMs };
    for (let hours = 0; hours <= 2; hours++) {
      assert.deepEqual([await freed(engine, options), await swept(engine, options)], [[], []], `after ${hours} hours`);
      store.clock.now += hourMs;
    }
    assert.deepEqual(await freed(engine, options), [{ name: item, bytes: lost.bytes.length, why: "uncommitted" }]);
    assert.deepEqual(await swept(engine, options), [object]);
    assert.deepEqual([await freed(engine, options), await swept(engine, options)], [[], []]);
    const { items, objects } = kept(store);
    assert.deepEqual([items, objects], [5, 4]);
    assert.deepEqual(await namesIn(store.open()), range(0, 9));
  });

  it("has the fence raised, which what is committed has not", async () => {
    const store = new Store(small);
    const engine = await filled(store, 9);
    await freed(engine);
    await swept(engine);
    assert.equal(numberOf(store.items("H#")[0], "fe"), 0);
    await storeLost(store, hourOf(store) - 3);
    await swept(engine);
    assert.equal(numberOf(store.items("H#")[0], "fe"), hourOf(store) - 3);
  });

  it("can be committed no more: its writer stores it anew", async () => {
    const store = new Store({ ...small, inlineBytes: 3_000 });
    await filled(store, 3);
    for (const free of [freed, swept]) {
      const gate = new Gate();
      const slow: Between = async (call, run) => {
        if (headUpdate(call) === "commit") await gate.pass();
        return await run();
      };
      const name = free.name;
      const bytes = free === swept ? 5_000 : 10;
      const append = store.open(slow).journal.append(shard, entryOf(name, { bytes }));
      await until(() => gate.held === 1, "the commit is on its way");
      const found = await free(store.open());
      assert.equal(found.length, 1);
      gate.open();
      await append;
      assert.equal((await namesIn(store.open())).at(-1), name);
      // The fence is ahead of the hour now.
      store.clock.now += 2 * hourMs;
    }
  });

  it("is left where entries cannot be seen: perhaps one of them has it", async () => {
    const store = new Store(small);
    const engine = await filled(store, 12);
    await storeLost(store, hourOf(store));
    const [first] = store.pages();
    await store.deletePage(first?.[0] ?? 0);
    const { things, isComplete } = await engine.upkeep.sweep({ graceMs: 0 });
    assert.deepEqual([things, isComplete], [0, false]);
    assert.equal(kept(store).objects, 7);
  });

  it("goes, however long its shard was idle since, and whether or not it was closed meanwhile", async () => {
    for (const isClosed of [false, true]) {
      const store = new Store(small);
      const engine = await filled(store, 9);
      const options = { graceMs: hourMs };
      for (let hours = 0; hours < 6; hours++) {
        await freed(engine, options);
        store.clock.now += hourMs;
      }
      // What its writers do last before it is idle.
      const [item] = await storeLost(store, hourOf(store));
      await freed(engine, options);
      store.clock.now += 30 * dayMs;
      if (isClosed) await engine.journal.close(shard);
      const told = await freed(store.open(), { ...options, isDryRun: true });
      assert.ok(
        told.some(({ name }) => name === item),
        "a check finds it",
      );
      await freed(engine, options);
      assert.equal(store.items("B#").length, isClosed ? 0 : 5);
    }
  });

  it("of an idle shard costs as much after a year as after days", async () => {
    const store = new Store(small);
    let requests = 0;
    const engine = store.open(async (_call, run) => {
      requests++;
      return await run();
    });
    await openShard(engine);
    await engine.journal.append(shard, entryOf("e0"));
    await freed(engine, { graceMs: hourMs });
    const costs: number[] = [];
    for (const days of [5, 365]) {
      store.clock.now += days * dayMs;
      requests = 0;
      await freed(engine, { graceMs: hourMs });
      costs.push(requests);
    }
    assert.ok(Math.max(...costs) <= 2 * 48 * 16 + 10, costs.join());
    assert.ok(Math.abs((costs[0] ?? 0) - (costs[1] ?? 0)) < 10, costs.join());
  });

  it("of a shard that is not there goes with the sweep", async () => {
    const store = new Store(small);
    const [, object] = await storeLost(store, hourOf(store));
    await store.bucket.put("j/not-a-payload", lost.bytes, lost.id);
    assert.deepEqual(await swept(store.open(), { isDryRun: true }), [object]);
    assert.deepEqual(await swept(store.open()), [object]);
    assert.equal(store.bucket.snapshot.length, 1);
  });
});
