/** Which folders a log may be kept in, and what of a start that failed stays. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openLocalEngine } from "../../../lib/engines/local/index.ts";
import { lockFile } from "../../../lib/engines/local/lock.ts";
import { prepareDataFolder } from "../../../lib/server/data-folder.ts";
import { temporaryFolder } from "../../e2e/start-server.ts";

let root: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  root = await temporaryFolder();
});
after(() => root.remove());

let folders = 0;
/** A folder with these files. */
function folderOf(...files: readonly string[]): string {
  const path = join(root.path, `folder-${folders++}`);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "");
  return path;
}
const open = async (path: string): Promise<void> => await (await openLocalEngine(path)).close();

test("a folder that is new, empty, a log's, or has only what systems put into one is taken", async () => {
  const used = folderOf();
  await open(used);
  for (const path of [
    join(root.path, "new", "below"),
    folderOf(),
    folderOf("lost+found", ".DS_Store"),
    folderOf("lock", "index.db"),
    used,
  ]) {
    await prepareDataFolder(path);
    await open(path);
  }
  writeFileSync(join(used, "notes.txt"), "");
  await prepareDataFolder(used);
});

test("a folder with other files is refused, and stays as it is", async () => {
  const path = folderOf("e.ts", "d.ts", "a.ts", "c.ts", "b.ts");
  const message = /folder-\d+ has other files \(a\.ts, b\.ts, c\.ts and 2 more\) and no log: name a folder that is new, empty or a log's/;
  await assert.rejects(prepareDataFolder(path), { code: "invalid_config", outcome: "not-applied", message });
  assert.equal(readdirSync(path).length, 5);
});

test("a file, or what is below one, is refused", async () => {
  const file = join(folderOf("file"), "file");
  await assert.rejects(prepareDataFolder(file), { code: "invalid_config", message: /file is a file: name a folder/ });
  await assert.rejects(prepareDataFolder(join(file, "data")), { code: "invalid_config", message: /cannot be used: ENOTDIR/ });
});

test("where no folder can be made that is told at once", { skip: !existsSync("/proc/self") }, async () => {
  await assert.rejects(prepareDataFolder("/proc/none/data"), { code: "invalid_config", message: /cannot be used: ENOENT.*--data/ });
});

test("what was made for a start that failed goes, with the folders above it", async () => {
  const path = join(root.path, "made", "for", "it");
  const folder = await prepareDataFolder(path);
  await open(path);
  await folder.discard();
  assert.equal(existsSync(join(root.path, "made")), false);
});

test("what was there before, has data, or is another one's by now stays", async () => {
  const before = folderOf();
  const there = await prepareDataFolder(before);
  await open(before);
  await there.discard();
  assert.ok(existsSync(join(before, "format")));

  const kept = join(root.path, "kept");
  const folder = await prepareDataFolder(kept);
  const engine = await openLocalEngine(kept);
  await engine.catalog.transact([{ key: { pk: "a", sk: "b" }, put: 1, if: "absent" }]);
  await engine.close();
  await folder.discard();
  assert.ok(existsSync(join(kept, "format")));

  const taken = join(root.path, "taken");
  const other = await prepareDataFolder(taken);
  await open(taken);
  const lock = lockFile(join(taken, "lock"));
  await other.discard();
  await lock.release();
  assert.ok(existsSync(join(taken, "format")));
});
