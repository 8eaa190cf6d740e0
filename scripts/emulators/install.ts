import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tools = fileURLToPath(new URL("../../.tools", import.meta.url));
const waitMsMax = 10 * 60_000;
const pollMs = 200;

/** Runs a program to its end. @returns what it printed, on both outputs; throws with it when the program fails */
export async function run(command: string, args: readonly string[], { timeoutMs, env = process.env }: RunOptions): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: timeoutMs, env });
  return stdout + stderr;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The folder that holds what `install` puts into it, made once for each content of `inputs`. It gets its name by a
 * rename when it is complete, so one that is there needs no other stamp.
 */
export async function installed(name: string, inputs: readonly string[], install: (folder: string) => Promise<void>): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(await readFile(input));
  const parent = join(tools, name);
  const folder = join(parent, hash.digest("hex").slice(0, 12));
  if (await exists(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const unlock = await lock(join(parent, "lock"));
  try {
    if (await exists(folder)) return folder;
    await removeAbandoned(parent);
    const partial = `${folder}.${process.pid}`;
    await install(partial);
    await rename(partial, folder);
  } finally {
    await unlock();
  }
  return folder;
}

/** A symbolic link as lock: it is there together with its owner's id or not at all. */
async function lock(path: string): Promise<() => Promise<void>> {
  const giveUp = performance.now() + waitMsMax;
  while (performance.now() < giveUp) {
    try {
      await symlink(String(process.pid), path);
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const owner = await readlink(path).catch(() => undefined);
    if (owner !== undefined && !isAlive(owner)) await rm(path, { force: true });
    else await sleep(pollMs);
  }
  throw new Error(`Another process has been installing for ${waitMsMax / 60_000} minutes: ${path}`);
}

/** What processes that are gone have not finished. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.split(".")[1];
    if (owner !== undefined && !isAlive(owner)) await rm(join(parent, name), { recursive: true });
  }
}

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
