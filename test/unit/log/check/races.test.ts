/** What others do between two steps of the check, at the moment where it looks like a fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectGarbage, garbagePk, garbageRelease, garbageWrite, newGarbage } from "../../../../lib/log/strata/garbage.ts";
import { activeWrite } from "../../../../lib/log/strata/marks.ts";
import { segmentKey, segmentsPk, segmentValue } from "../../../../lib/log/strata/segment-row.ts";
import { topicKey } from "../../../../lib/log/topic-row.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { Catalog, CatalogItem, JsonValue } from "../../../../lib/ports/catalog.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import type { Topic } from "../../../../lib/log/log.ts";
import { withJournal } from "./journal-faults.ts";
import { CheckWorld, namesOf } from "./world.ts";

type Step = () => Promise<void>;

/** Runs the steps at the queries of a `pk`, each once, in their order: before what is asked for is read, or after. */
function atQueries(engine: Engine, pk: string, steps: readonly { readonly before?: Step; readonly after?: Step }[]): Engine {
  const { catalog } = engine;
  let nth = 0;
  return withCatalog(engine, {
    query: async (asked, range) => {
      const step = asked === pk ? steps[nth++] : undefined;
      await step?.before?.();
      const found = await catalog.query(asked, range);
      await step?.after?.();
      return found;
    },
  });
}

function withCatalog(engine: Engine, changed: Partial<Catalog>): Engine {
  const { catalog } = engine;
  const plain: Catalog = {
    get: (key) => catalog.get(key),
    query: (pk, range) => catalog.query(pk, range),
    transact: (writes) => catalog.transact(writes),
  };
  return { ...engine, catalog: { ...plain, ...changed } };
}

async function write({ log }: CheckWorld, count = 1): Promise<void> {
  for (let nth = 0; nth < count; nth++) await log.append("sealed", { records: [record("more", { partition: 0 })] });
}

/** A world whose rows of the topic are merged while they are listed. @param mix what the listing gives */
async function merging(
  mix: (before: readonly CatalogItem[], after: readonly CatalogItem[]) => readonly CatalogItem[],
): Promise<readonly string[]> {
  const world = new CheckWorld(undefined, { garbageGraceMs: 1e12 });
  const topic = await world.fill();
  const { catalog } = world.engine;
  const pk = segmentsPk(topic.id, 0);
  const before = await catalog.query(pk, { limit: 100 });
  await write(world);
  await world.round();
  const after = await catalog.query(pk, { limit: 100 });
  assert.ok(before.length > 2 && after.length === 1, "all were merged");
  let isFirst = true;
  const engine = withCatalog(world.engine, {
    query: async (asked, range) => {
      if (asked !== pk || !isFirst) return await catalog.query(asked, range);
      isFirst = false;
      return mix(before, after);
    },
  });
  return (await world.faults(engine)).map(({ message }) => message);
}

test("a row that a merge has taken away, listed after what took its place", async () => {
  assert.deepEqual(await merging((before, after) => [...after, ...before.slice(1)]), []);
});

test("a row that a merge has replaced, listed without those that went with it", async () => {
  assert.deepEqual(await merging((before) => before.slice(0, 1)), []);
  assert.deepEqual(await merging((before) => [...before.slice(0, 1), ...before.slice(2)]), []);
});

test("rows that come after a hole of deleted records, when all were listed", async () => {
  const world = new CheckWorld(undefined, { garbageGraceMs: 1e12 });
  const topic = await world.fill();
  const after = async (): Promise<void> => {
    await write(world);
    await world.log.deleteRecords("sealed", [{ partition: 0, offset: "latest" }]);
    await world.round();
    await write(world);
    await world.round();
  };
  const engine = atQueries(world.engine, segmentsPk(topic.id, 0), [{ after }]);
  assert.deepEqual(await world.faults(engine), []);
});

test("a topic that is deleted once its id was listed", async () => {
  const world = new CheckWorld();
  await world.fill();
  const engine = atQueries(world.engine, "topic-ids", [{ after: () => world.log.topics.delete("short") }]);
  assert.deepEqual(await world.faults(engine), []);
});

