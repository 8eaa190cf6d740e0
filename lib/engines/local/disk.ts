/**
 * The little of a file system that the `local` engine uses, so that the same engine runs over a real disk, a simulated one
 * that tears and loses what was not synced, and wrappers that run out of space.
 *
 * Paths are given whole, with `/`. Failures are Errors with Node's `code` (`ENOSPC`, `ENOENT`, `EIO`, …). After a crash a disk may have,
 * of what was written since the last sync that succeeded, any part: bytes by sync of the file, names by `syncFolder`.
 */
export interface Disk {
  /** `read` and `write` need the file to be there (else `ENOENT`); `create` makes an empty one when it is absent. `write` and `create` read too. */
  open(path: string, mode: DiskMode): Promise<DiskFile>;

  /** What is in a folder, in any order. Empty when there is no such folder. */
  list(folder: string): Promise<readonly DiskEntry[]>;

  /** Makes the folder and those above it; one that is there is no error. */
  makeFolder(path: string): Promise<void>;

  /** Replaces `to` when it is there. */
  rename(from: string, to: string): Promise<void>;

  /** Gives a file a second name, atomically. @returns false when `to` is taken: nothing changed */
  link(from: string, to: string): Promise<boolean>;

  /** Removes a file; one that is not there is no error. */
  remove(path: string): Promise<void>;

  /** Makes the names in a folder durable: files that were made, renamed, linked or removed there. */
  syncFolder(path: string): Promise<void>;

  /**
   * Takes the exclusive lock at `path` for this process. It ends with `release`, or with the process however that ends.
   * @throws DiskLockedError when another holder has it
   */
  lock(path: string): Promise<DiskLock>;
}

export type DiskMode = "read" | "write" | "create";

export interface DiskEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** An open file. Any number of reads may run beside one write, sync or truncation. */
export interface DiskFile {
  info(): Promise<DiskFileInfo>;

  /**
   * Writes the buffers one after the other from a position on. @returns how many bytes were written: at least 1, perhaps fewer than asked.
   * Answers at once or later, as the implementation finds faster.
   */
  write(buffers: readonly Uint8Array[], position: number): number | Promise<number>;

  /** Makes bytes and size durable (fdatasync). `alone`: nobody else waits, so that blocking for a short time does no harm. */
  dataSync(alone: boolean): undefined | Promise<void>;

  /** Makes everything about the file durable (fsync). */
  sync(): Promise<void>;

  /** Fills `into` from a position on. @returns how many bytes were read: fewer than asked only at the end of the file */
  read(into: Uint8Array, position: number): Promise<number>;

  /** Cuts the file, or makes it longer with zeros. */
  truncate(size: number): Promise<void>;

  close(): Promise<void>;
}

export interface DiskFileInfo {
  readonly size: number;
  readonly modifiedMs: number;
}

export interface DiskLock {
  release(): Promise<void>;
}

/** Another process (or this one) holds the lock. */
export class DiskLockedError extends Error {
  override readonly name = "DiskLockedError";
  /** The holder's process id, when it is known. */
  readonly pid: number | undefined;

  constructor(path: string, pid: number | undefined) {
    super(`${path} is locked by ${pid === undefined ? "another process" : `process ${pid}`}`);
    this.pid = pid;
  }
}

/** The `code` of a failure, when it has one. */
export function diskErrorCode(reason: unknown): string | undefined {
  return reason instanceof Error && "code" in reason && typeof reason.code === "string" ? reason.code : undefined;
}

/** Whether a failure means that there is no room: the disk, the quota or the file size is at its end. */
export function isOutOfSpace(reason: unknown): boolean {
  const code = diskErrorCode(reason);
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
