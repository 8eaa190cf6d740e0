import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { LogError } from "../../lib/core/errors.ts";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import type { Engine } from "../../lib/ports/engine.ts";
import type { Entry, EntryPosition, Guards } from "../../lib/ports/journal.ts";

const partitions = 3;
const shards = [0, 1].map((shard) => ({ topicId: "t", shard }));

interface Step {
  readonly shard: number;
  readonly indexes: readonly number[];
  readonly records: number;
  readonly timestampMs: number;
  readonly sequence: number | null;
  readonly trim: number | null;
  readonly reopen: boolean;
}

const steps = fc.array(
  fc.record({
    shard: fc.integer({ min: 0, max: 1 }),
    indexes: fc.subarray([0, 1, 2], { minLength: 1 }),
    records: fc.integer({ min: 1, max: 4 }),
    timestampMs: fc.integer({ min: 0, max: 50 }),
    sequence: fc.option(fc.integer({ min: 0, max: 12 })),
    trim: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 8 }),
    // Where the random steps leave nothing to chance: the index is what a reopening finds.
    reopen: fc.constantFrom(false, false, false, false, true),
  }),
  { minLength: 20, maxLength: 80 },
);

/** The answer, or the code it was refused with. */
async function told<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (reason) {
    assert.ok(reason instanceof LogError, String(reason));
    return `${reason.code} ${reason.outcome}`;
  }
}

async function take(engine: Engine, step: Step, nth: number): Promise<unknown> {
  const shard = shards[step.shard] ?? { topicId: "t", shard: 0 };
  const batches = Buffer.from(`entry ${nth}`);
  const entry: Entry = {
    parts: step.indexes.map((index) => ({ index, records: step.records, maxTimestampMs: step.timestampMs, batches })),
  };
  const { sequence } = step;
  const guards: Guards =
    sequence === null
      ? {}
      : { producers: [{ producerId: 5n, epoch: Math.floor(nth / 40), index: null, sequence, count: 1, crc: nth % 3 }] };
  const appended = await told(engine.journal.append(shard, entry, guards));
  const trimmed = step.trim === null ? undefined : await told(engine.journal.trim(shard, step.trim));
  return { appended, trimmed };
}

async function look(engine: Engine): Promise<unknown> {
  const seen: unknown[] = [];
  for (const shard of shards) {
    const head = await engine.journal.head(shard, 5n);
    seen.push(head);
    const places: EntryPosition[] = [];
    for (let seq = 0; seq <= head.seq + 1; seq++) places.push({ seq });
    for (let index = 0; index < partitions; index++) {
      for (let offset = 0; offset <= (head.highWatermarks[index] ?? 0) + 1; offset += 3) places.push({ index, offset });
      for (const timestampMs of [0, 10, 25, 40, 50, 51]) places.push({ index, timestampMs });
    }
    for (const [nth, place] of places.entries()) {
      const limit = 1 + (nth % 7);
      const found = await told(engine.journal.entries(shard, place, limit));
      seen.push({ place, found: typeof found === "string" ? found : found.map(({ seq, parts }) => ({ seq, parts })) });
    }
    const all = await engine.journal.entries(shard, { seq: head.startSeq }, 1_000);
    const slices = all.flatMap((entry) => entry.parts.map(({ index }) => ({ entry, index })));
    seen.push((await engine.journal.read(slices)).map((bytes) => Buffer.from(bytes).toString()));
  }
  return seen;
}

test("the local engine answers as the memory engine does, whatever waits for its index", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(1, 4, 16, 100), fc.constantFrom(500, 100_000), async (run, unindexedOpsMax, fileBytesMax) => {
      const folder = await mkdtemp(join(tmpdir(), "stratalog-local-"));
      try {
        const memory = createMemoryEngine();
        let local = await openLocalEngine(folder, { unindexedOpsMax, fileBytesMax });
        for (const shard of shards) for (const engine of [memory, local]) await engine.journal.open(shard, { partitions, layout: 0 });
        for (const [nth, step] of run.entries()) {
          assert.deepEqual(await take(local, step, nth), await take(memory, step, nth));
          if (!step.reopen) continue;
          await local.close();
          local = await openLocalEngine(folder, { unindexedOpsMax, fileBytesMax });
        }
        assert.deepEqual(await look(local), await look(memory));
        await local.close();
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
