import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { crc32c } from "../../../../lib/core/codec/crc32c.ts";
import { LogError } from "../../../../lib/core/errors.ts";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { entryOf, flipBit, frameStarts, journalFiles, namesIn, openShard, shard, tempFolder } from "./support.ts";

const names = ["a", "b", "c", "d", "e", "f"];

async function folderOfSix(t: TestContext, options: { readonly fileBytesMax?: number } = {}): Promise<string> {
  const folder = await tempFolder(t);
  const engine = await openLocalEngine(folder, options);
  await openShard(engine);
  for (const name of names) await engine.journal.append(shard, entryOf(name));
  await engine.close();
  return folder;
}

function isDamageAt(path: string, position: number): (reason: unknown) => boolean {
  return (reason) => {
    assert.ok(reason instanceof LogError);
    assert.equal(reason.code, "corrupt_log");
    assert.deepEqual(reason.details, { file: path, position });
    assert.match(reason.message, new RegExp(`${path}.* byte ${position}`));
    return true;
  };
}

test("a flipped bit anywhere in a middle frame is refused at start, with file and position, when the index has to be made anew", async (t) => {
  const folder = await folderOfSix(t);
  const [path = ""] = await journalFiles(folder);
  const whole = await readFile(path);
  const [, , start = 0, end = 0] = frameStarts(whole);
  for (let position = start; position < end; position++) {
    await writeFile(path, whole);
    await flipBit(path, position, position % 8);
    await rm(join(folder, "index.db"), { force: true });
    await assert.rejects(openLocalEngine(folder), isDamageAt(path, start), `a bit of byte ${position - start}`);
    assert.equal((await readFile(path)).length, whole.length, "a refusal changes nothing");
  }
  await writeFile(path, whole);
  const engine = await openLocalEngine(folder);
  assert.deepEqual(await namesIn(engine), names);
  await engine.close();
});

test("a flipped bit in stored bytes is found by the read and never served; other entries are", async (t) => {
  const folder = await folderOfSix(t);
  const [path = ""] = await journalFiles(folder);
  const [, , , end = 0] = frameStarts(await readFile(path));
  await flipBit(path, end - 1, 7);
  const engine = await openLocalEngine(folder);
  const entries = await engine.journal.entries(shard, { seq: 0 }, 10);
  for (const entry of entries) {
    const reading = engine.journal.read([{ entry, index: 0 }]);
    if (entry.seq === 1) await assert.rejects(reading, isDamageAt(path, end - 40));
    else assert.equal((await reading)[0]?.[0], names[entry.seq]?.charCodeAt(0));
  }
  await assert.rejects(engine.journal.read(entries.map((entry) => ({ entry, index: 0 }))), isDamageAt(path, end - 40));
  await engine.close();
});

test("damage in a closed file is refused wherever in it, its last frame too", async (t) => {
  const folder = await folderOfSix(t, { fileBytesMax: 300 });
  const [path = "", ...more] = await journalFiles(folder);
  assert.ok(more.length > 1, "the journal has rolled");
  const last = frameStarts(await readFile(path)).at(-1) ?? 0;
  await flipBit(path, last + 50, 1);
  await rm(join(folder, "index.db"));
  await assert.rejects(openLocalEngine(folder), isDamageAt(path, last));
});

test("a closed file that was cut or is missing is refused", async (t) => {
  const folder = await folderOfSix(t, { fileBytesMax: 300 });
  const [first = "", second = ""] = await journalFiles(folder);
  const whole = await readFile(first);
  await writeFile(first, whole.subarray(0, -1));
  await assert.rejects(openLocalEngine(folder), isDamageAt(first, whole.length - 1));
  await writeFile(first, whole);
  await rm(second);
  await assert.rejects(openLocalEngine(folder), isDamageAt(first, whole.length));
});

test("a journal that ends before what its index knows is refused", async (t) => {
  const folder = await folderOfSix(t);
  const [path = ""] = await journalFiles(folder);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, frameStarts(whole)[4]));
  await assert.rejects(openLocalEngine(folder), isDamageAt(path, frameStarts(whole)[4] ?? 0));
  await rm(path);
  await assert.rejects(openLocalEngine(folder), { code: "corrupt_log" });
});

test("a frame of an unknown version is an error and never skipped, in the middle and at the end", async (t) => {
  const folder = await folderOfSix(t);
  const [path = ""] = await journalFiles(folder);
  const whole = await readFile(path);
  const starts = frameStarts(whole);
  for (const start of [starts[2] ?? 0, starts.at(-1) ?? 0]) {
    const changed = Buffer.from(whole);
    changed.writeUInt8(2, start + 4);
    changed.writeUInt32BE(crc32c(changed.subarray(start, start + 44)), start + 44);
    await writeFile(path, changed);
    await rm(join(folder, "index.db"), { force: true });
    await assert.rejects(openLocalEngine(folder), (reason) => {
      assert.ok(reason instanceof LogError);
      assert.equal(reason.code, "unsupported_version");
      assert.match(reason.message, new RegExp(`${path} at ${start} .*version 2`));
      return true;
    });
    assert.deepEqual(await readFile(path), changed, "nothing was cut off");
  }
});

test("frames of another journal are not taken for this one's, nor for a torn tail", async (t) => {
  const folder = await folderOfSix(t);
  const stranger = await folderOfSix(t);
  const [path = ""] = await journalFiles(folder);
  const [strange = ""] = await journalFiles(stranger);
  await writeFile(path, await readFile(strange));
  await rm(join(folder, "index.db"));
  await assert.rejects(openLocalEngine(folder), isDamageAt(path, 0));
  assert.deepEqual(await readFile(path), await readFile(strange), "nothing was cut off");
});

test("the format file: another version, damage and absence are refused", async (t) => {
  const folder = await folderOfSix(t);
  const path = join(folder, "format");
  const whole = await readFile(path, "utf8");
  await writeFile(path, whole.replace('"format":1', '"format":2'));
  await assert.rejects(openLocalEngine(folder), { code: "unsupported_version" });
  await writeFile(path, whole.slice(0, -8));
  await assert.rejects(openLocalEngine(folder), { code: "corrupt_log" });
  await rm(path);
  await assert.rejects(openLocalEngine(folder), { code: "corrupt_log" });
  await writeFile(path, whole);
  const engine = await openLocalEngine(folder);
  assert.deepEqual(await namesIn(engine), names);
  await engine.close();
});
