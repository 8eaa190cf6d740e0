import assert from "node:assert/strict";
import type { Engine } from "../../../ports/engine.ts";
import { type Frontier, frontierKey, frontierWrite, readFrontier } from "../../../log/strata/frontier.ts";
import { segmentsPk } from "../../../log/strata/segment-row.ts";
import { labelsOf, record } from "../log/build.ts";
import { objectKeys, type StrataCase, strataCase, type TunedLog } from "./build.ts";

/** Two partitions with a segment each, and an entry that waits. */
async function sealedTopic({ log }: TunedLog, round: () => Promise<unknown>): Promise<string> {
  const { id } = await log.topics.create({ name: "t", partitions: 2, config: { "retention.ms": -1 } });
  await log.append("t", { records: [record("r0", { partition: 0 }), record("r1", { partition: 1 })] });
  await round();
  return id;
}

async function frontierOf({ catalog }: Engine, topicId: string): Promise<Frontier> {
  return readFrontier(await catalog.get(frontierKey({ topicId, shard: 0 })));
}

/** All that the catalog and the store have of the topic's segments. */
async function strataOf(engine: Engine, topicId: string): Promise<unknown> {
  const rows = await Promise.all([0, 1].map((partition) => engine.catalog.query(segmentsPk(topicId, partition), { limit: 100 })));
  const { startSeq } = await engine.journal.head({ topicId, shard: 0 });
  return { rows, startSeq, frontier: await frontierOf(engine, topicId), objects: await objectKeys(engine) };
}

export const lostRowCases: readonly StrataCase[] = [
  strataCase(
    "of a shard that has lost its frontier nothing is sealed, trimmed or freed, and once it is back all goes on",
    async (world) => {
      const { log, engine, harness, round } = world;
      const id = await sealedTopic(world, round);
      const { version: _, ...lost } = await frontierOf(engine, id);
      await engine.catalog.transact([{ key: frontierKey({ topicId: id, shard: 0 }), delete: true, if: "any" }]);
      await log.append("t", { records: [record("r2", { partition: 0 })] });
      const before = await strataOf(engine, id);
      for (let nth = 0; nth < 3; nth++) {
        const { failures, seals, segmentsExpired, objectsDeleted } = await round();
        assert.deepEqual([failures, seals, segmentsExpired, objectsDeleted], [1, 0, 0, 0]);
      }
      assert.deepEqual(await strataOf(engine, id), before);
      await engine.catalog.transact([frontierWrite({ topicId: id, shard: 0 }, await frontierOf(engine, id), lost)]);
      const { failures, seals } = await round();
      assert.deepEqual([failures, seals], [0, 1]);
      assert.deepEqual([await labelsOf(log, harness, "t"), await labelsOf(log, harness, "t", 1)], [["r0", "r2"], ["r1"]]);
    },
  ),
  strataCase("of a shard whose frontier is an old one nothing is sealed, trimmed or freed", async (world) => {
    const { log, engine, round } = world;
    const id = await sealedTopic(world, round);
    const { version: _, ...old } = await frontierOf(engine, id);
    await log.append("t", { records: [record("r2", { partition: 0 })] });
    await round();
    await log.append("t", { records: [record("r3", { partition: 0 })] });
    await engine.catalog.transact([frontierWrite({ topicId: id, shard: 0 }, await frontierOf(engine, id), old)]);
    const before = await strataOf(engine, id);
    const { failures, seals } = await round();
    assert.deepEqual([failures, seals], [1, 0]);
    assert.deepEqual(await strataOf(engine, id), before);
  }),
  strataCase(
    "the same where the journal still has what was sealed and merged since",
    async (world) => {
      const { log, engine, round } = world;
      const id = await sealedTopic(world, round);
      const { version: _, ...old } = await frontierOf(engine, id);
      for (let nth = 2; nth < 5; nth++) {
        await log.append("t", { records: [record(`r${nth}`, { partition: 0 })] });
        await round();
      }
      assert.equal((await engine.catalog.query(segmentsPk(id, 0), { limit: 100 })).length, 1, "merged");
      await log.append("t", { records: [record("r5", { partition: 0 })] });
      await engine.catalog.transact([frontierWrite({ topicId: id, shard: 0 }, await frontierOf(engine, id), old)]);
      const { rows } = (await strataOf(engine, id)) as { readonly rows: unknown };
      const { failures, seals } = await round();
      assert.deepEqual([failures > 0, seals], [true, 0]);
      assert.deepEqual(((await strataOf(engine, id)) as { readonly rows: unknown }).rows, rows);
    },
    { trimLagMs: 1_000_000 },
  ),
];
