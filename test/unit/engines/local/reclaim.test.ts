import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { nodeDisk } from "../../../../lib/engines/local/node-disk.ts";
import type { Disk } from "../../../../lib/engines/local/disk.ts";
import { LogError } from "../../../../lib/core/errors.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { limits } from "../../../../lib/core/limits.ts";
import { copyOf, entryOf, errorWith, flipBit, journalFiles, namesIn, openShard, other, shard, step, tempFolder } from "./support.ts";

const small = { fileBytesMax: 4_000, unindexedOpsMax: 3 };

async function fill(engine: Engine, from: number, to: number, key = shard): Promise<void> {
  for (let nth = from; nth < to; nth++) await engine.journal.append(key, entryOf(`${nth}`, 400), { producers: [step(nth)] });
}

async function reclaimed(engine: Engine, isDryRun = false): Promise<readonly string[]> {
  const names: string[] = [];
  await engine.upkeep.reclaim(shard, { graceMs: 0, isDryRun, onFound: ({ name }) => names.push(name) });
  return names;
}

function numbers(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, nth) => `${from + nth}`);
}

async function removeIndex(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith("index.db")) await rm(join(folder, name));
}

/** A log of which files are gone: entries 90 to 99 are left of one shard, all 10 of the other, and what is not in any file. */
async function reclaimedLog(folder: string, disk: Disk = nodeDisk): Promise<Engine> {
  const engine = await openLocalEngine(folder, { ...small, disk });
  await openShard(engine);
  await engine.catalog.transact([{ key: { pk: "p", sk: "s" }, put: { kept: true }, if: "absent" }]);
  await engine.catalog.transact([{ key: { pk: "p", sk: "gone" }, put: 1, if: "absent" }]);
  await fill(engine, 0, 90);
  await openShard(engine, other, 2);
  await fill(engine, 0, 10, other);
  await engine.catalog.transact([{ key: { pk: "p", sk: "gone" }, delete: true, if: "any" }]);
  await fill(engine, 90, 100);
  await engine.journal.close({ topicId: "never", shard: 0 });
  await engine.journal.trim(shard, 90);
  return engine;
}

async function isWhole(engine: Engine): Promise<void> {
  assert.deepEqual(await namesIn(engine), numbers(90, 100));
  assert.deepEqual(await namesIn(engine, other), numbers(0, 10));
  const head = await engine.journal.head(shard, 7n);
  assert.deepEqual([head.seq, head.startSeq, head.highWatermarks, head.startOffsets], [100, 90, [100], [90]]);
  assert.deepEqual(
    head.producers.map(({ sequence }) => sequence),
    [99],
  );
  assert.equal((await engine.journal.head(other)).partitions, 2);
  assert.deepEqual(
    (await engine.catalog.query("p", { limit: 10 })).map(({ key, version, value }) => [key.sk, version, value]),
    [["s", 1, { kept: true }]],
  );
  const again = await engine.journal.append(shard, entryOf("99", 400), { producers: [step(99)] });
  assert.deepEqual([again.seq, again.parts[0]?.duplicate], [99, true]);
  // A step whose entry is gone may be forgotten, and is not added again.
  const late = await engine.journal
    .append(shard, entryOf("5", 400), { producers: [step(5)] })
    .catch((reason: unknown) => LogError.from(reason));
  if (late instanceof LogError) assert.deepEqual([late.code, late.outcome], ["out_of_order_sequence", "unknown"]);
  else assert.deepEqual([late.seq, late.parts[0]?.duplicate], [5, true]);
}

