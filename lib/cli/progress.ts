import type { Output } from "./io.ts";
import { size } from "./table.ts";

const drawEveryMs = 100;
const barWidth = 24;

/** A progress bar for a file, on a terminal; nothing elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #totalBytes: number | undefined;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  readonly #shown: boolean;
  #drawnMs = 0;

  constructor(output: Output, input: { readonly isFile: boolean; readonly bytes: number | undefined }, nowMs: () => number) {
    this.#output = output;
    this.#totalBytes = input.bytes;
    this.#shown = output.isTTY === true && input.isFile;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  update(bytes: number, records: number): void {
    const nowMs = this.#nowMs();
    if (!this.#shown || nowMs - this.#drawnMs < drawEveryMs) return;
    this.#drawnMs = nowMs;
    this.#draw(bytes, records, nowMs);
  }

  /** Takes the line away, so that other lines can be written. */
  clear(): void {
    if (this.#shown && this.#drawnMs > 0) this.#output.write("\r\u001b[K");
    this.#drawnMs = 0;
  }

  /** Draws the last state and leaves the line. */
  end(bytes: number, records: number): void {
    if (!this.#shown) return;
    this.#draw(bytes, records, this.#nowMs());
    this.#output.write("\n");
  }

  #draw(bytes: number, records: number, nowMs: number): void {
    const rate = Math.round((records * 1_000) / Math.max(1, nowMs - this.#startMs));
    const text = `${this.#bar(bytes)}${records.toLocaleString("en-US")} records, ${rate.toLocaleString("en-US")} records/s`;
    this.#output.write(`\r${text.slice(0, (this.#output.columns ?? 80) - 1)}\u001b[K`);
  }

  #bar(bytes: number): string {
    const total = this.#totalBytes;
    if (total === undefined || total === 0) return "";
    const part = Math.min(1, bytes / total);
    const filled = Math.round(part * barWidth);
    return `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] ${Math.floor(part * 100)} % of ${size(total)}  `;
  }
}
