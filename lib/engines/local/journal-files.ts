import { LogError } from "../../core/errors.ts";
import { type Disk, type DiskFile, isOutOfSpace } from "./disk.ts";
import { FilePool } from "./file-pool.ts";

/** A file is made longer by this much at once, so that most fdatasyncs need not write its size. */
const extentBytes = 8 * 1024 * 1024;
const nameDigits = 20;

export interface JournalFile {
  /** Position in the journal of its first byte. */
  readonly base: number;
  readonly path: string;
}

/** A file and where it ends. */
export interface ClosedFile extends JournalFile {
  /** Where it ends in the journal. */
  readonly end: number;
}

/** The journal's files: one sequence of bytes, appended at the end, read anywhere. At most one append, roll or cut runs at a time, and one removal beside it. */
export class JournalFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #fileBytesMax: number;
  readonly #files: JournalFile[];
  readonly #pool: FilePool;
  #active: DiskFile;
  /** Of the active file. */
  #size: number;
  #end: number;
  #poison: LogError | undefined;
  /** Its removal may not be durable yet. */
  #removing: JournalFile | undefined;

  /** @param end where the last durable frame ends: the next one goes there */
  constructor(disk: Disk, folder: string, files: readonly JournalFile[], active: DiskFile, end: number, fileBytesMax: number) {
    this.#disk = disk;
    this.#folder = folder;
    this.#files = [...files];
    this.#active = active;
    this.#end = end;
    this.#fileBytesMax = fileBytesMax;
    this.#size = end - this.#activeFile.base;
    this.#pool = new FilePool((path) => disk.open(path, "read"));
  }

  get end(): number {
    return this.#end;
  }

  /** Set once a sync or a cut has failed: nothing is written any more. */
  get poison(): LogError | undefined {
    return this.#poison;
  }

  /**
   * Appends one frame at `end` and makes it durable.
   * @throws storage_full or unavailable (not applied), unavailable (unknown) when the journal is poisoned by it
   */
  async append(buffers: readonly Uint8Array[], isAlone: boolean): Promise<void> {
    this.#checkPoison();
    let bytes = 0;
    for (const buffer of buffers) bytes += buffer.length;
    const used = this.#end - this.#activeFile.base;
    try {
      if (used > 0 && used + bytes > this.#fileBytesMax) await this.#roll();
      const at = this.#end - this.#activeFile.base;
      if (at + bytes > this.#size) await this.#extend(at + bytes);
      await this.#write(buffers, bytes, at);
    } catch (reason) {
      this.#checkPoison();
      await this.#cutBack(reason);
      throw notWritten(reason);
    }
    try {
      const syncing = this.#active.dataSync(isAlone);
      if (syncing !== undefined) await syncing;
    } catch (reason) {
      throw this.#poisonBy(reason, "making appends durable failed");
    }
    this.#end += bytes;
  }

  /** Reads bytes that lie in one file. @returns fewer bytes when the file ends before */
  async read(position: number, bytes: number): Promise<Uint8Array> {
    const { base, path } = this.fileAt(position);
    const into = Buffer.allocUnsafeSlow(bytes);
    const read = await this.#pool.use(path, (file) => file.read(into, position - base));
    return read === bytes ? into : into.subarray(0, read);
  }

  /** The file that holds a position. */
  fileAt(position: number): JournalFile {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#files[middle]?.base ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    const file = this.#files[low];
    if (file === undefined || file.base > position) {
      throw new LogError("corrupt_log", `The journal has no file for position ${position}: restore its files.`);
    }
    return file;
  }

  /** Oldest first; the last one up to where its last frame ends now. */
  get allFiles(): readonly ClosedFile[] {
    return [...this.closedFiles, { ...this.#activeFile, end: this.#end }];
  }

  /** All but the last file, oldest first. */
  get closedFiles(): readonly ClosedFile[] {
    return this.#files.slice(0, -1).map((file, nth) => ({ ...file, end: this.#files[nth + 1]?.base ?? file.base }));
  }

  /**
   * Removes the oldest file, unless it is the last one. In order, and each durably before the next, so that no crash leaves a hole.
   * @throws unavailable: it may be there again after a crash
   */
  async removeOldest(): Promise<void> {
    try {
      await this.#finishRemoval();
      if (this.#files.length < 2) return;
      this.#removing = this.#files.shift();
      await this.#finishRemoval();
    } catch (reason) {
      throw new LogError("unavailable", `A journal file could not be removed (${messageOf(reason)}): reclaim again.`, { cause: reason });
    }
  }

  async close(): Promise<void> {
    if (this.#poison === undefined) await this.#active.truncate(this.#end - this.#activeFile.base);
    await this.#active.close();
    await this.#pool.close();
  }

  async #finishRemoval(): Promise<void> {
    if (this.#removing === undefined) return;
    const { path } = this.#removing;
    await this.#pool.forget(path);
    await this.#disk.remove(path);
    await this.#disk.syncFolder(this.#folder);
    this.#removing = undefined;
  }

  get #activeFile(): JournalFile {
    const file = this.#files.at(-1);
    if (file === undefined) throw new LogError("internal", "the journal has no file");
    return file;
  }

  #checkPoison(): void {
    if (this.#poison !== undefined) throw this.#poison;
  }

  async #write(buffers: readonly Uint8Array[], bytes: number, at: number): Promise<void> {
    let rest = buffers;
    let done = 0;
    for (;;) {
      const writing = this.#active.write(rest, at + done);
      const written = typeof writing === "number" ? writing : await writing;
      done += written;
      if (done >= bytes) return;
      if (written <= 0) throw new Error("the disk took no bytes");
      rest = dropBytes(rest, written);
    }
  }

  async #extend(size: number): Promise<void> {
    const extended = Math.max(size, Math.min(this.#size + extentBytes, this.#fileBytesMax));
    await this.#active.truncate(extended);
    this.#size = extended;
  }

  /** Ends the active file where its last frame ends, and goes on in a new one. */
  async #roll(): Promise<void> {
    const old = this.#active;
    const size = this.#end - this.#activeFile.base;
    await old.truncate(size);
    this.#size = size;
    try {
      await old.sync();
    } catch (reason) {
      throw this.#poisonBy(reason, "closing a journal file failed");
    }
    const file = { base: this.#end, path: journalPath(this.#folder, this.#end) };
    const next = await this.#disk.open(file.path, "create");
    try {
      await this.#disk.syncFolder(this.#folder);
    } catch (reason) {
      await next.close();
      throw this.#poisonBy(reason, "making a new journal file durable failed");
    }
    this.#active = next;
    this.#size = 0;
    this.#files.push(file);
    await old.close();
  }

  /**
   * Takes back what a failed write left, durably: what is told as not applied must not come back after a crash.
   * @throws unavailable (unknown) when that fails
   */
  async #cutBack(reason: unknown): Promise<void> {
    const size = this.#end - this.#activeFile.base;
    try {
      await this.#active.truncate(size);
      this.#size = size;
      await this.#active.sync();
    } catch (failure) {
      throw this.#poisonBy(failure, `taking back a failed write (${messageOf(reason)}) failed`);
    }
  }

  #poisonBy(reason: unknown, what: string): LogError {
    const advice = "what is on disk is not certain any more. Reads go on; restart the process to append again.";
    const options = { cause: reason, retryAfterMs: 1_000 };
    this.#poison = new LogError("unavailable", `Appends are refused since ${what} (${messageOf(reason)}): ${advice}`, options);
    return new LogError("unavailable", `${this.#path()}: ${what} (${messageOf(reason)}): ${advice}`, { outcome: "unknown", cause: reason });
  }

  #path(): string {
    return this.#activeFile.path;
  }
}

export function journalPath(folder: string, base: number): string {
  return `${folder}/${String(base).padStart(nameDigits, "0")}.log`;
}

/** The base of a journal file by its name; undefined when it is none. */
export function baseOfName(name: string): number | undefined {
  return /^\d{20}\.log$/.test(name) ? Number(name.slice(0, nameDigits)) : undefined;
}

function notWritten(reason: unknown): LogError {
  if (isOutOfSpace(reason)) {
    return new LogError("storage_full", "The disk is full: nothing was written. Make room, then send it again.", { cause: reason });
  }
  return new LogError("unavailable", `Writing failed (${messageOf(reason)}): nothing was written. Send it again.`, {
    cause: reason,
    retryAfterMs: 1_000,
  });
}

function dropBytes(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  const rest: Uint8Array[] = [];
  let toDrop = count;
  for (const buffer of buffers) {
    if (toDrop < buffer.length) rest.push(toDrop === 0 ? buffer : buffer.subarray(toDrop));
    toDrop = Math.max(0, toDrop - buffer.length);
  }
  return rest;
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
