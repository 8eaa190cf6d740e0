import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../../lib/core/errors.ts";
import type { Disk } from "../../../../lib/engines/local/disk.ts";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { LocalState } from "../../../../lib/engines/local/local-state.ts";
import { nodeDisk } from "../../../../lib/engines/local/node-disk.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { copyOf, entryOf, errorWith, FaultyDisk, namesIn, openShard, shard, step, tempFolder } from "./support.ts";

function failsWith(code: string, outcome: string): (reason: unknown) => boolean {
  return (reason) => {
    assert.ok(reason instanceof LogError);
    assert.deepEqual([reason.code, reason.outcome], [code, outcome], reason.message);
    return true;
  };
}

test("a full disk refuses the whole group as not applied; reads go on; appends work again once there is room", async (t) => {
  const folder = await tempFolder(t);
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(folder, { disk });
  await openShard(engine);
  await engine.journal.append(shard, entryOf("before"), { producers: [step(1)] });
  for (const bytesLeft of [0, 1, 47, 48, 100, 500]) {
    disk.bytesLeft = bytesLeft;
    const appends = Array.from({ length: 8 }, (_, nth) => engine.journal.append(shard, entryOf(`lost ${nth}`, 200)));
    const write = engine.catalog.transact([{ key: { pk: "k", sk: "s" }, put: bytesLeft, if: "any" }]);
    const retry = engine.journal.append(shard, entryOf("before"), { producers: [step(1)] });
    for (const append of [...appends, write]) await assert.rejects(append, failsWith("storage_full", "not-applied"));
    assert.deepEqual(
      (await retry).parts,
      [{ index: 0, baseOffset: 0, duplicate: true }],
      "what is durable is answered whatever becomes of the group",
    );
    assert.deepEqual(await namesIn(engine), ["before"]);
    assert.equal(await engine.catalog.get({ pk: "k", sk: "s" }), undefined);
  }
  const crashed = await copyOf(t, folder);
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  assert.equal((await engine.journal.append(shard, entryOf("after"))).parts[0]?.baseOffset, 1);
  await engine.close();
  for (const [place, names] of [
    [crashed, ["before"]],
    [folder, ["before", "after"]],
  ] as const) {
    const again = await openLocalEngine(place);
    assert.deepEqual(await namesIn(again), names);
    await again.close();
  }
});

test("a disk that fills up while the journal rolls refuses as not applied, and the journal goes on later", async (t) => {
  const folder = await tempFolder(t);
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(folder, { disk, fileBytesMax: 400 });
  await openShard(engine);
  const names: string[] = [];
  for (let nth = 0; nth < 12; nth++) {
    disk.bytesLeft = nth % 3 === 2 ? 20 : Number.POSITIVE_INFINITY;
    const append = engine.journal.append(shard, entryOf(`${nth}`));
    if (nth % 3 === 2) await assert.rejects(append, failsWith("storage_full", "not-applied"));
    else names.push(await append.then(() => `${nth}`));
  }
  await engine.close();
  const again = await openLocalEngine(folder, { fileBytesMax: 400 });
  assert.deepEqual(await namesIn(again), names);
  await again.close();
});

test("writes that the disk takes in small pieces are whole", async (t) => {
  const folder = await tempFolder(t);
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(folder, { disk });
  await openShard(engine);
  disk.writeBytesMax = 7;
  await engine.journal.append(shard, entryOf("pieces", 100));
  disk.writeBytesMax = 30_000;
  await Promise.all(["x", "y", "z"].map((name) => engine.journal.append(shard, entryOf(name, 50_000))));
  assert.deepEqual(await namesIn(engine), ["pieces", "x", "y", "z"]);
  await engine.close();
});

test("a failed fdatasync is never retried: those in flight are unknown, all later ones refused, reads go on", async (t) => {
  const folder = await tempFolder(t);
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(folder, { disk });
  await openShard(engine);
  await engine.journal.append(shard, entryOf("before"));
  disk.syncFailure = errorWith("EIO");
  const inFlight = [engine.journal.append(shard, entryOf("perhaps")), engine.journal.append(shard, entryOf("perhaps too"))];
  for (const append of inFlight) await assert.rejects(append, failsWith("unavailable", "unknown"));
  disk.syncFailure = undefined;
  const { syncs } = disk;
  await assert.rejects(
    engine.journal.append(shard, entryOf("later")),
    (reason) => failsWith("unavailable", "not-applied")(reason) && /restart/.test(String(reason)),
  );
  assert.equal(disk.syncs, syncs, "nothing is synced any more");
  assert.deepEqual(await namesIn(engine), ["before"]);
  await engine.close();
  const again = await openLocalEngine(folder);
  assert.deepEqual((await namesIn(again)).slice(0, 1), ["before"]);
  await again.close();
});

