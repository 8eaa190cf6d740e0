/** How much of a log a check looks at at once, and in which order it tells what it finds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { LogError } from "../../../../lib/core/errors.ts";
import { checkAtOnce } from "../../../../lib/log/check/context.ts";
import { checkLog } from "../../../../lib/log/check/check-log.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { withJournal } from "./journal-faults.ts";
import { CheckWorld, flip } from "./world.ts";

const config = { "retention.ms": -1 };

/** The most that is held at a time by what runs through it. */
class Held {
  most = 0;
  now = 0;

  async during<T>(amount: number, ms: number, run: () => Promise<T>): Promise<T> {
    this.most = Math.max(this.most, (this.now += amount));
    await setTimeout(ms);
    try {
      return await run();
    } finally {
      this.now -= amount;
    }
  }
}

test("several shards at once, and not more, with what is found in the order of the shards", async () => {
  const world = new CheckWorld();
  await world.log.topics.create({ name: "wide", partitions: 40, partitionsPerShard: 1, config });
  const held = new Held();
  const engine = withJournal(world.engine, {
    head: (shard) =>
      // The later ones answer sooner.
      held.during(1, 40 - shard.shard, async () => {
        if (shard.shard % 10 === 3) throw new LogError("corrupt_log", "damaged");
        return await world.engine.journal.head(shard);
      }),
  });
  const faults = await world.faults(engine);
  assert.deepEqual(
    faults.map(({ where }) => where.shard),
    [3, 13, 23, 33],
  );
  assert.equal(held.most, checkAtOnce.shards);
});

test("what they read together is bounded", async () => {
  const world = new CheckWorld();
  const [partitions, entries] = [6, 8];
  const value = "x".repeat(1_000_000);
  await world.log.topics.create({ name: "big", partitions, partitionsPerShard: 1, config });
  for (let nth = 0; nth < partitions * entries; nth++) {
    await world.log.append("big", { records: [record(value, { partition: nth % partitions })] });
  }
  const held = new Held();
  const engine = withJournal(world.engine, {
    read: (slices) => {
      const bytes = slices.reduce((sum, { entry }) => sum + (entry.parts[0]?.bytes ?? 0), 0);
      return held.during(bytes, 10, () => world.engine.journal.read(slices));
    },
  });
  assert.deepEqual(await world.faults(engine), []);
  assert.ok(held.most > checkAtOnce.bytes / 2 && held.most <= checkAtOnce.bytes, `${held.most} bytes`);
});

test("when looking at one of them fails, the others end soon, and the check says why", async () => {
  const world = new CheckWorld();
  await world.log.topics.create({ name: "two", partitions: 2, partitionsPerShard: 1, config });
  for (let nth = 0; nth < 50; nth++) await world.log.append("two", { records: [record(`${nth}`, { partition: 0 })] });
  let pages = 0;
  const { journal } = world.engine;
  const engine = withJournal(world.engine, {
    head: async (shard) => {
      if (shard.shard === 1) throw new LogError("throttled", "too much");
      return await journal.head(shard);
    },
    entries: async (shard, from) => {
      pages++;
      await setTimeout(2);
      return await journal.entries(shard, from, 1);
    },
  });
  await assert.rejects(world.check(engine), { code: "throttled", message: "too much" });
  assert.ok(pages < 25, `${pages} pages were read`);
});

test("nothing goes on when nobody wants to hear more", async () => {
  const world = new CheckWorld();
  const topic = await world.fill();
  const [damaged, other] = [(await world.rows(topic, 0))[0]?.key ?? "", (await world.rows(topic, 1))[0]?.key ?? ""];
  await world.changeObject(damaged, (bytes) => flip(bytes, 80));
  const held = new Held();
  const { objects } = world.engine;
  const engine: Engine = {
    ...world.engine,
    objects: {
      put: (key, bytes) => objects.put(key, bytes),
      delete: (keys) => objects.delete(keys),
      list: (prefix, range) => objects.list(prefix, range),
      get: (key, range) => (key === other ? held.during(1, 50, () => objects.get(key, range)) : objects.get(key, range)),
    },
  };
  for await (const { what } of checkLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression })) {
    assert.deepEqual([what, held.now], ["segment", 1]);
    break;
  }
  assert.equal(held.now, 0);
});
