import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/emulators/install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const timeoutMs = 120_000;

/** The functions as the commit before this one has them, or the one that `STRATALOG_PREVIOUS` names. */
export async function buildPrevious(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), "stratalog-previous-"));
  const [tree, folder] = [join(parent, "tree"), join(parent, "functions")];
  const git = (...args: string[]): Promise<string> => run("git", ["-C", root, ...args], { timeoutMs });
  await git("worktree", "add", "--detach", tree, process.env["STRATALOG_PREVIOUS"] ?? "HEAD~1");
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
