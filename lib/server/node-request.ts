import type { IncomingMessage, ServerResponse } from "node:http";
import { LogError } from "../core/errors.ts";
import { tooLarge } from "../http/body-budget.ts";
import type { AppRequest } from "../http/message.ts";
import { BodyCollector } from "./body-collector.ts";

/** A request of node:http as the app takes it. Nothing is made before it is asked for. */
export class NodeRequest implements AppRequest {
  readonly method: string;
  readonly url: string;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #closing: AbortSignal;
  #sendContinue: boolean;
  #signal: AbortSignal | undefined;

  /**
   * @param closing aborts when the server closes
   * @param expectsContinue the client sends its body only when told to
   */
  constructor(incoming: IncomingMessage, response: ServerResponse, closing: AbortSignal, expectsContinue: boolean) {
    this.method = incoming.method ?? "GET";
    this.url = incoming.url ?? "/";
    this.#incoming = incoming;
    this.#response = response;
    this.#closing = closing;
    this.#sendContinue = expectsContinue;
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return typeof value === "string" || value === undefined ? value : value.join(", ");
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal();
    return this.#signal;
  }

  readBytes(bytesMax: number): Promise<Uint8Array> {
    this.#continue();
    const incoming = this.#incoming;
    return new Promise((resolve, reject) => {
      const length = Number(incoming.headers["content-length"] ?? Number.NaN);
      const collector = new BodyCollector(length <= bytesMax ? length : undefined);
      const onData = (piece: Buffer): void => {
        collector.add(piece);
        if (collector.bytes <= bytesMax) return;
        incoming.off("data", onData).off("end", onEnd);
        reject(tooLarge(bytesMax));
      };
      const onEnd = (): void => resolve(collector.body());
      // A complete request closes too.
      const onGone = (): void => {
        if (!incoming.readableEnded) reject(clientGone());
      };
      incoming.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
      if (incoming.destroyed) onGone();
    });
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    this.#continue();
    try {
      yield* this.#incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#incoming.destroyed ? clientGone() : error;
    }
  }

  /** Whether the client still waits for a word before it sends its body. */
  get isHeldBack(): boolean {
    return this.#sendContinue;
  }

  #continue(): void {
    if (this.#sendContinue) this.#response.writeContinue();
    this.#sendContinue = false;
  }

  /** Let go of when the answer is done: the server's own signal lives as long as the server. */
  #makeSignal(): AbortSignal {
    const gone = new AbortController();
    const abort = (): void => gone.abort();
    if (this.#response.destroyed || this.#closing.aborted) abort();
    this.#closing.addEventListener("abort", abort);
    this.#response.once("close", () => {
      this.#closing.removeEventListener("abort", abort);
      abort();
    });
    return gone.signal;
  }
}

/** Nobody reads this one. */
function clientGone(): LogError {
  return new LogError("invalid_request", "The connection closed before the request's body was complete.");
}
