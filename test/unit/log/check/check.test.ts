/** Planted faults: each is found by its own guard, and nothing else is told. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { checkLog } from "../../../../lib/log/check/check-log.ts";
import { plannedDeletions } from "../../../../lib/log/check/planned-deletions.ts";
import { activeWrite, dueWrite } from "../../../../lib/log/strata/marks.ts";
import { topicIdKey } from "../../../../lib/log/strata/topic-ids.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import type { Reclaimable, ReclaimOptions } from "../../../../lib/ports/upkeep.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { catalogs } from "./catalog-faults.ts";
import { frontiers } from "./frontier-faults.ts";
import { journals } from "./journal-faults.ts";
import { noTopic } from "./planted.ts";
import { segments } from "./segment-faults.ts";
import { CheckWorld, flip, namesOf } from "./world.ts";

const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };

for (const { name, plant, through, found, says, left = found, tuning } of [...segments, ...frontiers, ...journals, ...catalogs]) {
  test(`found: ${name}`, async () => {
    const world = new CheckWorld(undefined, tuning);
    const topic = await world.fill();
    assert.deepEqual(namesOf(await world.faults()), []);
    await plant?.(world, topic);
    const engine = through?.(world, topic) ?? world.engine;
    const faults = await world.faults(engine);
    const messages = faults.map(({ message }) => message).join("\n");
    assert.deepEqual(namesOf(faults), found, messages);
    assert.match(messages, says);
    for (const { repair } of faults) await repair?.();
    assert.deepEqual(namesOf(await world.faults(engine)), left);
  });
}

test("on files a healthy log has no faults, and what leads nowhere is told and dropped", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stratalog-check-"));
  try {
    const world = new CheckWorld(await openLocalEngine(folder));
    const topic = await world.fill();
    assert.ok((await world.rows(topic)).length === 3, "merged, and more");
    assert.deepEqual(namesOf(await world.faults()), []);
    const [gone, beyond] = [
      { topicId: noTopic, shard: 0 },
      { topicId: topic.id, shard: 7 },
    ];
    await world.engine.catalog.transact([activeWrite(gone, 1), activeWrite(beyond, 1), dueWrite(gone, 1), dueWrite(beyond, 1)]);
    const notes = await world.check();
    assert.deepEqual(namesOf(notes), ["dangling mark", "dangling mark", "dangling mark", "dangling mark"]);
    assert.ok(notes.every(({ isFault }) => !isFault));
    for (const { repair } of notes) assert.equal(await repair?.(), true);
    assert.deepEqual(namesOf(await world.check()), []);
    await world.log.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("what others seal, merge, trim, let expire and delete meanwhile is no fault", async () => {
  const world = new CheckWorld();
  await world.fill();
  let isOver = false;
  const write = async (): Promise<void> => {
    for (let nth = 0; nth < 60; nth++) {
      await world.log.append("sealed", { records: [record(`${nth}`, { partition: nth % 2 })] });
      await world.log.append("short", { records: [record(`${nth}`)] });
      if (nth % 4 === 0) await world.log.deleteRecords("short", [{ partition: 0, offset: "latest" }]);
      await world.log.topics.create({ name: `t${nth}` });
      await world.log.append(`t${nth}`, { records: [record("x")] });
      if (nth > 2) await world.log.topics.delete(`t${nth - 3}`);
      await world.janitor(Number.MAX_SAFE_INTEGER);
    }
    isOver = true;
  };
  const seen: string[] = [];
  let checks = 0;
  const check = async (): Promise<void> => {
    for (; !isOver; checks++) seen.push(...(await world.faults()).map(({ message }) => message));
  };
  await Promise.all([write(), check(), check()]);
  assert.deepEqual(seen, []);
  assert.ok(checks > 4, `${checks} checks`);
  assert.deepEqual(namesOf(await world.faults()), []);
});

test("a topic of before there were rows in topic-ids is no fault until the janitor has made them all", async () => {
  const world = new CheckWorld();
  const { id } = await world.fill();
  await world.engine.catalog.transact([
    { key: topicIdKey(id), delete: true, if: 1 },
    { key: { pk: "upgrades", sk: "topic-ids" }, delete: true, if: "any" },
  ]);
  const found = await world.check();
  assert.deepEqual(
    found.map(({ isFault, kind, what }) => [isFault, kind, what]),
    [[false, "missing", "topic"]],
  );
  assert.equal(await found[0]?.repair?.(), true);
  assert.equal(await found[0]?.repair?.(), false);
  assert.deepEqual(await world.check(), []);
});

test("what the engine would give back is told as notes, and given back by a repair", async () => {
  const world = new CheckWorld();
  await world.log.topics.create({ name: "t" });
  let things = 1;
  const give = async ({ isDryRun = false, onFound }: ReclaimOptions, why: Reclaimable["why"]) => {
    const found = things > 0 ? { things, bytes: 5, isComplete: true } : { things: 0, bytes: 0, isComplete: true };
    if (things > 0) onFound?.({ name: "a thing", bytes: 5, why });
    if (!isDryRun) things = 0;
    return found;
  };
  const engine: Engine = {
    ...world.engine,
    upkeep: { ...world.engine.upkeep, reclaim: (_, options) => give(options, "trimmed"), sweep: (options) => give(options, "uncommitted") },
  };
  const found = await world.check(engine);
  assert.deepEqual(namesOf(found), ["unreferenced leftover", "unreferenced leftover"]);
  assert.ok(found.every(({ isFault }) => !isFault));
  assert.match(found[1]?.message ?? "", /1 things of 5 bytes, which writers stored and did not commit/);
  assert.equal(await found[0]?.repair?.(), true);
  assert.deepEqual(await world.check(engine), []);
});

test("rows that change each time they are read are said not to have been looked at", async () => {
  const world = new CheckWorld();
  const topic = await world.fill();
  await world.changeObject((await world.lastRow(topic)).key, (bytes) => flip(bytes, 80));
  const { catalog } = world.engine;
  const changing: Engine = {
    ...world.engine,
    catalog: {
      get: async (key) => (key.pk.startsWith("segments/") ? undefined : await catalog.get(key)),
      query: (pk, range) => catalog.query(pk, range),
      transact: (writes) => catalog.transact(writes),
    },
  };
  const notes = (await world.check(changing)).filter(({ what }) => what === "segment");
  assert.deepEqual(
    notes.map(({ isFault, message }) => [isFault, /changed each time/.test(message)]),
    [[false, true]],
  );
});

test("planned deletions say what goes, when and why", async () => {
  const world = new CheckWorld(undefined, { garbageGraceMs: 1e12 });
  await world.fill();
  const planned = [];
  for await (const deletion of plannedDeletions(world.engine, parts, { strata: world.tuning })) planned.push(deletion);
  const named = planned.map(({ topic, why, keys }) => `${topic} ${why} ${keys.length}`);
  assert.deepEqual([...new Set(named)].sort(), [
    "gone expired 3",
    "gone replaced 4",
    "sealed replaced 4",
    "short expired 1",
    "short replaced 4",
  ]);
  assert.ok(planned.every(({ dueMs, isDoomed, bytes }) => dueMs > 1e12 && !isDoomed && bytes > 0));
});

test("planned deletions tell of what the next round makes garbage of, each once", async () => {
  const world = new CheckWorld(undefined, { garbageGraceMs: 1e12 });
  const topic = await world.fill();
  const seen = async () => {
    const keys: string[] = [];
    for await (const each of plannedDeletions(world.engine, parts, { strata: world.tuning })) keys.push(...each.keys);
    return keys;
  };
  const before = await seen();
  await world.log.deleteRecords("sealed", [{ partition: 0, offset: 10 }]);
  const trimmed = (await world.rows(topic)).filter(({ next }) => next <= 10).map(({ key }) => key);
  assert.ok(trimmed.length > 0);
  assert.deepEqual((await seen()).filter((key) => !before.includes(key)).sort(), trimmed.sort());
  const all = [...(await world.rows(topic)), ...(await world.rows(topic, 1))].map(({ key }) => key);
  await world.log.topics.delete("sealed");
  const planned = await seen();
  assert.deepEqual(planned.filter((key) => !before.includes(key)).sort(), all.sort());
  await world.round();
  assert.deepEqual((await seen()).sort(), planned.sort(), "as it was told");
});

test("a check ends when it is told to", async () => {
  const world = new CheckWorld();
  await world.fill();
  const findings = checkLog(world.engine, parts, { signal: AbortSignal.abort() });
  await assert.rejects(async () => await findings.next(), { code: "unavailable" });
});
