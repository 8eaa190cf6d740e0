import { type Io, write } from "./io.ts";

const bufferBytes = 64 * 1024;

/** Collects output and writes it in large pieces, yet at once when nothing more comes. */
export class Sink {
  readonly #io: Io;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Undefined when there is nothing to wait for. */
  add(...pieces: readonly (string | Uint8Array)[]): Promise<void> | undefined {
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      this.#pieces.push(bytes);
      this.#bytes += bytes.length;
    }
    if (this.#bytes >= bufferBytes) return this.flush();
    this.#scheduled ??= setImmediate(() => void this.flush());
    return undefined;
  }

  async flush(): Promise<void> {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const data = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    await write(this.#io, this.#io.stdout, data);
  }
}
