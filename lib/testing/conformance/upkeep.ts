import assert from "node:assert/strict";
import type { Engine } from "../../ports/engine.ts";
import type { ShardHead, ShardKey } from "../../ports/journal.ts";
import type { Reclaimable, Upkeep } from "../../ports/upkeep.ts";
import { engineCase, reopenCase } from "./case.ts";
import type { EngineCase } from "./case.ts";
import { refused } from "./expect.ts";
import { by, contents, entry, labels, one, otherShard, part, request, type SeenPart, shard } from "./journal/build.ts";

/**
 * What every engine's upkeep does, whatever there is to free in it: one that gives everything back at once frees nothing here and passes.
 * What engines have of their own to free is for tests of their own.
 */
export const upkeepCases: readonly EngineCase[] = [
  reopenCase(
    "after a trim, what is left reads back byte for byte, and heads, offsets and producers are as they were",
    async ({ journal, upkeep }) => {
      await fill(journal, shard);
      await fill(journal, otherShard);
      await journal.trim(shard, 50);
      const was = [await seen(journal, shard), await seen(journal, otherShard)];
      await freed(upkeep, shard);
      assert.deepEqual([await seen(journal, shard), await seen(journal, otherShard)], was);
      return was;
    },
    async ({ journal, upkeep }, was) => {
      assert.deepEqual([await seen(journal, shard), await seen(journal, otherShard)], was);
      await freed(upkeep, shard);
      assert.deepEqual([await seen(journal, shard), await seen(journal, otherShard)], was);
      const again = await journal.append(shard, entry(part(0, "59"), part(1, big("59"))), by(request(7n, 59)));
      assert.deepEqual([again.seq, again.parts.map(({ duplicate }) => duplicate)], [59, [true, true]], "the newest step is known");
      const { seq } = await journal.append(shard, one("next"), by(request(7n, 60)));
      assert.equal(seq, 60);
      assert.equal((await labels(journal)).at(-1), "next");
    },
  ),
  engineCase("a shard of which nothing was trimmed has nothing to free", async ({ journal, upkeep }) => {
    await fill(journal, shard);
    const was = await seen(journal, shard);
    assert.deepEqual(await freed(upkeep, shard), []);
    assert.deepEqual(await seen(journal, shard), was);
  }),
  engineCase("a shard that never was has nothing to free, and is not made", async ({ journal, upkeep }) => {
    assert.deepEqual(await freed(upkeep, shard), []);
    await refused(journal.head(shard), "unknown_topic_or_partition");
  }),
  engineCase("a dry run tells what the real one then frees, and frees nothing", async ({ journal, upkeep }) => {
    await fill(journal, shard);
    await fill(journal, otherShard);
    await journal.trim(shard, 60);
    await journal.trim(otherShard, 55);
    const was = [await seen(journal, shard), await seen(journal, otherShard)];
    const told = [await freed(upkeep, shard, true), await freed(upkeep, shard, true)];
    assert.deepEqual(told[1], told[0], "a dry run changes what the next one tells");
    assert.deepEqual(await freed(upkeep, shard), told[0]);
    assert.deepEqual([await seen(journal, shard), await seen(journal, otherShard)], was);
  }),
  engineCase("twice is once", async ({ journal, upkeep }) => {
    await fill(journal, shard);
    await journal.trim(shard, 60);
    await freed(upkeep, shard);
    assert.deepEqual(await freed(upkeep, shard), []);
    assert.deepEqual(await freed(upkeep, shard, true), []);
  }),
  reopenCase(
    "a closed shard is freed whole, stays refused, and its neighbours stay",
    async ({ journal, upkeep }) => {
      await fill(journal, shard);
      await fill(journal, otherShard);
      const was = await seen(journal, otherShard);
      await journal.close(shard);
      await freed(upkeep, shard);
      assert.deepEqual(await freed(upkeep, shard), []);
      await isRefused({ journal });
      return was;
    },
    async ({ journal, upkeep }, was) => {
      await isRefused({ journal });
      assert.deepEqual(await seen(journal, otherShard), was);
      await freed(upkeep, shard);
      await isRefused({ journal });
      await journal.append(otherShard, one("more"));
      assert.equal((await labels(journal, otherShard)).at(-1), "more");
    },
  ),
  reopenCase(
    "while appends, reads and trims run side by side, nothing that is left is touched",
    async ({ journal, upkeep }) => {
      for (const key of [shard, otherShard]) await journal.open(key, { partitions: 2, layout: 0 });
      // Appends that run side by side come in any order.
      const placed = new Map<number, string>();
      const append = async (key: ShardKey, nth: number): Promise<void> => {
        const { seq } = await journal.append(key, entry(part(nth % 2, big(`${nth}`))));
        if (key === shard) placed.set(seq, `${nth}`);
      };
      const appending = Promise.all(
        [shard, otherShard].map(async (key) => {
          for (let nth = 0; nth < 120; nth += 4) await Promise.all([0, 1, 2, 3].map((more) => append(key, nth + more)));
        }),
      );
      let isOver = false;
      const trimming = (async () => {
        while (!isOver) {
          const { seq } = await journal.head(shard);
          await journal.trim(shard, seq - 6);
          await Promise.all([freed(upkeep, shard), freed(upkeep, otherShard), freed(upkeep, shard, true)]);
          await readFrom(journal, otherShard);
        }
      })();
      await appending.finally(() => {
        isOver = true;
      });
      await trimming;
      await journal.trim(shard, 114);
      await freed(upkeep, shard);
      return [114, 115, 116, 117, 118, 119].map((seq) => placed.get(seq));
    },
    async ({ journal }, left) => {
      assert.deepEqual((await contents(journal, shard)).map(nameOf).sort(), [...left].sort());
      const all = (await contents(journal, otherShard)).map(nameOf).map(Number);
      assert.deepEqual(
        all.sort((a, b) => a - b),
        Array.from({ length: 120 }, (_, nth) => nth),
      );
    },
  ),
  engineCase("a call that is told to end does, and the next one goes on", async ({ journal, upkeep }) => {
    await fill(journal, shard);
    await journal.trim(shard, 60);
    const told = await freed(upkeep, shard, true);
    const ended = await upkeep.reclaim(shard, { graceMs: 0, signal: AbortSignal.abort() });
    assert.ok(ended.things <= told.length);
    assert.ok(!ended.isComplete || ended.things === told.length);
    assert.equal((await freed(upkeep, shard)).length + ended.things, told.length);
  }),
  reopenCase(
    "a sweep leaves what is committed",
    async ({ journal, upkeep }) => {
      await fill(journal, shard);
      const was = await seen(journal, shard);
      for (const isDryRun of [true, false]) {
        const { things, isComplete } = await upkeep.sweep({ graceMs: 0, isDryRun });
        assert.deepEqual([things, isComplete], [0, true]);
      }
      assert.deepEqual(await seen(journal, shard), was);
      return was;
    },
    async ({ journal }, was) => assert.deepEqual(await seen(journal, shard), was),
  ),
  {
    name: "after closing, upkeep refuses",
    async run(harness) {
      const engine = await harness.open();
      const { upkeep } = engine;
      await engine.close();
      await refused(upkeep.reclaim(shard, { graceMs: 0 }), "unavailable");
      await refused(upkeep.sweep({ graceMs: 0 }), "unavailable");
    },
  },
];

