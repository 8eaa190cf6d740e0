import type { DiskFile } from "./disk.ts";

const windowBytes = 1024 * 1024;

/** Reads small pieces of a file in rising order through one larger buffer. */
export class FileWindow {
  readonly #file: DiskFile;
  readonly #size: number;
  #bytes = Buffer.alloc(0);
  #start = 0;

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** @returns the bytes asked for, fewer at the end of the file; good until the next call */
  async read(at: number, bytes: number): Promise<Buffer> {
    const end = Math.min(at + bytes, this.#size);
    if (at < this.#start || end > this.#start + this.#bytes.length)
      await this.#fill(at, Math.max(end - at, Math.min(windowBytes, this.#size - at)));
    return this.#bytes.subarray(at - this.#start, end - this.#start);
  }

  async #fill(at: number, bytes: number): Promise<void> {
    const into = Buffer.allocUnsafeSlow(bytes);
    const read = await this.#file.read(into, at);
    this.#bytes = into.subarray(0, read);
    this.#start = at;
  }
}
