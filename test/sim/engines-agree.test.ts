import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogError } from "../../lib/core/errors.ts";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createMemoryEngine, createMemoryStore } from "../../lib/engines/memory/index.ts";
import type { CatalogWrite } from "../../lib/ports/catalog.ts";
import type { Engine } from "../../lib/ports/engine.ts";
import type { Entry, EntryPosition, Guards, ProducerStep, ShardKey } from "../../lib/ports/journal.ts";
import { SimDisk } from "../../lib/testing/sim/disk.ts";
import { Life } from "../../lib/testing/sim/life.ts";
import { Prng } from "../../lib/testing/sim/prng.ts";
import { Scheduler } from "../../lib/testing/sim/scheduler.ts";

type Call = (engine: Engine) => Promise<unknown>;

/** Any call of the journal or the catalog, good or bad, about a few shards, producers and keys, so that calls meet. */
function drawCall(prng: Prng): Call {
  const shard: ShardKey = { topicId: "t", shard: prng.between(0, 1) };
  const writes = (): CatalogWrite[] => {
    const keys = [...new Set(Array.from({ length: prng.between(1, 3) }, () => `k${prng.between(0, 3)}`))];
    return keys.map((sk) => {
      const condition = prng.pick(["any", "absent", 1, 2, 3] as const);
      const key = { pk: "p", sk };
      if (prng.chance(0.2)) return { key, delete: true, if: condition };
      if (prng.chance(0.2)) return { key, check: true, if: condition === "any" ? "absent" : condition };
      return { key, put: { n: prng.between(0, 9) }, if: condition };
    });
  };
  const append = (): { shard: ShardKey; entry: Entry; guards: Guards } => drawAppend(prng, shard);
  switch (prng.between(0, 11)) {
    case 0: {
      const shape = { partitions: prng.between(1, 4), layout: prng.between(0, 3) };
      return ({ journal }) => journal.open(shard, shape);
    }
    case 1: {
      const producerId = BigInt(prng.between(1, 2));
      return async ({ journal }) => {
        const head = await journal.head(shard, producerId);
        return { ...head, producers: [...head.producers].sort((a, b) => (a.index ?? -1) - (b.index ?? -1)) };
      };
    }
    case 2: {
      const place = drawPosition(prng);
      const limit = prng.pick([1, 2, 1_000]);
      return async ({ journal }) => {
        const entries = await journal.entries(shard, place, limit);
        const bytes = await journal.read(entries.flatMap((entry) => entry.parts.map(({ index }) => ({ entry, index }))));
        return [entries.map(({ seq, parts }) => ({ seq, parts })), bytes.map((piece) => new TextDecoder().decode(piece))];
      };
    }
    case 3: {
      const toSeq = prng.between(0, 8);
      const isRare = prng.chance(0.2);
      return ({ journal }) => (isRare ? journal.trim(shard, toSeq) : journal.head(shard));
    }
    case 4: {
      const [first, second] = [append(), drawAppend(prng, { topicId: "t", shard: 1 - shard.shard })];
      const both = prng.chance(0.6) ? [first, second] : [first];
      const items = prng.chance(0.5) ? writes() : [];
      return ({ journal }) => journal.transact(both, items);
    }
    case 5: {
      const items = writes();
      return ({ catalog }) => catalog.transact(items);
    }
    case 6: {
      const descending = prng.chance(0.5);
      const limit = prng.between(1, 5);
      const after = prng.chance(0.3) ? { after: "k1" } : {};
      return ({ catalog }) => catalog.query("p", { limit, descending, ...after });
    }
    case 7: {
      const isRare = prng.chance(0.03);
      return ({ journal }) => (isRare ? journal.close(shard) : journal.head(shard));
    }
    default: {
      const { entry, guards } = append();
      return ({ journal }) => journal.append(shard, entry, guards);
    }
  }
}

function drawAppend(prng: Prng, shard: ShardKey): { shard: ShardKey; entry: Entry; guards: Guards } {
  const indexes = [0, 1, 2, 3].filter(() => prng.chance(0.4));
  const parts = indexes.map((index) => {
    const records = prng.pick([1, 1, 2, 3]);
    return { index, records, maxTimestampMs: prng.between(0, 20), batches: new TextEncoder().encode(`${prng.next()}`) };
  });
  const producers: ProducerStep[] = [];
  const step = {
    producerId: BigInt(prng.between(1, 2)),
    epoch: prng.pick([0, 0, 0, 1]),
    sequence: prng.between(0, 6),
    crc: prng.pick([1, 1, 1, 2]),
  };
  const way = prng.pick(["request", "request", "batch", "none"]);
  if (way === "request") producers.push({ ...step, index: null, count: 1 });
  if (way === "batch") for (const { index, records } of parts) if (prng.chance(0.7)) producers.push({ ...step, index, count: records });
  const expected = prng.chance(0.1) && parts[0] !== undefined ? { expected: [{ index: parts[0].index, offset: prng.between(0, 5) }] } : {};
  const layout = prng.chance(0.2) ? { layout: prng.between(0, 3) } : {};
  return { shard, entry: { parts }, guards: { ...layout, ...expected, ...(producers.length > 0 ? { producers } : {}) } };
}

function drawPosition(prng: Prng): EntryPosition {
  const index = prng.between(0, 4);
  return prng.pick([{ seq: prng.between(0, 12) }, { index, offset: prng.between(0, 15) }, { index, timestampMs: prng.between(0, 22) }]);
}

async function told(engine: Engine, call: Call): Promise<unknown> {
  try {
    return await call(engine);
  } catch (reason) {
    const { code, outcome, details } = LogError.from(reason);
    return { code, outcome, details };
  }
}

function isRefusal(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "outcome" in answer;
}

describe("the memory and the local engine", () => {
  it("answer the same to the same calls, through reopenings", async () => {
    let answered = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const prng = new Prng(seed);
      const scheduler = new Scheduler();
      const disk = new SimDisk(
        "/data",
        prng.fork(),
        () => scheduler.nowMs,
        () => undefined,
      );
      const store = createMemoryStore();
      const options = {
        indexPath: ":memory:",
        fileBytesMax: prng.pick([500, 5_000]),
        unindexedOpsMax: prng.pick([1, 4, 512]),
        journalId: 1n,
      };
      const run = async <T>(work: Promise<T>): Promise<T> => {
        let isDone = false;
        const done = (): void => {
          isDone = true;
        };
        work.then(done, done);
        await scheduler.runUntil(() => isDone, 10_000);
        return await work;
      };
      for (let life = 0; life < 4; life++) {
        const process = new Life(`l${life}`, scheduler);
        const defer = (step: () => void): void => void process.after(0, step);
        const local = await run(openLocalEngine("/data", { ...options, disk: disk.forLife(process), defer }));
        const memory = createMemoryEngine(store);
        for (let i = 0; i < 60; i++) {
          const call = drawCall(prng);
          const expected = await told(memory, call);
          if (!isRefusal(expected)) answered++;
          assert.deepEqual(await run(told(local, call)), expected, `seed ${seed}, life ${life}, call ${i}`);
        }
        if (prng.chance(0.5)) await run(local.close());
        process.end();
        disk.losePower();
      }
    }
    assert.ok(answered > 4_000, `most calls are to be answered, not refused: only ${answered} were`);
  });
});