/** 60 entries of two parts, small and not so small, by one producer. */
async function fill(journal: Engine["journal"], key: ShardKey): Promise<void> {
  await journal.open(key, { partitions: 2, layout: 0 });
  for (let nth = 0; nth < 60; nth++) await journal.append(key, entry(part(0, `${nth}`), part(1, big(`${nth}`))), by(request(7n, nth)));
}

function big(label: string): string {
  return label.padEnd(200, ".");
}

function nameOf({ label }: SeenPart): string {
  return label.replace(/\.+$/, "");
}

async function seen(journal: Engine["journal"], key: ShardKey): Promise<{ readonly head: ShardHead; readonly parts: readonly SeenPart[] }> {
  return { head: await journal.head(key, 7n), parts: await contents(journal, key) };
}

/** Reads a shard that nobody trims while it grows: what is there is whole. */
async function readFrom(journal: Engine["journal"], key: ShardKey): Promise<void> {
  const names = new Set((await contents(journal, key)).map(nameOf));
  const { startSeq } = await journal.head(key);
  assert.equal(startSeq, 0);
  for (const name of names) assert.match(name, /^\d+$/);
}

/** Reclaims to the end. What each call tells by number is what it tells by name. */
async function freed(upkeep: Upkeep, key: ShardKey, isDryRun = false): Promise<readonly Reclaimable[]> {
  const all: Reclaimable[] = [];
  for (let calls = 0; calls < 100; calls++) {
    const found: Reclaimable[] = [];
    const { things, bytes, isComplete } = await upkeep.reclaim(key, { graceMs: 0, isDryRun, onFound: (one) => found.push(one) });
    assert.deepEqual([things, bytes], [found.length, found.reduce((sum, one) => sum + one.bytes, 0)]);
    all.push(...found);
    if (isComplete) return all;
  }
  assert.fail("reclaiming does not come to an end in 100 calls");
}

async function isRefused({ journal }: Pick<Engine, "journal">): Promise<void> {
  await refused(journal.append(shard, one("late")), "unknown_topic_or_partition");
  await refused(journal.open(shard, { partitions: 2, layout: 0 }), "unknown_topic_or_partition");
  await refused(journal.head(shard), "unknown_topic_or_partition");
  await refused(journal.entries(shard, { seq: 0 }, 1), "unknown_topic_or_partition");
}
