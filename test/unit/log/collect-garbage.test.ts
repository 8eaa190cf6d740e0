import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { collectGarbage, garbageOf, garbageWrite, newGarbage } from "../../../lib/log/strata/garbage.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";

const nowMs = 1_000;
const key = "s/00/t/0/0-0011223344556677";

async function withGarbage(): Promise<Engine> {
  const engine = createMemoryEngine();
  await engine.objects.put(key, new Uint8Array(1));
  await engine.catalog.transact([garbageWrite(newGarbage(nodeRandom, "t", nowMs, [key], "unfinished"))]);
  return engine;
}

/** It stops as soon as it has marked a row: its deletion of the objects never comes. */
async function stoppedCollector({ catalog, objects }: Engine): Promise<void> {
  const stopped = { ...objects, delete: () => Promise.reject(new Error("it stops here")) };
  await assert.rejects(collectGarbage({ catalog, objects: stopped }, "t", nowMs));
}

test("what another collector has taken, and may leave as it is, is looked at again", async () => {
  const engine = await withGarbage();
  let isFirst = true;
  const catalog = {
    ...engine.catalog,
    query: async (...asked: Parameters<Engine["catalog"]["query"]>) => {
      const items = await engine.catalog.query(...asked);
      if (isFirst) await stoppedCollector(engine);
      isFirst = false;
      return items;
    },
  };
  const { objects, nextDueMs } = await collectGarbage({ catalog, objects: engine.objects }, "t", nowMs);
  assert.deepEqual([objects, nextDueMs], [0, nowMs + 1]);
  assert.deepEqual(await collectGarbage(engine, "t", nowMs + 1), { objects: 1, bytes: 0, nextDueMs: undefined });
  assert.deepEqual([await garbageOf(engine.catalog, "t", 1), await engine.objects.get(key)], [[], undefined]);
});

test("what is left when time is up is due later than now, so that a mark for it is a new one", async () => {
  const engine = await withGarbage();
  const late = nowMs + 500;
  assert.deepEqual(await collectGarbage(engine, "t", late, () => true), { objects: 0, bytes: 0, nextDueMs: late + 1 });
  assert.deepEqual(await collectGarbage(engine, "t", nowMs - 1), { objects: 0, bytes: 0, nextDueMs: nowMs });
});
