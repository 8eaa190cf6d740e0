import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { type Disk, type DiskFile, diskErrorCode, isOutOfSpace } from "./disk.ts";
import { FilePool } from "./file-pool.ts";
import { checkObjectKey, objectPath, walkObjects } from "./object-names.ts";
import { writeFile } from "./write-file.ts";

/** Lets go of its files at the end. */
export interface LocalObjectStore extends ObjectStore {
  close(): Promise<void>;
}

/** The port over a folder of files: written beside, made durable, then linked under their name, which fails when it is taken. */
export async function localObjectStore(disk: Disk, folder: string, ensureOpen: () => void): Promise<LocalObjectStore> {
  const incoming = `${folder}/incoming`;
  const stored = `${folder}/stored`;
  await disk.makeFolder(incoming);
  await disk.makeFolder(stored);
  // An object is durable once every name above it is.
  await disk.syncFolder(folder);
  await disk.syncFolder(folder.slice(0, folder.lastIndexOf("/")));
  // What a crash left behind was never acknowledged.
  for (const { name } of await disk.list(incoming)) await disk.remove(`${incoming}/${name}`);
  // Who reads an object in order asks for it again and again.
  const pool = new FilePool((path) => disk.open(path, "read"));
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
      try {
        return await pool.use(`${stored}${folders.join("")}/${name}`, (file) => readRange(file, key, range));
      } catch (reason) {
        if (reason instanceof LogError) throw reason;
        ignoreMissing(reason);
        return undefined;
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
        // Afterwards: who opens it from now on finds it gone.
        await pool.forget(`${parent}/${name}`);
        touched.add(parent);
      }
      for (const parent of touched) await disk.syncFolder(parent).catch(ignoreMissing);
    },
    close: () => pool.close(),
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
  if (range === undefined) {
    const { size } = await file.info();
    const read = await readInto(file, 0, size);
    if (read.length < size) throw new LogError("corrupt_log", `Object ${key} ends after ${read.length} bytes, not ${size}.`);
    return read;
  }
  const { start, length } = range;
  if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 1) {
    throw new LogError("invalid_request", `A range needs a start from 0 and a length from 1, not ${start} and ${length}.`);
  }
  if (length <= limits.localReadBytesMax) {
    const read = await readInto(file, start, length);
    if (read.length > 0) return read;
  }
  const { size } = await file.info();
  if (size > 0 && start >= size)
    throw new LogError("offset_out_of_range", `Object ${key} has ${size} bytes; the range starts at ${start}.`);
  return await readInto(file, start, Math.max(0, Math.min(length, size - start)));
}

/** What there is of so many bytes. Memory that is not written is not given away, so there is no need to clear it first. */
async function readInto(file: DiskFile, start: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
  return into.subarray(0, await file.read(into, start));
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
