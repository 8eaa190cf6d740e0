import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

let files = 0;

/** A new file in the folder, which stays there: blocks that were freed a moment ago take bytes several times faster than those a log grows into. */
class PlainFile {
  readonly #file: number;

  constructor(folder: string) {
    this.#file = openSync(join(folder, `ceiling-${files++}`), "wx");
  }

  write(body: Uint8Array): void {
    writeSync(this.#file, body);
  }

  sync(): void {
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Writes bodies one after another to one growing file, and makes them durable together. */
export class SequentialWriter {
  readonly #file: PlainFile;

  constructor(folder: string) {
    this.#file = new PlainFile(folder);
  }

  /** @returns milliseconds of `count` writes and one fdatasync */
  writeMs(body: Uint8Array, count: number): number {
    const begun = performance.now();
    for (let nth = 0; nth < count; nth++) this.#file.write(body);
    this.#file.sync();
    return performance.now() - begun;
  }

  close(): void {
    this.#file.close();
  }
}
