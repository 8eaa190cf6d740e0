import { tooLarge } from "../../lib/http/body-budget.ts";
import type { AppRequest } from "../../lib/http/message.ts";

/** A request in memory. */
export class PlainRequest implements AppRequest {
  readonly method: string;
  readonly url: string;
  readonly signal = new AbortController().signal;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;

  constructor(method: string, url: string, headers: Readonly<Record<string, string>> = {}, body: Uint8Array = new Uint8Array(0)) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
  }

  header(name: string): string | undefined {
    return Object.hasOwn(this.headers, name) ? this.headers[name] : undefined;
  }

  async readBytes(bytesMax: number): Promise<Uint8Array> {
    if (this.body.length > bytesMax) throw tooLarge(bytesMax);
    return this.body;
  }

  /** In two pieces, so that lines lie across them. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const half = this.body.length >> 1;
    yield this.body.subarray(0, half);
    yield this.body.subarray(half);
  }
}
