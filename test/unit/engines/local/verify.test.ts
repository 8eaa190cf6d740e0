/** What a check finds that no read comes upon. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openLocalEngine } from "../../../../lib/engines/local/index.ts";
import { checkLog } from "../../../../lib/log/check/check-log.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { record } from "../../../../lib/testing/conformance/log/build.ts";
import { flipBit, frameStarts, journalFiles, tempFolder } from "./support.ts";

const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };

async function folderOfALog(t: TestContext, fileBytesMax?: number): Promise<string> {
  const folder = await tempFolder(t);
  const log = createLog(await openLocalEngine(folder, fileBytesMax === undefined ? {} : { fileBytesMax }), parts);
  for (const name of ["a", "b"]) await log.topics.create({ name });
  for (let nth = 0; nth < 5; nth++) {
    await log.append("a", { records: [record("x")] });
    await log.groups.set("g", [{ topic: "a", partition: 0, offset: nth }]);
  }
  await log.close();
  return folder;
}

/** Where it finds that files are damaged, as `name byte`. */
async function damagedAt(folder: string): Promise<readonly string[]> {
  const engine = await openLocalEngine(folder);
  try {
    const found: string[] = [];
    for await (const { isFault, where, message } of checkLog(engine, parts)) {
      if (isFault && where.key !== undefined) found.push(`${where.key} ${/ at byte (\d+)/.exec(message)?.[1] ?? ""}`);
    }
    return found;
  } finally {
    await engine.close();
  }
}

test("a check finds a flipped bit in any frame, also where an index hides it, and in no other way than as damage", async (t) => {
  const folder = await folderOfALog(t);
  const [path = ""] = await journalFiles(folder);
  const whole = await readFile(path);
  assert.deepEqual(await damagedAt(folder), []);
  const starts = frameStarts(whole);
  assert.ok(starts.length > 10);
  for (const [nth, start] of starts.entries()) {
    const end = starts[nth + 1] ?? whole.length;
    for (const position of [start, start + 10, Math.floor((start + end) / 2)]) {
      await writeFile(path, whole);
      await flipBit(path, position, position % 8);
      assert.deepEqual(await damagedAt(folder), [`journal/00000000000000000000.log ${start}`], `a bit of byte ${position}`);
    }
  }
});

test("each damaged frame of each file is told", async (t) => {
  const folder = await folderOfALog(t, 1_000);
  const paths = await journalFiles(folder);
  assert.ok(paths.length > 2);
  const wanted: string[] = [];
  for (const path of paths.slice(0, 2)) {
    const starts = frameStarts(await readFile(path));
    for (const start of [starts[0] ?? 0, starts.at(-1) ?? 0]) {
      await flipBit(path, start + 20);
      wanted.push(`${path.slice(folder.length + 1)} ${start}`);
    }
  }
  assert.deepEqual(await damagedAt(folder), wanted);
});

test("a damaged checkpoint is told", async (t) => {
  const folder = await folderOfALog(t);
  await writeFile(join(folder, "checkpoint"), "not one");
  assert.deepEqual(await damagedAt(folder), ["checkpoint 0"]);
});