test("files that hold no entry that is left go, the log stays as it was, also when its index is lost or earlier", async (t) => {
  const folder = await tempFolder(t);
  const engine = await reclaimedLog(folder);
  const earlier = await copyOf(t, folder);
  const before = await journalFiles(folder);
  const gone = await reclaimed(engine);
  const left = await journalFiles(folder);
  assert.ok(gone.length >= 8, `only ${gone.length} of ${before.length} files went`);
  assert.deepEqual(left, before.slice(gone.length));
  assert.deepEqual(await reclaimed(engine), []);
  await isWhole(engine);
  const crashed = await copyOf(t, folder);
  const lost = await copyOf(t, folder);
  await removeIndex(lost);
  const old = await copyOf(t, folder);
  await removeIndex(old);
  for (const name of await readdir(earlier)) if (name.startsWith("index.db")) await nodeDisk.link(join(earlier, name), join(old, name));
  for (const place of [crashed, lost, old]) {
    const again = await openLocalEngine(place, small);
    await isWhole(again);
    await fill(again, 100, 140);
    await again.journal.trim(shard, 140);
    await again.close();
    const oncemore = await openLocalEngine(place, small);
    assert.deepEqual(await namesIn(oncemore, other), numbers(0, 10));
    await oncemore.close();
  }
  await engine.close();
});

test("one entry that is left keeps its file and those after it, until it is trimmed too", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, small);
  await openShard(engine);
  await openShard(engine, other);
  await engine.journal.append(other, entryOf("slow"));
  await fill(engine, 0, 60);
  await engine.journal.trim(shard, 60);
  assert.deepEqual(await reclaimed(engine), []);
  assert.deepEqual(await reclaimed(engine, true), []);
  await engine.journal.append(other, entryOf("later"));
  await engine.journal.trim(other, 1);
  const told = await reclaimed(engine, true);
  assert.ok(told.length >= 5);
  assert.deepEqual(await reclaimed(engine), told);
  assert.deepEqual(await namesIn(engine, other), ["later"]);
  await engine.close();
});

test("a damaged checkpoint does no harm while the index is whole, is replaced by the next one, and is refused when it is needed", async (t) => {
  const folder = await tempFolder(t);
  const engine = await reclaimedLog(folder);
  assert.ok((await reclaimed(engine)).length > 0);
  await engine.close();
  await flipBit(join(folder, "checkpoint"), 100);
  const lost = await copyOf(t, folder);
  await removeIndex(lost);
  await assert.rejects(openLocalEngine(lost, small), { code: "corrupt_log", message: /checkpoint is damaged at byte/ });
  await rm(join(lost, "checkpoint"));
  await assert.rejects(openLocalEngine(lost, small), { code: "corrupt_log", message: /there is no checkpoint/ });
  const again = await openLocalEngine(folder, small);
  await isWhole(again);
  await again.journal.trim(other, 10);
  await fill(again, 100, 160);
  await again.journal.trim(shard, 160);
  assert.ok((await reclaimed(again)).length > 0);
  const remade = await copyOf(t, folder);
  await removeIndex(remade);
  const last = await openLocalEngine(remade, small);
  assert.equal((await last.journal.head(shard)).seq, 160);
  await last.close();
  await again.close();
});

test("without room for the checkpoint no file goes and the error says so; what an earlier one covers goes without", async (t) => {
  const folder = await tempFolder(t);
  let isFull = false;
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode) {
      if (isFull && path.endsWith(".new")) throw errorWith("ENOSPC");
      return await nodeDisk.open(path, mode);
    },
  };
  const engine = await reclaimedLog(folder, disk);
  isFull = true;
  const before = await journalFiles(folder);
  await assert.rejects(reclaimed(engine), { code: "storage_full", outcome: "not-applied" });
  assert.deepEqual(await journalFiles(folder), before);
  await isWhole(engine);
  isFull = false;
  assert.ok((await reclaimed(engine)).length > 0);
  isFull = true;
  await engine.journal.trim(shard, 100);
  await engine.journal.trim(other, 10);
  assert.ok((await reclaimed(engine)).length > 0, "the checkpoint covers these, and they were needed when it was written");
  assert.deepEqual(await namesIn(engine), []);
  await engine.close();
});

