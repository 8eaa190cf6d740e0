import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collectBytes } from "../../../lib/core/collect-bytes.ts";
import { LogError } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { createJanitor } from "../../../lib/log/janitor.ts";
import { segmentsPk } from "../../../lib/log/strata/segment-row.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import type { Engine } from "../../../lib/ports/engine.ts";
import { atOnce } from "../../../lib/testing/conformance/strata/build.ts";

const hourMs = 3_600_000;

async function openTopic(partitions: number) {
  let nowMs = 1_000 * hourMs;
  const engine = createMemoryEngine();
  const parts = {
    clock: { ...nodeClock, nowMs: () => nowMs },
    random: nodeRandom,
    compression: nodeCompression,
    strata: { ...atOnce, garbageGraceMs: hourMs, mergeSegmentsMin: 2 },
  };
  const log = createLog(engine, parts);
  const { id } = await log.topics.create({ name: "t", partitions });
  /** A round of a process over its own way to the store. */
  const round = async (own: Engine = engine) => await createJanitor(own, parts)(Number.MAX_SAFE_INTEGER);
  return {
    engine,
    round,
    append: async () => {
      for (let partition = 0; partition < partitions; partition++) {
        await log.append("t", { records: [{ key: null, value: new Uint8Array(1), headers: [], partition }] });
      }
    },
    pass: (ms: number) => (nowMs += ms),
    /** Until all garbage is due and was collected. */
    settle: async () => {
      for (let nth = 0; nth < 3; nth++) {
        nowMs += 2 * hourMs;
        await round();
      }
    },
    objectKeys: async () => (await engine.objects.list("", { limit: 100 })).map(({ key }) => key),
    rowKeys: async () => {
      const keys: string[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        const rows = await engine.catalog.query(segmentsPk(id, partition), { limit: 100 });
        for (const { value } of rows) keys.push((value as { readonly key: string }).key);
      }
      return keys.sort();
    },
  };
}

/** The engine as a process has it whose request for a put of an object is on its way until it thaws. @param nth which put, from 1 */
function freezing({ objects, ...engine }: Engine, nth: number) {
  const { promise: frozen, resolve: freeze } = Promise.withResolvers<undefined>();
  const { promise: thawed, resolve: thaw } = Promise.withResolvers<undefined>();
  let puts = 0;
  const put: typeof objects.put = async (key, body) => {
    const bytes = body instanceof Uint8Array ? body : await collectBytes(body);
    if (++puts === nth) {
      freeze(undefined);
      await thawed;
    }
    return await objects.put(key, bytes);
  };
  return { engine: { ...engine, objects: { ...objects, put } }, frozen, thaw: () => thaw(undefined) };
}

describe("an object whose put is done after the collector was there", () => {
  for (const partitions of [1, 3]) {
    it(`goes when its seal finds that another was faster, with partitions: ${partitions}`, async () => {
      const { engine, append, round, pass, settle, objectKeys, rowKeys } = await openTopic(partitions);
      await append();
      const slow = freezing(engine, 1);
      const late = round(slow.engine);
      await slow.frozen;
      assert.equal((await round()).seals, 1);
      pass(2 * hourMs);
      await append();
      await round();
      slow.thaw();
      assert.equal((await late).seals, 0);
      await settle();
      assert.deepEqual(await objectKeys(), await rowKeys());
    });
  }

  it("goes when its merge finds that another was faster", async () => {
    const { engine, append, round, pass, settle, objectKeys, rowKeys } = await openTopic(1);
    await append();
    await round();
    await append();
    // The first put is the seal's.
    const slow = freezing(engine, 2);
    const late = round(slow.engine);
    await slow.frozen;
    assert.equal((await round()).merges, 1);
    pass(2 * hourMs);
    await append();
    await round();
    slow.thaw();
    await late;
    await settle();
    assert.deepEqual(await objectKeys(), await rowKeys());
  });

  it("goes when another object of its seal cannot be written", async () => {
    const { engine, append, round, objectKeys } = await openTopic(2);
    await append();
    const { objects } = engine;
    let first: Promise<boolean> | undefined;
    const put: typeof objects.put = async (key, body) => {
      if (first === undefined) return await (first = objects.put(key, body));
      await first;
      throw new LogError("unavailable", "Not now.");
    };
    assert.equal((await round({ ...engine, objects: { ...objects, put } })).failures, 1);
    assert.deepEqual([await first, await objectKeys()], [true, []]);
  });

  it("stays when nobody knows whether it became part of the log", async () => {
    const { engine, append, round, objectKeys, rowKeys } = await openTopic(1);
    await append();
    const { catalog } = engine;
    const unsure = {
      ...engine,
      catalog: {
        ...catalog,
        transact: async (...[writes]: Parameters<typeof catalog.transact>) => {
          await catalog.transact(writes);
          if (writes.some(({ key }) => key.pk.startsWith("segments/")))
            throw new LogError("timeout", "Nobody knows.", { outcome: "unknown" });
        },
      },
    };
    assert.equal((await round(unsure)).failures, 1);
    assert.equal((await rowKeys()).length, 1);
    assert.deepEqual(await objectKeys(), await rowKeys());
  });
});
