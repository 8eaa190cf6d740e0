import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { PartitionedRecord } from "../../log/log.ts";
import { located, readRecord } from "../json/record-input.ts";
import { JsonReader } from "../json/reader.ts";
import { Pieces } from "../pieces.ts";

const newline = 0x0a;

/** Cuts a stream of bytes into lines, without copying but for lines that lie in several chunks. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #pieces = new Pieces();

  /** The lines that end in this chunk. @throws request_too_large when a line is over `limits.ndjsonLineBytesMax` */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (;;) {
      const end = this.#rest.indexOf(newline);
      if (end < 0) break;
      const last = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end + 1);
      yield this.#finish(last);
    }
    if (this.#rest.length > 0) this.#hold(this.#rest);
  }

  /** The last line, which may have no newline. */
  *end(): Generator<Uint8Array> {
    if (this.#pieces.bytes > 0) yield this.#finish(Buffer.alloc(0));
  }

  #finish(last: Uint8Array): Uint8Array {
    if (this.#pieces.bytes === 0 && last.length <= limits.ndjsonLineBytesMax) return last;
    this.#hold(last);
    return this.#pieces.take();
  }

  #hold(piece: Uint8Array): void {
    this.#pieces.add(piece);
    if (this.#pieces.bytes > limits.ndjsonLineBytesMax) {
      throw new LogError("request_too_large", `A line is at most ${limits.ndjsonLineBytesMax} bytes.`);
    }
  }
}

/** The record of a line, or undefined for a blank one. @throws invalid_request with the line's number, from 1 */
export function recordOfLine(line: Uint8Array, number: number): PartitionedRecord | undefined {
  if (line.length === 0) return undefined;
  try {
    const reader = new JsonReader(line);
    if (reader.peek() === -1) return undefined;
    const record = readRecord(reader);
    reader.end();
    return record;
  } catch (error) {
    throw located(error, { line: number });
  }
}

/** A whole NDJSON body as one request. @throws invalid_request, request_too_large */
export function ndjsonRecords(bytes: Uint8Array): PartitionedRecord[] {
  const records: PartitionedRecord[] = [];
  const cutter = new LineCutter();
  let number = 0;
  const take = (line: Uint8Array): void => {
    const record = recordOfLine(line, ++number);
    if (record === undefined) return;
    if (records.length === limits.requestRecordsMax) {
      throw new LogError(
        "request_too_large",
        `An NDJSON request that is applied as one holds at most ${limits.requestRecordsMax} records.`,
      );
    }
    records.push(record);
  };
  for (const line of cutter.push(bytes)) take(line);
  for (const line of cutter.end()) take(line);
  if (records.length === 0) throw noRecords();
  return records;
}

export function noRecords(): LogError {
  return new LogError("invalid_request", 'Send at least one record, a JSON object a line: {"value":"…"}.');
}
