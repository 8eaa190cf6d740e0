import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { copyOf, entryOf, journalFiles, openShard, step, tempFolder } from "./support.ts";

const pageBytes = 4_096;
const key = (nth: number) => ({ topicId: `t${nth}`, shard: 0 });

/** Does a little of everything, over several shards. */
async function work(engine: Engine, from: number, to: number): Promise<void> {
  for (let nth = from; nth < to; nth++) {
    const shard = key(nth % 7);
    await engine.journal.open(shard, { partitions: 1 + (nth % 3), layout: nth % 3 });
    await engine.journal.append(shard, entryOf(`${nth}`), { producers: [step(nth)] });
    await engine.journal.append(shard, {
      parts: [{ index: 0, records: 3, maxTimestampMs: 5_000 - nth, batches: Buffer.from(`more ${nth}`) }],
    });
    if (nth % 11 === 10) await engine.journal.trim(shard, (await engine.journal.head(shard)).seq - 2);
    await engine.catalog.transact([{ key: { pk: "items", sk: `${nth % 5}` }, put: nth, if: "any" }]);
    if (nth % 5 === 4) await engine.catalog.transact([{ key: { pk: "items", sk: "0" }, delete: true, if: "any" }]);
  }
}

/** All that can be asked of it. */
async function everything(engine: Engine): Promise<unknown> {
  const shards = [];
  for (let nth = 0; nth < 7; nth++) {
    const head = await engine.journal.head(key(nth), 7n);
    const entries = await engine.journal.entries(key(nth), { seq: head.startSeq }, 1_000);
    const bytes = await engine.journal.read(entries.flatMap((entry) => entry.parts.map(({ index }) => ({ entry, index }))));
    const found: unknown[] = [];
    for (let offset = head.startOffsets[0] ?? 0; offset <= (head.highWatermarks[0] ?? 0); offset++) {
      found.push((await engine.journal.entries(key(nth), { index: 0, offset }, 3)).map((entry) => entry.seq));
    }
    for (const timestampMs of [0, 1_000, 1_001, 4_950, 4_980, 5_000, 5_001]) {
      found.push((await engine.journal.entries(key(nth), { index: 0, timestampMs }, 2)).map((entry) => entry.seq));
    }
    shards.push({
      head,
      parts: entries.map((entry) => [entry.seq, entry.parts]),
      bytes: bytes.map((one) => Buffer.from(one).toString()),
      found,
    });
  }
  return { shards, items: await engine.catalog.query("items", { limit: 100 }) };
}

async function reopened(folder: string): Promise<unknown> {
  const engine = await openLocalEngine(folder);
  try {
    return await everything(engine);
  } finally {
    await engine.close();
  }
}

async function removeIndex(folder: string): Promise<void> {
  for (const name of ["index.db", "index.db-wal"]) await rm(join(folder, name), { force: true });
}

async function worked(t: TestContext, unindexedOpsMax: number): Promise<{ readonly folder: string; readonly engine: Engine }> {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, { unindexedOpsMax, fileBytesMax: 4_000 });
  return { folder, engine };
}

for (const unindexedOpsMax of [1, 3, 40, 100_000]) {
  test(`what waits for the index and what is in it are one (at most ${unindexedOpsMax} wait), and a crash at any time is replayed to the same`, async (t) => {
    const { folder, engine } = await worked(t, unindexedOpsMax);
    for (let from = 0; from < 60; from += 6) {
      await work(engine, from, from + 6);
      if (from === 0) await work(engine, 6, 14);
      const now = await everything(engine);
      const crashed = await copyOf(t, folder);
      const lost = await copyOf(t, folder);
      await removeIndex(lost);
      assert.deepEqual(await reopened(crashed), now, "replayed from where the index was");
      assert.deepEqual(await reopened(lost), now, "made anew from the journal");
      assert.deepEqual(await reopened(crashed), now, "closed and opened once more");
    }
    await engine.close();
  });
}

test("an index of an earlier time, and one that is no database, are brought up to date", async (t) => {
  const { folder, engine } = await worked(t, 5);
  await work(engine, 0, 20);
  await engine.close();
  const early = await copyOf(t, folder);
  const later = await openLocalEngine(folder);
  await work(later, 20, 40);
  const now = await everything(later);
  await later.close();
  await cp(join(early, "index.db"), join(folder, "index.db"));
  assert.deepEqual(await reopened(folder), now);
  await writeFile(join(folder, "index.db"), "this is no database, and long enough to be read as one. ".repeat(100));
  assert.deepEqual(await reopened(folder), now);
});

test("an index of which a page is damaged is made anew, whichever it is that a start reads", async (t) => {
  const { folder, engine } = await worked(t, 5);
  await work(engine, 0, 200);
  const now = await everything(engine);
  await engine.close();
  const path = join(folder, "index.db");
  const whole = await readFile(path);
  let remade = 0;
  for (let page = pageBytes; page < whole.length; page += pageBytes) {
    await writeFile(path, Buffer.concat([whole.subarray(0, page), Buffer.alloc(pageBytes, 0xee), whole.subarray(page + pageBytes)]));
    await (await openLocalEngine(folder)).close();
    if ((await readFile(path)).subarray(page, page + pageBytes).every((byte) => byte === 0xee)) continue;
    remade++;
    assert.deepEqual(await reopened(folder), now);
  }
  assert.ok(remade > 0);
});

test("the index takes no file of shared memory, for which a full disk may have no room", async (t) => {
  const { folder, engine } = await worked(t, 5);
  await work(engine, 0, 20);
  await engine.close();
  const again = await openLocalEngine(folder);
  assert.ok(!(await readdir(folder)).includes("index.db-shm"));
  await again.close();
});

test("an index of another journal is made anew", async (t) => {
  const [one, two] = [await worked(t, 5), await worked(t, 5)];
  await work(one.engine, 0, 20);
  await work(two.engine, 5, 15);
  const now = await everything(one.engine);
  await Promise.all([one.engine.close(), two.engine.close()]);
  await cp(join(two.folder, "index.db"), join(one.folder, "index.db"));
  assert.deepEqual(await reopened(one.folder), now);
});

test("an index that is lost cannot be made anew from a journal whose beginning is gone: that is refused", async (t) => {
  const { folder, engine } = await worked(t, 5);
  await work(engine, 0, 40);
  const now = await everything(engine);
  await engine.close();
  const [first = ""] = await journalFiles(folder);
  await rm(first);
  const partly = await openLocalEngine(folder);
  assert.deepEqual(await partly.catalog.query("items", { limit: 100 }), (now as { items: unknown }).items, "with its index it opens");
  await partly.close();
  await removeIndex(folder);
  await assert.rejects(openLocalEngine(folder), { code: "corrupt_log" });
});

test("a closed shard stays closed, and its name is not used again", async (t) => {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, { unindexedOpsMax: 1 });
  await openShard(engine, key(0));
  for (let nth = 0; nth < 30; nth++) await engine.journal.append(key(0), entryOf(`${nth}`), { producers: [step(nth)] });
  await engine.journal.close(key(0));
  for (let nth = 0; nth < 5; nth++) await openShard(engine, key(nth + 1));
  await engine.close();
  const again = await openLocalEngine(folder);
  for (const call of [again.journal.head(key(0)), openShard(again, key(0)), again.journal.append(key(0), entryOf("x"))]) {
    await assert.rejects(call, { code: "unknown_topic_or_partition" });
  }
  await again.close();
});
