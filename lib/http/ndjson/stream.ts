import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { PartitionedRecord, RecordResult } from "../../log/log.ts";
import type { Permit } from "../auth/permit.ts";
import { located } from "../json/record-input.ts";
import { writeResults } from "../json/results-output.ts";
import type { AppResponse } from "../message.ts";
import { errorHeaders, errorResponse, wireError } from "../responses.ts";
import type { Call, Services } from "../route.ts";
import { statusOf } from "../status.ts";
import { mediaTypes } from "../wire.ts";
import { LineCutter, noRecords, recordOfLine } from "./lines.ts";
import { ResultList } from "./result-list.ts";

/** What a running request holds of its body: a piece, and a line that is longer. */
const heldBytes = limits.ndjsonChunkBytes + limits.ndjsonLineBytesMax;

/**
 * Appends NDJSON while it comes, in pieces of about `limits.ndjsonChunkBytes`, holding one piece at a time.
 * A piece with a bad line is not appended: the answer's `offsets` say what is in the log, the error has `line` and
 * `resumeLine`, the first line that is not in the log.
 */
export function streamNdjson(call: Call): Promise<AppResponse> {
  return call.services.budget.hold(heldBytes, () => new NdjsonAppend(call).run(call.request.chunks()));
}

class NdjsonAppend {
  readonly #services: Services;
  readonly #topic: string;
  readonly #permit: Permit;
  readonly #done = new ResultList();
  /** The results of the piece that failed in part, as JSON. */
  #partly = "";
  #piece: PartitionedRecord[] = [];
  #pieceLines: number[] = [];
  #pieceBytes = 0;
  #line = 0;
  #resumeLine = 1;

  constructor({ services, topic, permit }: Call) {
    this.#services = services;
    this.#topic = topic;
    this.#permit = permit;
  }

  async run(chunks: AsyncIterable<Uint8Array>): Promise<AppResponse> {
    const cutter = new LineCutter();
    try {
      for await (const chunk of chunks) {
        for (const line of this.#located(cutter.push(chunk))) await this.#take(line);
      }
      for (const line of cutter.end()) await this.#take(line);
      await this.#flush();
      if (this.#done.length === 0) throw noRecords();
    } catch (error) {
      return this.#failed(this.#services.seen(error));
    }
    return { status: 200, headers: { "content-type": mediaTypes.json }, body: this.#answer("}") };
  }

  /** Lines whose cutting may fail: that error, too, has the line's number. */
  *#located(lines: Generator<Uint8Array>): Generator<Uint8Array> {
    try {
      yield* lines;
    } catch (error) {
      throw located(error, { line: this.#line + 1 });
    }
  }

  async #take(line: Uint8Array): Promise<void> {
    const record = recordOfLine(line, ++this.#line);
    if (record === undefined) return;
    if (this.#done.length + this.#piece.length === limits.ndjsonRecordsMax) {
      const error = new LogError(
        "request_too_large",
        `An NDJSON request holds at most ${limits.ndjsonRecordsMax} records: send the rest in another.`,
      );
      throw located(error, { line: this.#line });
    }
    this.#piece.push(record);
    this.#pieceLines.push(this.#line);
    this.#pieceBytes += line.length;
    if (this.#pieceBytes >= limits.ndjsonChunkBytes || this.#piece.length === limits.requestRecordsMax) await this.#flush();
  }

  async #flush(): Promise<void> {
    const records = this.#piece;
    const lines = this.#pieceLines;
    if (records.length === 0) return;
    this.#piece = [];
    this.#pieceLines = [];
    this.#pieceBytes = 0;
    let results: readonly RecordResult[];
    try {
      await this.#permit.renew();
      results = await this.#services.log.append(this.#topic, { records });
    } catch (error) {
      throw located(error, { line: lines[0] ?? 0 });
    }
    const added = this.#done.pushAll(results);
    const failed = results[added];
    if (failed !== undefined && "error" in failed) {
      this.#partly = writeResults(results.slice(added));
      this.#resumeLine = lines[added] ?? 0;
      throw located(failed.error, { line: lines[added] ?? 0 });
    }
    this.#resumeLine = this.#line + 1;
  }

  #failed(error: LogError): AppResponse {
    if (this.#done.length === 0 && this.#partly === "") return errorResponse(error);
    const wire = JSON.stringify(wireError(error, { resumeLine: this.#resumeLine }));
    return {
      status: statusOf[error.code],
      headers: { "content-type": mediaTypes.json, ...errorHeaders(error) },
      body: this.#answer(`,"error":${wire}}`),
    };
  }

  async *#answer(end: string): AsyncGenerator<string> {
    yield '{"offsets":[';
    yield* this.#done.write();
    if (this.#partly !== "") yield `${this.#done.length === 0 ? "" : ","}${this.#partly}`;
    yield `]${end}`;
  }
}