test("a file that cannot be removed is told, and no later one goes before it", async (t) => {
  const folder = await tempFolder(t);
  let fails = true;
  const disk: Disk = {
    ...nodeDisk,
    async remove(path) {
      if (fails && path.endsWith(".log")) throw errorWith("EIO");
      await nodeDisk.remove(path);
    },
  };
  const engine = await reclaimedLog(folder, disk);
  const before = await journalFiles(folder);
  await assert.rejects(reclaimed(engine), { code: "unavailable" });
  await assert.rejects(reclaimed(engine), { code: "unavailable" });
  assert.deepEqual(await journalFiles(folder), before);
  await isWhole(engine);
  fails = false;
  await reclaimed(engine);
  const left = await journalFiles(folder);
  assert.ok(left.length < before.length - 5);
  assert.deepEqual(left, before.slice(before.length - left.length));
  await isWhole(engine);
  await engine.close();
});

test("more shards than are remembered at once are all asked before a file goes", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, { fileBytesMax: 1_200_000 });
  await openShard(engine);
  const count = limits.localShardsAwaitedMax + 200;
  const keys = Array.from({ length: count }, (_, nth) => ({ topicId: `t${nth}`, shard: 0 }));
  await Promise.all(keys.map((key) => openShard(engine, key)));
  await Promise.all(keys.map((key) => engine.journal.append(key, entryOf("x"))));
  for (let nth = 0; nth < 40; nth++) await engine.journal.append(shard, entryOf(`${nth}`, 100_000));
  await engine.journal.trim(shard, 40);
  assert.deepEqual(await reclaimed(engine), []);
  await Promise.all(keys.slice(1).map((key) => engine.journal.trim(key, 1)));
  assert.deepEqual(await reclaimed(engine), []);
  await engine.journal.trim({ topicId: "t0", shard: 0 }, 1);
  assert.ok((await reclaimed(engine)).length > 0);
  await engine.close();
});

test("a checkpoint that costs more than the files give back waits for more of them", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, small);
  await openShard(engine);
  for (let nth = 0; nth < 40; nth++) {
    await engine.catalog.transact([{ key: { pk: "p", sk: `${nth}` }, put: "x".repeat(1_000), if: "absent" }]);
  }
  assert.deepEqual(await reclaimed(engine), [], "nothing of the shard was trimmed");
  await fill(engine, 0, 20);
  await engine.journal.trim(shard, 20);
  assert.ok((await reclaimed(engine)).length > 0);
  const sizes: number[] = [];
  for (let round = 1; round < 20; round++) {
    await fill(engine, round * 20, round * 20 + 20);
    await engine.journal.trim(shard, round * 20 + 20);
    sizes.push((await reclaimed(engine)).length);
  }
  assert.ok(sizes.includes(0) && sizes.some((size) => size > 5), `files a round: ${sizes.join()}`);
  await engine.close();
});

test("a file left behind by a checkpoint that was cut short is no checkpoint", async (t) => {
  const folder = await tempFolder(t);
  const engine = await reclaimedLog(folder);
  await engine.close();
  await writeFile(join(folder, "checkpoint.new"), "half");
  const again = await openLocalEngine(folder, small);
  assert.ok((await reclaimed(again)).length > 0);
  assert.ok(!(await readdir(folder)).includes("checkpoint.new"));
  await isWhole(again);
  await again.close();
});

