import * as fs from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { LogError } from "../core/errors.ts";
import { lockFile } from "../engines/local/lock.ts";

/** A folder that a log can be kept in. */
export interface DataFolder {
  /** After a failed start: removes it again, with the folders above it, where it was made for that and nobody has kept anything in it. The log has to be closed. */
  discard(): Promise<void>;
}

/** What a log has in its folder; beside it what a file system or a desktop puts into any. */
const ownNames: ReadonlySet<string> = new Set(["format", "format.new", "lock", "lock-journal", "journal", "objects", "pid", "lost+found"]);
const isOwn = (name: string): boolean => ownNames.has(name) || name.startsWith(".") || /^(index\.db|checkpoint)/.test(name);
const namesShownMax = 3;

/**
 * Makes a data folder that is not there, and looks at one that is.
 * @throws invalid_config: it is a file, cannot be made or read, or has other files and no log
 */
export async function prepareDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  const made: string[] = [];
  try {
    await makeFolder(folder, made);
    await checkContent(folder);
  } catch (reason) {
    await removeEmpty(made);
    throw reason instanceof LogError ? reason : unusable(folder, reason);
  }
  return { discard: () => (made.at(-1) === folder ? discard(folder, made) : Promise.resolve()) };
}

/** Level by level: what is asked to make all of them at once does not end where a file system takes none. @param made gets those that were not there, the outermost first */
async function makeFolder(folder: string, made: string[]): Promise<void> {
  const found = await fs.stat(folder).catch((reason: unknown) => {
    if (codeOf(reason) === "ENOENT") return undefined;
    throw reason;
  });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new LogError("invalid_config", `${folder} is a file: name a folder for the log with --data.`);
  if (dirname(folder) !== folder) await makeFolder(dirname(folder), made);
  try {
    await fs.mkdir(folder, { mode: 0o750 });
    made.push(folder);
  } catch (reason) {
    // Another process has made it just now.
    if (codeOf(reason) !== "EEXIST") throw reason;
  }
}

async function checkContent(folder: string): Promise<void> {
  const names = await fs.readdir(folder);
  if (names.includes("format")) return;
  const others = names.filter((name) => !isOwn(name));
  if (others.length === 0) return;
  const shown = others.toSorted().slice(0, namesShownMax).join(", ");
  const more = others.length > namesShownMax ? ` and ${others.length - namesShownMax} more` : "";
  throw new LogError(
    "invalid_config",
    `${folder} has other files (${shown}${more}) and no log: name a folder that is new, empty or a log's with --data.`,
  );
}

async function discard(folder: string, made: readonly string[]): Promise<void> {
  try {
    // Nobody else opens it meanwhile; one who did so before may have written to it.
    const lock = lockFile(join(folder, "lock"));
    const aside = join(dirname(folder), `.${basename(folder)}-unused-${process.pid}`);
    try {
      if (!(await isUnused(folder))) return;
      await fs.rename(folder, aside);
    } finally {
      await lock.release();
    }
    await fs.rm(aside, { recursive: true, force: true });
    await removeEmpty(made.slice(0, -1));
  } catch {
    // It stays: why the start failed is what matters.
  }
}

/** Whether a log's folder holds no data: its first journal file is empty, and there are no objects. */
async function isUnused(folder: string): Promise<boolean> {
  for (const name of await filesIn(join(folder, "journal"))) {
    if (!/^0+\.log$/.test(name) || (await fs.stat(join(folder, "journal", name))).size > 0) return false;
  }
  for (const part of ["incoming", "stored"]) if ((await filesIn(join(folder, "objects", part))).length > 0) return false;
  return true;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return await fs.readdir(folder).catch((reason: unknown) => {
    if (codeOf(reason) === "ENOENT") return [];
    throw reason;
  });
}

async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await fs.rmdir(folder).catch(() => undefined);
}

function unusable(folder: string, cause: unknown): LogError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LogError("invalid_config", `The data folder ${folder} cannot be used: ${why}. Name another with --data.`, { cause });
}

function codeOf(reason: unknown): unknown {
  return reason instanceof Error && "code" in reason ? reason.code : undefined;
}
