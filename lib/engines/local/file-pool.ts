import { limits } from "../../core/limits.ts";
import type { DiskFile } from "./disk.ts";

interface Pooled {
  readonly file: Promise<DiskFile>;
  users: number;
  /** Its last user closes it. */
  isForgotten?: boolean;
}

/** Open files for reading: at most `limits.localOpenFilesMax` that nobody uses. */
export class FilePool {
  readonly #open: (path: string) => Promise<DiskFile>;
  readonly #files = new Map<string, Pooled>();

  constructor(open: (path: string) => Promise<DiskFile>) {
    this.#open = open;
  }

  async use<T>(path: string, run: (file: DiskFile) => Promise<T>): Promise<T> {
    const pooled = this.#take(path);
    pooled.users++;
    try {
      return await run(await pooled.file);
    } finally {
      pooled.users--;
      if (pooled.isForgotten === true) await closeUnused(pooled);
      else if (this.#files.size > limits.localOpenFilesMax) await this.#closeOne();
    }
  }

  /** Lets go of a file that is to be removed: an open one would keep its room. */
  async forget(path: string): Promise<void> {
    const pooled = this.#files.get(path);
    if (pooled === undefined) return;
    this.#files.delete(path);
    pooled.isForgotten = true;
    await closeUnused(pooled);
  }

  async close(): Promise<void> {
    const all = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(all.map(async ({ file }) => (await file).close()));
  }

  #take(path: string): Pooled {
    const known = this.#files.get(path);
    if (known !== undefined) {
      this.#files.delete(path);
      this.#files.set(path, known);
      return known;
    }
    const pooled: Pooled = { file: this.#open(path), users: 0 };
    this.#files.set(path, pooled);
    // A file that could not be opened is not kept: the next reader tries again.
    pooled.file.catch(() => this.#files.delete(path));
    return pooled;
  }

  async #closeOne(): Promise<void> {
    for (const [path, pooled] of this.#files) {
      if (pooled.users > 0) continue;
      this.#files.delete(path);
      await closeUnused(pooled);
      return;
    }
  }
}

async function closeUnused(pooled: Pooled): Promise<void> {
  if (pooled.users > 0) return;
  const file = await pooled.file.catch(() => undefined);
  await file?.close();
}