test("the retry of a producer's step whose sync failed is unknown as well: a restart may find its first attempt", async (t) => {
  const folder = await tempFolder(t);
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(folder, { disk });
  await openShard(engine);
  disk.syncFailure = errorWith("EIO");
  const send = (): Promise<unknown> => engine.journal.append(shard, entryOf("once"), { producers: [step(0)] });
  const sendAll = (): Promise<unknown> =>
    engine.journal.transact([{ shard, entry: entryOf("once"), guards: { producers: [step(0)] } }], []);
  for (const attempt of [send, send, sendAll]) await assert.rejects(attempt(), failsWith("unavailable", "unknown"));
  await engine.close();
  const again = await openLocalEngine(folder);
  assert.deepEqual(await namesIn(again), ["once"]);
  await again.close();
});

test("a write that fails and cannot be taken back is unknown, and poisons", async (t) => {
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(await tempFolder(t), { disk });
  await openShard(engine);
  disk.bytesLeft = 60;
  disk.truncateFailure = errorWith("EIO");
  await assert.rejects(engine.journal.append(shard, entryOf("perhaps")), failsWith("unavailable", "unknown"));
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  disk.truncateFailure = undefined;
  await assert.rejects(engine.journal.append(shard, entryOf("later")), failsWith("unavailable", "not-applied"));
  await engine.close();
});

/** An append whose sync is held until `release`, and how many syncs there had been. */
async function heldAppend(disk: FaultyDisk, engine: Engine): Promise<{ first: Promise<unknown>; release: () => void; before: number }> {
  let release = (): void => {};
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  const before = disk.syncs;
  const first = engine.journal.append(shard, entryOf("first"));
  while (disk.syncs === before) await new Promise((resolve) => setImmediate(resolve));
  return { first, release, before };
}

test("while one sync runs the next group gathers, and is one frame and one sync", async (t) => {
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(await tempFolder(t), { disk });
  await openShard(engine);
  const { first, release, before } = await heldAppend(disk, engine);
  const rest = Array.from({ length: 100 }, (_, nth) => engine.journal.append(shard, entryOf(`${nth}`)));
  assert.equal((await engine.journal.head(shard)).seq, 0, "nothing is seen before it is durable");
  release();
  await Promise.all([first, ...rest]);
  assert.equal(disk.syncs - before, 2);
  await engine.close();
});

test("what waits for the disk is bounded: more is throttled, and told when to come again", async (t) => {
  const disk = new FaultyDisk();
  const engine = await openLocalEngine(await tempFolder(t), { disk });
  await openShard(engine);
  const { first, release } = await heldAppend(disk, engine);
  const bytes = Buffer.alloc(16 * 1024 * 1024);
  const large = { parts: [{ index: 0, records: 1, maxTimestampMs: 0, batches: bytes }] };
  const queued = Array.from({ length: 4 }, () => engine.journal.append(shard, large));
  await assert.rejects(engine.journal.append(shard, large), (reason) => {
    assert.ok(reason instanceof LogError);
    assert.deepEqual([reason.code, reason.outcome], ["throttled", "not-applied"]);
    assert.ok((reason.retryAfterMs ?? 0) > 0);
    return true;
  });
  release();
  await Promise.all([first, ...queued]);
  assert.equal((await engine.journal.head(shard)).seq, 5);
  await engine.close();
});

test("a new data folder's name is made durable with those above it; one above that may not be read keeps nobody from starting", async (t) => {
  const top = await tempFolder(t);
  const folder = `${top}/new/data`;
  const synced: string[] = [];
  const above = (code: string): Disk => ({
    ...nodeDisk,
    syncFolder: (path) => {
      synced.push(path);
      return path === "/" ? Promise.reject(errorWith(code)) : nodeDisk.syncFolder(path);
    },
  });
  await assert.rejects(openLocalEngine(folder, { disk: above("EIO") }), { code: "EIO" });
  await (await openLocalEngine(folder, { disk: above("EACCES") })).close();
  for (const path of [`${top}/new`, top]) assert.ok(synced.includes(path), path);
});

test("the retry of a producer's step that the index could not take is unknown as well", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder);
  await openShard(engine);
  const apply = t.mock.method(LocalState.prototype, "apply", () => {
    throw errorWith("EIO");
  });
  const send = (): Promise<unknown> => engine.journal.append(shard, entryOf("once"), { producers: [step(0)] });
  for (const attempt of [send, send]) await assert.rejects(attempt(), failsWith("unavailable", "unknown"));
  await assert.rejects(engine.journal.append(shard, entryOf("plain")), failsWith("unavailable", "not-applied"));
  apply.mock.restore();
  await engine.close();
  const again = await openLocalEngine(folder);
  assert.deepEqual(await namesIn(again), ["once"]);
  await again.close();
});

test("damage of the index that is met while running says what to do", async (t) => {
  const engine = await openLocalEngine(await tempFolder(t));
  await openShard(engine);
  t.mock.method(LocalState.prototype, "shard", () => {
    throw Object.assign(new Error("database disk image is malformed"), { errcode: 11 });
  });
  for (const run of [() => engine.journal.head(shard), () => engine.journal.append(shard, entryOf("x"))]) {
    await assert.rejects(
      run(),
      (error: unknown) => error instanceof LogError && error.code === "corrupt_log" && error.message.includes("delete index.db"),
    );
  }
  t.mock.restoreAll();
  await engine.close();
});
