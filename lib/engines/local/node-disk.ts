import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { type Disk, type DiskEntry, type DiskFile, type DiskFileInfo, type DiskLock, type DiskMode, diskErrorCode } from "./disk.ts";
import { lockFile } from "./lock.ts";

/** Up to this many bytes a write goes to the page cache faster than a thread could be asked to do it. */
const inlineWriteBytesMax = 64 * 1024;
/** A device that syncs within this time is waited for in place: handing the call to a thread costs a good part of it. */
const inlineSyncMsMax = 0.5;
/** A slow device is tried again in place after so many syncs. */
const retryInlineSyncEvery = 64;

/** The machine's file system. */
export const nodeDisk: Disk = {
  async open(path, mode) {
    return new NodeFile(await fsp.open(path, openFlags(mode), 0o640));
  },

  async list(folder) {
    try {
      const found = await fsp.readdir(folder, { withFileTypes: true });
      return found.map((entry): DiskEntry => ({ name: entry.name, isFolder: entry.isDirectory() }));
    } catch (reason) {
      if (diskErrorCode(reason) === "ENOENT") return [];
      throw reason;
    }
  },

  async makeFolder(path) {
    await fsp.mkdir(path, { recursive: true, mode: 0o750 });
  },

  rename: (from, to) => fsp.rename(from, to),

  async link(from, to) {
    try {
      await fsp.link(from, to);
      return true;
    } catch (reason) {
      if (diskErrorCode(reason) === "EEXIST") return false;
      throw reason;
    }
  },

  remove: (path) => fsp.rm(path, { force: true }),

  async syncFolder(path) {
    const folder = await fsp.open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },

  lock: (path): Promise<DiskLock> => Promise.resolve(lockFile(path)),
};

function openFlags(mode: DiskMode): number {
  const { O_CREAT, O_RDONLY, O_RDWR } = fs.constants;
  if (mode === "read") return O_RDONLY;
  return mode === "write" ? O_RDWR : O_RDWR | O_CREAT;
}

/** A moving average of what one small fdatasync takes here, over all files: they are on one device. */
let syncMs = 0;
let syncsElsewhere = 0;

class NodeFile implements DiskFile {
  readonly #handle: fsp.FileHandle;
  #unsyncedBytes = 0;

  constructor(handle: fsp.FileHandle) {
    this.#handle = handle;
  }

  async info(): Promise<DiskFileInfo> {
    const { size, mtimeMs } = await this.#handle.stat();
    return { size, modifiedMs: Math.floor(mtimeMs) };
  }

  write(buffers: readonly Uint8Array[], position: number): number | Promise<number> {
    let bytes = 0;
    for (const buffer of buffers) bytes += buffer.length;
    this.#unsyncedBytes += bytes;
    if (bytes > inlineWriteBytesMax) return this.#handle.writev(buffers, position).then((done) => done.bytesWritten);
    const [only] = buffers;
    if (buffers.length === 1 && only !== undefined) return fs.writeSync(this.#handle.fd, only, 0, only.length, position);
    return fs.writevSync(this.#handle.fd, buffers, position);
  }

  dataSync(alone: boolean): undefined | Promise<void> {
    const isSmall = this.#unsyncedBytes <= inlineWriteBytesMax;
    this.#unsyncedBytes = 0;
    if (!alone || !isSmall || (syncMs > inlineSyncMsMax && ++syncsElsewhere % retryInlineSyncEvery !== 0)) return this.#handle.datasync();
    const start = performance.now();
    fs.fdatasyncSync(this.#handle.fd);
    // One slow sync among quick ones says little: it takes three in a row to turn to a thread.
    syncMs += (Math.min(performance.now() - start, 2 * inlineSyncMsMax) - syncMs) * 0.2;
    return undefined;
  }

  sync(): Promise<void> {
    this.#unsyncedBytes = 0;
    return this.#handle.sync();
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
