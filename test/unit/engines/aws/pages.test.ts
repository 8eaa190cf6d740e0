import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AwsEngine } from "../../../../lib/engines/aws/index.ts";
import {
  appendAll,
  type Between,
  entryOf,
  fault,
  Gate,
  headUpdate,
  namesFrom,
  namesIn,
  openShard,
  range,
  shard,
  Store,
} from "./support.ts";

/** A roll of three entries takes two: the newest one stays. */
const tuning = { rollEntries: 3 };

/** A roller that ends before it changes the head: its page is left over. */
const endsBeforeHead: Between = (call, run) => (headUpdate(call) === "roll" ? Promise.reject(fault("refused")) : run());

/** An engine that has rolled all pages of so many entries, and the store. */
async function rolled(count: number): Promise<{ readonly store: Store; readonly engine: AwsEngine }> {
  const store = new Store(tuning);
  const engine = store.open();
  await openShard(engine);
  for (const [nth, name] of range(0, count).entries()) {
    await engine.journal.append(shard, entryOf(name, { timeMs: 1_000 + 10 * nth }));
    await engine.idle();
  }
  return { store, engine };
}

/** Checks that any entry is found by number, offset and time, by an engine that has seen nothing and by one that has. */
async function findsAll(store: Store, start: number, count: number): Promise<void> {
  const warm = store.open();
  for (let seq = start; seq < count; seq++) {
    for (const engine of [warm, store.open()]) {
      const expected = range(seq, Math.min(seq + 3, count));
      assert.deepEqual(await namesFrom(engine, { seq }, 3), expected);
      assert.deepEqual(await namesFrom(engine, { index: 0, offset: seq }, 3), expected);
      assert.deepEqual(await namesFrom(engine, { index: 0, timestampMs: 1_000 + 10 * seq - 5 }, 3), expected);
    }
  }
}