test("entries that are sealed and trimmed before they are read, and more of them", async () => {
  for (const method of ["entries", "read"] as const) {
    const world = new CheckWorld();
    await world.fill();
    let isFirst = true;
    const trim = async (): Promise<void> => {
      if (!isFirst) return;
      isFirst = false;
      await world.log.append("journal", { records: [record("more", { partition: 0 })] });
      await write(world, 2);
      await world.round();
    };
    const { journal } = world.engine;
    const engine = withJournal(world.engine, {
      entries: async (...args) => {
        if (method === "entries") await trim();
        return await journal.entries(...args);
      },
      read: async (...args) => {
        if (method === "read") await trim();
        return await journal.read(...args);
      },
    });
    assert.deepEqual(
      (await world.faults(engine)).map(({ message }) => message),
      [],
      method,
    );
    assert.equal(isFirst, false);
  }
});

/** A segment that is written and not swapped in, and what its swap does, in two steps. */
async function unfinished(world: CheckWorld, topic: Topic) {
  const last = await world.lastRow(topic);
  const value = { ...(await world.storeSegment(topic, last.baseOffset, last.next)), reachedMs: last.reachedMs };
  const own = newGarbage(nodeRandom, topic.id, 1e14, [value.key], "unfinished");
  const { catalog } = world.engine;
  const key = segmentKey(topic.id, 0, last.baseOffset);
  await catalog.transact([garbageWrite(own)]);
  return {
    swap: () =>
      catalog.transact([
        garbageRelease(own),
        { key, put: segmentValue(value), if: last.version },
        garbageWrite(newGarbage(nodeRandom, topic.id, 1e14, [last.key], "replaced")),
      ]),
    swapBack: () =>
      catalog.transact([
        { key, put: segmentValue(last), if: last.version + 1 },
        garbageWrite(newGarbage(nodeRandom, topic.id, 1e14, [value.key], "replaced")),
      ]),
  };
}

test("an object whose swap is done after its garbage row was read", async () => {
  const world = new CheckWorld();
  const topic = await world.fill();
  const { swap } = await unfinished(world, topic);
  // First of the topic's garbage.
  assert.deepEqual(await world.faults(atQueries(world.engine, garbagePk(topic.id), [{ after: swap }])), []);
});

test("an object whose swap is done, or undone, while it is looked for", async () => {
  const moments = [
    // The first look at the topic's garbage is the topic's own; the second one is the object's.
    (pk: string, segments: string, { swap }: Swaps) => [
      { pk, steps: [{}, { after: swap }] },
      { pk: segments, steps: [] },
    ],
    (pk: string, segments: string, { swap }: Swaps) => [
      { pk, steps: [{}, { before: swap }] },
      { pk: segments, steps: [] },
    ],
    (pk: string, segments: string, { swap, swapBack }: Swaps) => [
      { pk, steps: [{}, { before: swap }] },
      { pk: segments, steps: [{}, { before: swapBack }] },
    ],
  ];
  for (const [nth, moment] of moments.entries()) {
    const world = new CheckWorld();
    const topic = await world.fill();
    let { engine } = world;
    for (const { pk, steps } of moment(garbagePk(topic.id), segmentsPk(topic.id, 0), await unfinished(world, topic)))
      engine = atQueries(engine, pk, steps);
    assert.deepEqual(namesOf(await world.faults(engine)), [], `moment ${nth}`);
  }
});

test("an object that is collected once it was listed", async () => {
  const world = new CheckWorld();
  const topic = await world.fill();
  await unfinished(world, topic);
  const before = async (): Promise<void> => {
    await collectGarbage(world.engine, topic.id, Number.MAX_SAFE_INTEGER);
  };
  assert.deepEqual(await world.faults(atQueries(world.engine, garbagePk(topic.id), [{}, { before }])), []);
});

type Swaps = Awaited<ReturnType<typeof unfinished>>;

test("a mark of a shard that a growth is about to bring", async () => {
  const world = new CheckWorld();
  const { id, name } = await world.fill();
  const item = await world.engine.catalog.get(topicKey(name));
  await world.engine.catalog.transact([
    { key: topicKey(name), put: { ...(item?.value as Record<string, JsonValue>), growingTo: 32 }, if: "any" },
    activeWrite({ topicId: id, shard: 7 }, 1),
  ]);
  assert.deepEqual(await world.check(), []);
});
