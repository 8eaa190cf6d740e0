import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/emulators/install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const timeoutMs = 120_000;

/** What a change of makes another build of the functions. */
const sources = ["functions", "lib/core", "lib/engines/aws", "lib/http", "lib/lambda", "lib/log", "package-lock.json"];

/** The functions as they were before the newest commit that changed them, or as the commit has them that `STRATALOG_PREVIOUS` names. */
export async function buildPrevious(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), "stratalog-previous-"));
  const [tree, folder] = [join(parent, "tree"), join(parent, "functions")];
  const git = (...args: string[]): Promise<string> => run("git", ["-C", root, ...args], { timeoutMs });
  const newest = (await git("log", "-1", "--format=%H", "--", ...sources)).trim();
  await git("worktree", "add", "--detach", tree, process.env["STRATALOG_PREVIOUS"] ?? `${newest}~1`);
  await symlink(join(root, "node_modules"), join(tree, "node_modules"));
  await run(process.execPath, [join(tree, "scripts/build-functions.ts"), "--out", folder], { timeoutMs });
  return {
    folder,
    async remove() {
      await git("worktree", "remove", "--force", tree);
      await rm(parent, { recursive: true, force: true });
    },
  };
}
