import { tooLarge } from "./body-budget.ts";
import { type AppBody, type AppRequest, type AppResponse, isStream } from "./message.ts";
import { Pieces } from "./pieces.ts";

/** Answers a web request with a handler of plain ones. @throws the signal's reason when the request was aborted meanwhile, as `fetch` does */
export async function fetchWith(handle: (request: AppRequest) => Promise<AppResponse>, request: Request): Promise<Response> {
  const { status, headers, body, release } = await handle(new WebRequest(request));
  // From here on it is the caller's.
  release?.();
  if (request.signal.aborted) {
    if (isStream(body)) await body[Symbol.asyncIterator]().return?.();
    request.signal.throwIfAborted();
  }
  return new Response(body === undefined ? null : webBody(body), { status, headers });
}

class WebRequest implements AppRequest {
  readonly method: string;
  readonly url: string;
  readonly #request: Request;
  readonly #host: string;

  constructor(request: Request) {
    const { pathname, search, host } = new URL(request.url);
    this.method = request.method;
    this.url = pathname + search;
    this.#request = request;
    this.#host = host;
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name);
    return value ?? (name === "host" ? this.#host : undefined);
  }

  async readBytes(bytesMax: number): Promise<Uint8Array> {
    const pieces = new Pieces();
    for await (const chunk of this.chunks()) {
      pieces.add(chunk);
      if (pieces.bytes > bytesMax) throw tooLarge(bytesMax);
    }
    return pieces.take();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const reader = this.#request.body?.getReader();
    if (reader === undefined) return;
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
    } finally {
      // Not waited for: cancelling one half of a body that was cloned ends only with the other half.
      reader.cancel().catch(() => undefined);
    }
  }
}

function webBody(body: AppBody): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (!isStream(body)) return typeof body === "string" ? body : (body as Uint8Array<ArrayBuffer>);
  const encoder = new TextEncoder();
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
