import type { IncomingMessage, ServerResponse } from "node:http";
import { LogError } from "../core/errors.ts";
import { tooLarge } from "../http/body-budget.ts";
import type { AppRequest } from "../http/message.ts";

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
      const pieces: Buffer[] = [];
      let bytes = 0;
      const onData = (piece: Buffer): void => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > bytesMax) settle(() => reject(tooLarge(bytesMax)));
      };
      // A body in one piece, as almost all small ones are, is not copied.
      const onEnd = (): void => settle(() => resolve(pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces, bytes)));
      const onGone = (): void => settle(() => reject(clientGone()));
      const settle = (outcome: () => void): void => {
        incoming.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
        outcome();
      };
      incoming.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
      if (incoming.destroyed && !incoming.readableEnded) onGone();
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

  #makeSignal(): AbortSignal {
    const gone = new AbortController();
    if (this.#response.destroyed) gone.abort();
    this.#response.once("close", () => gone.abort());
    return AbortSignal.any([gone.signal, this.#closing]);
  }
}

/** Nobody reads this one. */
function clientGone(): LogError {
  return new LogError("invalid_request", "The connection closed before the request's body was complete.");
}
