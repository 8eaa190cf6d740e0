import { readdir } from "node:fs/promises";

/** Which files a folder, and those in it, has had so far, as far as somebody has looked. */
export class FilesSeen {
  readonly #seen = new Set<string>();
  #there = new Set<string>();

  /** How many there have been. */
  get count(): number {
    return this.#seen.size;
  }

  /** How many of them are gone. */
  get gone(): number {
    return this.#seen.size - this.#there.size;
  }

  async look(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    this.#there = new Set(entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`));
    for (const path of this.#there) this.#seen.add(path);
  }
}
