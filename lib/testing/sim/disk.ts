import { DiskLockedError } from "../../engines/local/disk.ts";
import type { Disk, DiskFile, DiskLock, DiskMode } from "../../engines/local/disk.ts";
import { SimFile } from "./disk-file.ts";
import { SimNames } from "./disk-names.ts";
import type { Life } from "./life.ts";
import type { Prng } from "./prng.ts";

export type DiskLie = "none" | "files" | "names";

export interface DiskFaults {
  /** Probabilities of one call. */
  readonly slow: number;
  readonly slowMsMax: number;
  readonly shortWrite: number;
  readonly full: number;
  readonly failedSync: number;
  /** Which syncs say that they are done and do nothing. */
  readonly lies: DiskLie;
}

export const goodDisk: DiskFaults = { slow: 0, slowMsMax: 0, shortWrite: 0, full: 0, failedSync: 0, lies: "none" };

/** One disk that outlives the processes. `forLife` gives each its own door to it, which closes when that life ends. */
export class SimDisk {
  faults: DiskFaults = goodDisk;
  readonly #prng: Prng;
  readonly #nowMs: () => number;
  readonly #trace: (line: string) => void;
  readonly #names = new SimNames();
  readonly #locks = new Map<string, Life>();
  /** Writes that have begun and not ended. */
  readonly #writing = new Set<() => void>();

  /** @param folder is there from the start, durably: the medium's root */
  constructor(folder: string, prng: Prng, nowMs: () => number, trace: (line: string) => void) {
    this.#prng = prng;
    this.#nowMs = nowMs;
    this.#trace = trace;
    this.#names.add(folder, "folder");
    this.#names.begunSync("")(undefined);
  }

  /** The process is gone; the system goes on, and with it what was written. What was being written is there in part. */
  processDied(): void {
    for (const tear of this.#writing) tear();
    this.#writing.clear();
  }

  /** The machine is gone: of what was not synced any part is left. */
  losePower(): void {
    this.processDied();
    const files = this.#names.files();
    this.#names.losePower(this.#prng);
    for (const file of files) file.losePower(this.#prng);
  }

  forLife(life: Life): Disk {
    const does = <T>(effect: () => T, what?: string): Promise<T> => this.#does(life, effect, what);
    const names = this.#names;
    return {
      open: (path, mode) => does(() => this.#open(life, path, mode), `${mode} ${path}`),
      list: (folder) => does(() => names.list(folder).map(([name, node]) => ({ name, isFolder: node === "folder" }))),
      makeFolder: (path) =>
        does(() => {
          const steps = path.split("/").slice(1);
          for (const [i] of steps.entries()) {
            const folder = `/${steps.slice(0, i + 1).join("/")}`;
            if (names.get(folder) === undefined) names.add(folder, "folder");
          }
        }),
      rename: (from, to) => does(() => names.rename(from, to, this.#need(from))),
      link: (from, to) =>
        does(() => {
          if (names.get(to) !== undefined) return false;
          names.add(to, this.#need(from));
          return true;
        }),
      remove: (path) =>
        does(() => {
          if (names.get(path) !== undefined) names.remove(path);
        }),
      syncFolder: (path) => {
        const begun = names.begunSync(path);
        return does(() => this.#sync(begun, "names"), `sync names ${path}`);
      },
      lock: (path) => does(() => this.#lock(life, path)),
    };
  }

  #open(life: Life, path: string, mode: DiskMode): DiskFile {
    const found = this.#names.get(path);
    if (found === "folder") throw failure("EISDIR", path);
    if (found === undefined && mode !== "create") throw failure("ENOENT", path);
    const file = found ?? new SimFile();
    if (found === undefined) this.#names.add(path, file);
    const does = <T>(effect: () => T, what?: string): Promise<T> => this.#does(life, effect, what && `${what} ${path}`);
    return {
      info: () => does(() => ({ size: file.size, modifiedMs: file.modifiedMs })),
      write: (buffers, position) => this.#write(life, file, Buffer.concat(buffers), position, path),
      dataSync: () => {
        const begun = file.begunSync();
        return does(() => this.#sync(begun, "files"), "data sync");
      },
      sync: () => {
        const begun = file.begunSync();
        return does(() => this.#sync(begun, "files"), "sync");
      },
      read: (into, position) => does(() => file.read(into, position)),
      truncate: (size) => does(() => file.truncate(size), `cut to ${size}`),
      close: () => does(() => undefined),
    };
  }

  async #write(life: Life, file: SimFile, bytes: Uint8Array, position: number, path: string): Promise<number> {
    const isShort = bytes.length > 1 && this.#prng.chance(this.faults.shortWrite);
    const isFull = this.#prng.chance(this.faults.full);
    const count = isShort || isFull ? this.#prng.between(1, bytes.length) : bytes.length;
    const tear = (): void => {
      if (this.#prng.chance(0.7)) file.write(position, bytes.subarray(0, this.#prng.between(1, count)));
    };
    this.#writing.add(tear);
    return await this.#does(
      life,
      () => {
        this.#writing.delete(tear);
        file.write(position, bytes.subarray(0, count));
        file.modifiedMs = this.#nowMs();
        if (isFull) throw failure("ENOSPC", "the disk is full");
        return count;
      },
      `write ${bytes.length} at ${position} of ${path}`,
    );
  }

  #sync(begun: (fails: Prng | undefined) => void, what: DiskLie): void {
    const fails = this.#prng.chance(this.faults.failedSync);
    if (this.faults.lies !== what) begun(fails ? this.#prng : undefined);
    if (fails) throw failure("EIO", "the sync failed");
  }

  #lock(life: Life, path: string): DiskLock {
    if (this.#locks.get(path)?.isAlive === true) throw new DiskLockedError(path, undefined);
    this.#locks.set(path, life);
    return {
      release: () =>
        this.#does(life, () => {
          if (this.#locks.get(path) === life) this.#locks.delete(path);
        }),
    };
  }

  #need(path: string): SimFile {
    const found = this.#names.get(path);
    if (found === undefined || found === "folder") throw failure("ENOENT", path);
    return found;
  }

  /** Has an effect after a while, and answers a while after that; a process that ends in between has one without the other. */
  #does<T>(life: Life, effect: () => T, what?: string): Promise<T> {
    return new Promise((resolve, reject) => {
      life.after(this.#delayMs(), () => {
        let settle: () => void;
        if (what !== undefined) this.#trace(`${life.name} ${what}`);
        try {
          const value = effect();
          settle = () => resolve(value);
        } catch (reason) {
          this.#trace(`${life.name} ${String(reason)}`);
          settle = () => reject(reason instanceof Error ? reason : new Error(String(reason)));
        }
        life.after(this.#delayMs() / 4, settle);
      });
    });
  }

  #delayMs(): number {
    const { slow, slowMsMax } = this.faults;
    return this.#prng.chance(slow) ? this.#prng.fraction() * slowMsMax : this.#prng.fraction() * 0.8;
  }
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
