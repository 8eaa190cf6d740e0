import type { RecordResult } from "../../log/log.ts";

const flushChars = 64 * 1024;

/** Where records went, 12 bytes each: an NDJSON request may hold a million. */
export class ResultList {
  #partitions = new Int32Array(1024);
  #offsets = new Float64Array(1024);
  length = 0;

  push(partition: number, offset: number): void {
    if (this.length === this.#partitions.length) this.#grow();
    this.#partitions[this.length] = partition;
    this.#offsets[this.length] = offset;
    this.length++;
  }

  /** Adds results up to the first that failed. @returns how many were added */
  pushAll(results: readonly RecordResult[]): number {
    for (const [index, result] of results.entries()) {
      if ("error" in result) return index;
      this.push(result.partition, result.offset);
    }
    return results.length;
  }

  /** The elements of `offsets` as JSON, in pieces. */
  *write(): Generator<string> {
    let text = "";
    for (let index = 0; index < this.length; index++) {
      if (index > 0) text += ",";
      text += `{"partition":${this.#partitions[index] ?? 0},"offset":${this.#offsets[index] ?? 0}}`;
      if (text.length < flushChars) continue;
      yield text;
      text = "";
    }
    if (text !== "") yield text;
  }

  #grow(): void {
    const partitions = new Int32Array(this.length * 2);
    const offsets = new Float64Array(this.length * 2);
    partitions.set(this.#partitions);
    offsets.set(this.#offsets);
    this.#partitions = partitions;
    this.#offsets = offsets;
  }
}
