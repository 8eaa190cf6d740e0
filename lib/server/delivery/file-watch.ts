import { type FSWatcher, realpathSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { limits } from "../../core/limits.ts";

/** Tells when files change: also those that are replaced, as editors do, or deleted and made anew. It watches their folders, and takes no time while nothing changes. */
export class FileWatch {
  readonly #isOfInterest: (path: string) => boolean;
  readonly #changed: () => void;
  readonly #folders = new Map<string, FSWatcher>();
  #quiet: NodeJS.Timeout | undefined;

  /** @param isOfInterest whether a changed file counts @param changed called once changes have stopped for a moment */
  constructor(isOfInterest: (path: string) => boolean, changed: () => void) {
    this.#isOfInterest = isOfInterest;
    this.#changed = changed;
  }

  /** Also watches the folder of this file. */
  add(file: string): void {
    const folder = dirname(file);
    if (this.#folders.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || this.#isOfInterest(join(folder, name))) this.#soon();
      });
      // The folder is gone; or there are too many watches on this machine: then a change there is not noticed.
      watcher.on("error", () => this.#forget(folder));
      this.#folders.set(folder, watcher);
    } catch {
      // As above.
    }
  }

  close(): void {
    clearTimeout(this.#quiet);
    for (const folder of this.#folders.keys()) this.#forget(folder);
  }

  #soon(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(this.#changed, limits.localReloadQuietMs);
  }

  #forget(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }
}

/** A file's path without links, as modules are known by; as it is when it is not there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