test("what is trimmed, appended and closed while a checkpoint is being written is in it or replayed over it", async (t) => {
  const folder = await tempFolder(t);
  const last = { topicId: "zz", shard: 0 };
  let pauses = Number.NEGATIVE_INFINITY;
  let meanwhile: Promise<void> | undefined;
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode) {
      if (path.endsWith("checkpoint.new")) pauses = 0;
      return await nodeDisk.open(path, mode);
    },
  };
  // Of two parts, so that no run of the checkpoint ends where a chunk of the index does.
  const fillWide = async (from: number, to: number): Promise<void> => {
    for (let nth = from; nth < to; nth++) {
      const [part] = entryOf(`${nth}`, 200).parts;
      if (part !== undefined) await engine.journal.append(shard, { parts: [part, { ...part, index: 1 }] }, { producers: [step(nth)] });
    }
  };
  const change = async (): Promise<void> => {
    await engine.journal.trim(shard, 250);
    await engine.journal.close(last);
    await fillWide(300, 340);
    await fill(engine, 10, 20, other);
    await engine.catalog.transact([{ key: { pk: "p", sk: "s" }, put: 2, if: 1 }]);
  };
  const defer = (run: () => void): void => {
    // Once the shard's head and its first entries are in.
    if (++pauses === 3) {
      meanwhile = change();
      void meanwhile.finally(run);
    } else setImmediate(run);
  };
  const engine = await openLocalEngine(folder, { ...small, disk, defer });
  await openShard(engine, shard, 2);
  await fillWide(0, 300);
  for (const key of [other, last]) {
    await openShard(engine, key);
    await fill(engine, 0, 10, key);
  }
  await engine.catalog.transact([{ key: { pk: "p", sk: "s" }, put: 1, if: "absent" }]);
  await engine.journal.trim(shard, 100);
  assert.ok((await reclaimed(engine)).length > 0);
  assert.ok(meanwhile !== undefined, "nothing happened meanwhile");
  await meanwhile;
  const lost = await copyOf(t, folder);
  await removeIndex(lost);
  const again = await openLocalEngine(lost, small);
  assert.deepEqual(
    await namesIn(again),
    numbers(250, 340).flatMap((name) => [name, name]),
  );
  assert.deepEqual(await namesIn(again, other), numbers(0, 20));
  for (const key of [shard, other]) assert.deepEqual(await again.journal.head(key, 7n), await engine.journal.head(key, 7n));
  await assert.rejects(again.journal.head(last), { code: "unknown_topic_or_partition" });
  assert.deepEqual(await again.catalog.query("p", { limit: 10 }), await engine.catalog.query("p", { limit: 10 }));
  await again.close();
  await engine.close();
});

test("steps go with their entries, but for each producer's newest", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, { fileBytesMax: 1_000_000, unindexedOpsMax: 100 });
  await openShard(engine);
  const producers = [-1n, 7n, 2n ** 62n];
  const requests = 1_500;
  for (let nth = 0; nth < requests; nth++) {
    const append = (producerId: bigint) => engine.journal.append(shard, entryOf("x"), { producers: [{ ...step(nth), producerId }] });
    await Promise.all(producers.map(append));
  }
  await engine.journal.append(shard, entryOf("x"), { producers: [{ ...step(0), producerId: 8n }] });
  await engine.journal.trim(shard, 3 * requests - 30);
  await reclaimed(engine);
  await engine.close();
  const db = new DatabaseSync(join(folder, "index.db"));
  const rows = db.prepare("SELECT count(*) AS n, min(seq) AS first FROM steps").get();
  db.close();
  assert.deepEqual({ ...rows }, { n: 31, first: 3 * requests - 30 });
  const again = await openLocalEngine(folder, { fileBytesMax: 1_000_000, unindexedOpsMax: 100 });
  await again.journal.trim(shard, 3 * requests + 1);
  await reclaimed(again);
  for (const producerId of [...producers, 8n]) {
    const sequence = producerId === 8n ? 0 : requests - 1;
    const { parts } = await again.journal.append(shard, entryOf("x"), { producers: [{ ...step(sequence), producerId }] });
    assert.equal(parts[0]?.duplicate, true, `${producerId}`);
  }
  const old = again.journal.append(shard, entryOf("x"), { producers: [step(3)] });
  await assert.rejects(old, { code: "out_of_order_sequence", outcome: "unknown" });
  await again.close();
});
