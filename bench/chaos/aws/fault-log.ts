import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RealTime } from "./real-time.ts";

/** What was done to requests, and what clients were told, line by line in a file. */
export class FaultLog {
  readonly path: string;
  /** How often, by the kind of fault. */
  readonly counts = new Map<string, number>();
  readonly #time: RealTime;
  readonly #file: WriteStream;

  constructor(name: string, time: RealTime) {
    this.path = join(tmpdir(), `stratalog-chaos-aws-${name}.log`);
    this.#time = time;
    this.#file = createWriteStream(this.path);
  }

  write(line: string): void {
    this.#time.tick();
    this.#file.write(`${this.#time.nowMs.toFixed(1)} ${line}\n`);
  }

  fault(kind: string, what: string): void {
    this.count(kind);
    this.write(`! ${kind}: ${what}`);
  }

  count(kind: string, by = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + by);
  }

  async close(): Promise<void> {
    this.#file.end();
    await once(this.#file, "close");
  }
}
