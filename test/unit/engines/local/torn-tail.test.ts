import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { copyOf, entryOf, flipBit, frameStarts, journalFiles, namesIn, openShard, other, shard, step, tempFolder } from "./support.ts";

/** A folder whose last frame is a transaction over two shards and the catalog. */
async function folderWithTransaction(t: Parameters<typeof tempFolder>[0]): Promise<string> {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder);
  await openShard(engine);
  await openShard(engine, other);
  for (const name of ["a", "b", "c"]) await engine.journal.append(shard, entryOf(name));
  await engine.catalog.transact([{ key: { pk: "k", sk: "s" }, put: 1, if: "absent" }]);
  const appends = [
    { shard, entry: entryOf("last"), guards: { producers: [step(1)] } },
    { shard: other, entry: entryOf("last") },
  ];
  await engine.journal.transact(appends, [{ key: { pk: "k", sk: "s" }, put: 2, if: 1 }]);
  const crashed = await copyOf(t, folder);
  await engine.close();
  return crashed;
}

for (const filler of ["cut", "zeros"] as const) {
  test(`a tail torn at any byte (${filler}): all before is there, the last frame whole or not at all, and appends go on`, async (t) => {
    const folder = await folderWithTransaction(t);
    const [path = ""] = await journalFiles(folder);
    const whole = await readFile(path);
    const starts = frameStarts(whole);
    const start = starts.at(-1) ?? 0;
    const length = 48 + whole.readUInt32BE(start + 24) + Number(whole.readBigUInt64BE(start + 28));
    const scratch = await tempFolder(t);
    for (let kept = 0; kept <= length; kept++) {
      await rm(scratch, { recursive: true });
      await cp(folder, scratch, { recursive: true });
      const head = whole.subarray(0, start + kept);
      const file = join(scratch, "journal", "00000000000000000000.log");
      await writeFile(file, filler === "cut" ? head : Buffer.concat([head, Buffer.alloc(5_000)]));
      const engine = await openLocalEngine(scratch);
      const isWhole = kept === length;
      assert.deepEqual(await namesIn(engine), isWhole ? ["a", "b", "c", "last"] : ["a", "b", "c"], `${kept} bytes kept`);
      assert.deepEqual(await namesIn(engine, other), isWhole ? ["last"] : []);
      assert.equal((await engine.catalog.get({ pk: "k", sk: "s" }))?.value, isWhole ? 2 : 1);
      const retry = await engine.journal.append(shard, entryOf("last"), { producers: [step(1)] });
      assert.deepEqual(retry, { seq: 3, parts: [{ index: 0, baseOffset: 3, duplicate: isWhole }] });
      await engine.close();
      if (kept % 8 !== 0 && !isWhole) continue;
      const again = await openLocalEngine(scratch);
      assert.deepEqual(await namesIn(again), ["a", "b", "c", "last"]);
      await again.close();
    }
  });
}

test("a flipped bit in the last frame is a torn tail: nothing valid follows it", async (t) => {
  const folder = await folderWithTransaction(t);
  const [path = ""] = await journalFiles(folder);
  const start = frameStarts(await readFile(path)).at(-1) ?? 0;
  for (const position of [start, start + 5, start + 20, start + 44, start + 60, start + 200]) {
    const scratch = await copyOf(t, folder);
    const [file = ""] = await journalFiles(scratch);
    await flipBit(file, position, 3);
    const engine = await openLocalEngine(scratch);
    assert.deepEqual(await namesIn(engine), ["a", "b", "c"], `a bit of byte ${position - start}`);
    await engine.close();
  }
});