describe("pages", () => {
  it("hold each entry once when nobody else rolls", async () => {
    const { store } = await rolled(9);
    assert.deepEqual(store.pages(), [
      [0, 2],
      [2, 4],
      [4, 6],
      [6, 8],
    ]);
    await findsAll(store, 0, 9);
  });

  it("find any entry among hundreds by number, offset and time, with few requests", async () => {
    const { store } = await rolled(600);
    let queries = 0;
    const counts: Between = (call, run) => {
      if (call.op === "query") queries++;
      return run();
    };
    for (const seq of [0, 1, 2, 299, 300, 301, 597, 598, 599]) {
      for (const from of [{ seq }, { index: 0, offset: seq }, { index: 0, timestampMs: 1_000 + 10 * seq }]) {
        queries = 0;
        assert.deepEqual(await namesFrom(store.open(counts), from, 2), range(seq, Math.min(seq + 2, 600)), JSON.stringify(from));
        // Halving 300 pages takes 9 looks at most, reading on some more.
        assert.ok(queries <= 24, `${queries} queries for ${JSON.stringify(from)}`);
      }
    }
    assert.deepEqual(await namesIn(store.open()), range(0, 600));
    assert.deepEqual(await namesFrom(store.open(), { index: 0, timestampMs: 7_000 }, 2), []);
  });

  it("that nobody used change nothing", async () => {
    for (const left of [1, 2, 3, 4]) {
      const store = new Store({ rollEntries: left });
      const early = store.open(endsBeforeHead);
      await openShard(early);
      await appendAll(early, range(0, left));
      assert.deepEqual(store.pages(), [[0, Math.max(1, left - 1)]]);
      // The next roller takes more, from the same start.
      const second = store.open();
      const total = 4 * left + 2;
      await appendAll(second, range(left, total));
      assert.deepEqual(store.pages().filter(([first]) => first === 0).length, 2);
      for (let seq = 0; seq < total; seq++) {
        assert.deepEqual(await namesFrom(store.open(), { index: 0, offset: seq }), range(seq, total));
      }
    }
  });

  it("that nobody used and that reach into the next one hide none of it", async () => {
    const store = new Store(tuning);
    const engine = store.open();
    await openShard(engine);
    for (let seq = 0; seq < 2; seq++) await engine.journal.append(shard, entryOf(`e${seq}`, { timeMs: 1_000 + 10 * seq }));
    // A roll of two entries waits before the head, while a roller that has seen twelve leaves its page and ends.
    const gate = new Gate();
    const waits: Between = async (call, run) => {
      if (headUpdate(call) === "roll") await gate.pass();
      return await run();
    };
    const slow = store.open(waits);
    await slow.journal.append(shard, entryOf("e2", { timeMs: 1_020 }));
    const loser = store.open(endsBeforeHead);
    for (let seq = 3; seq < 12; seq++) {
      await loser.journal.append(shard, entryOf(`e${seq}`, { timeMs: 1_000 + 10 * seq }));
      await loser.idle();
    }
    assert.deepEqual(store.pages().toSorted(), [
      [0, 11],
      [0, 2],
    ]);
    gate.open();
    await slow.idle();
    for (let seq = 12; seq < 16; seq++) {
      await engine.journal.append(shard, entryOf(`e${seq}`, { timeMs: 1_000 + 10 * seq }));
      await engine.idle();
    }
    assert.ok(
      store.pages().some(([first]) => first === 2),
      JSON.stringify(store.pages()),
    );
    await findsAll(store, 0, 16);
  });

  it("below the start of a trimmed journal are not looked at", async () => {
    const { store, engine } = await rolled(40);
    await engine.journal.trim(shard, 21);
    for (let first = 0; first < 20; first += 2) await store.deletePage(first);
    await findsAll(store, 21, 40);
    const fresh = store.open();
    await assert.rejects(fresh.journal.entries(shard, { seq: 20 }, 1), { code: "offset_out_of_range" });
    await assert.rejects(fresh.journal.entries(shard, { index: 0, offset: 20 }, 1), { code: "offset_out_of_range" });
    assert.deepEqual(await namesFrom(fresh, { index: 0, timestampMs: 0 }, 2), range(21, 23));
    assert.deepEqual((await fresh.journal.head(shard)).startOffsets, [21]);
  });

  it("that an eventually consistent read misses are read again", async () => {
    const { store } = await rolled(20);
    let missed = 0;
    const behind: Between = async (call, run) => {
      const answer = await run();
      if (!call.isEventual) return answer;
      missed++;
      // As it was before anything was written.
      return (call.op === "query" ? { items: [], hasMore: false } : undefined) as typeof answer;
    };
    for (let seq = 0; seq < 20; seq++) {
      assert.deepEqual(await namesFrom(store.open(behind), { index: 0, offset: seq }, 2), range(seq, Math.min(seq + 2, 20)));
    }
    assert.ok(missed > 20);
  });

  it("that are lost are damage when read by number", async () => {
    const { store } = await rolled(10);
    await store.deletePage(4);
    await assert.rejects(namesFrom(store.open(), { seq: 4 }), { code: "corrupt_log" });
    await assert.rejects(namesFrom(store.open(), { seq: 0 }), { code: "corrupt_log" });
  });

  it("that are lost are damage when read by offset or time", async () => {
    const { store } = await rolled(10);
    await store.deletePage(4);
    await assert.rejects(namesFrom(store.open(), { index: 0, offset: 4 }), { code: "corrupt_log" });
    await assert.rejects(namesFrom(store.open(), { index: 0, timestampMs: 1_040 }), { code: "corrupt_log" });
  });

  it("are found anew when this process has forgotten them", async () => {
    const store = new Store({ ...tuning, pagesCached: 2 });
    const engine = store.open();
    await openShard(engine);
    await appendAll(engine, range(0, 60));
    for (let round = 0; round < 2; round++) assert.deepEqual(await namesIn(engine), range(0, 60));
    for (const offset of [50, 3, 30, 31, 29, 0])
      assert.deepEqual(await namesFrom(engine, { index: 0, offset }, 2), range(offset, offset + 2));
  });
});
