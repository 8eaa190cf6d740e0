import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { type Disk, type DiskFile, diskErrorCode, isOutOfSpace } from "./disk.ts";
import { checkObjectKey, objectPath, walkObjects } from "./object-names.ts";
import { writeFile } from "./write-file.ts";

/** The port over a folder of files: written beside, made durable, then linked under their name, which fails when it is taken. */
export async function localObjectStore(disk: Disk, folder: string, ensureOpen: () => void): Promise<ObjectStore> {
  const incoming = `${folder}/incoming`;
  const stored = `${folder}/stored`;
  await disk.makeFolder(incoming);
  await disk.makeFolder(stored);
  // An object is durable once every name above it is.
  await disk.syncFolder(folder);
  await disk.syncFolder(folder.slice(0, folder.lastIndexOf("/")));
  // What a crash left behind was never acknowledged.
  for (const { name } of await disk.list(incoming)) await disk.remove(`${incoming}/${name}`);
  let count = 0;
  return {
    async put(key, body) {
      ensureOpen();
      checkObjectKey(key);
      const temporary = `${incoming}/${++count}`;
      const place = objectPath(key);
      const source = new Source(body);
      let isLinked = false;
      try {
        await writeFile(disk, temporary, source.body);
        await disk.makeFolder(`${stored}${place.folders.join("")}`);
        const isFree = await disk.link(temporary, `${stored}${place.folders.join("")}/${place.name}`);
        isLinked = isFree;
        // Also when the key was taken: whoever took it may not have made its name durable yet.
        await syncFolders(disk, stored, place.folders);
        return isFree;
      } catch (reason) {
        throw source.hasFailed ? reason : putFailure(key, reason, isLinked);
      } finally {
        await disk.remove(temporary).catch(() => undefined);
      }
    },
    async get(key, range) {
      ensureOpen();
      checkObjectKey(key);
      const { folders, name } = objectPath(key);
      const file = await openIfThere(disk, `${stored}${folders.join("")}/${name}`);
      if (file === undefined) return undefined;
      try {
        return await readRange(file, key, range);
      } finally {
        await file.close();
      }
    },
    async list(prefix, { after, limit }) {
      ensureOpen();
      if (!Number.isInteger(limit) || limit < 1 || limit > limits.objectsListMax) {
        throw new LogError("invalid_request", `A listing's limit is 1 to ${limits.objectsListMax}, not ${limit}.`);
      }
      return listObjects(disk, stored, prefix, after, limit);
    },
    async delete(keys) {
      ensureOpen();
      if (keys.length > limits.objectsDeleteMax) {
        throw new LogError("request_too_large", `One deletion has at most ${limits.objectsDeleteMax} keys, not ${keys.length}.`);
      }
      for (const key of keys) checkObjectKey(key);
      const touched = new Set<string>();
      for (const key of keys) {
        const { folders, name } = objectPath(key);
        const parent = `${stored}${folders.join("")}`;
        await disk.remove(`${parent}/${name}`);
        touched.add(parent);
      }
      for (const parent of touched) await disk.syncFolder(parent).catch(ignoreMissing);
    },
  };
}

/** An object's bytes on their way in, which tells the source's failures from the disk's. */
class Source {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  hasFailed = false;

  constructor(body: Uint8Array | AsyncIterable<Uint8Array>) {
    this.body = body instanceof Uint8Array ? body : this.#watched(body);
  }

  async *#watched(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
    } catch (reason) {
      this.hasFailed = true;
      throw reason;
    }
  }
}

async function listObjects(
  disk: Disk,
  root: string,
  prefix: string,
  after: string | undefined,
  limit: number,
): Promise<readonly ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const { key, path } of walkObjects(disk, root, prefix, after)) {
    const file = await openIfThere(disk, path);
    if (file === undefined) continue;
    const { size, modifiedMs } = await file.info();
    await file.close();
    found.push({ key, bytes: size, modifiedMs });
    if (found.length === limit) break;
  }
  return found;
}

/** The object's folder, and each one above it, which may be new. */
async function syncFolders(disk: Disk, root: string, folders: readonly string[]): Promise<void> {
  for (let depth = folders.length; depth >= 0; depth--) await disk.syncFolder(`${root}${folders.slice(0, depth).join("")}`);
}

async function readRange(file: DiskFile, key: string, range: ByteRange | undefined): Promise<Uint8Array> {
  const { size } = await file.info();
  const { start, length } = range ?? { start: 0, length: size };
  if (range !== undefined && (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 1)) {
    throw new LogError("invalid_request", `A range needs a start from 0 and a length from 1, not ${start} and ${length}.`);
  }
  if (size > 0 && start >= size)
    throw new LogError("offset_out_of_range", `Object ${key} has ${size} bytes; the range starts at ${start}.`);
  // All of it is written or it is thrown away: there is no need to fill it with zeros first.
  const count = Math.max(0, Math.min(length, size - start));
  const into = new Uint8Array(Buffer.allocUnsafeSlow(count).buffer, 0, count);
  const read = await file.read(into, start);
  if (read < into.length) throw new LogError("corrupt_log", `Object ${key} ends after ${start + read} bytes, not ${size}.`);
  return into;
}

async function openIfThere(disk: Disk, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path, "read");
  } catch (reason) {
    ignoreMissing(reason);
    return undefined;
  }
}

function ignoreMissing(reason: unknown): void {
  const code = diskErrorCode(reason);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw reason;
}

/** @param isLinked whether the object has its name already: then a crash decides whether it keeps it */
function putFailure(key: string, reason: unknown, isLinked: boolean): LogError {
  if (reason instanceof LogError) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  if (isLinked) {
    return new LogError("timeout", `Object ${key} may not be durable (${message}): put it again.`, { outcome: "unknown", cause: reason });
  }
  if (isOutOfSpace(reason))
    return new LogError("storage_full", `The disk is full: object ${key} was not stored. Make room, then put it again.`, { cause: reason });
  return new LogError("unavailable", `Object ${key} was not stored (${message}): put it again.`, { cause: reason, retryAfterMs: 1_000 });
}
