import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { AppRequest, AppResponse } from "./message.ts";

/** Bodies and answers up to this size always have room: there are no more of them than connections, and large ones that come slowly cannot keep them out. */
const smallBytesMax = 64 * 1024;

/** Bounds the request bodies, or the answers, that are held at once, so that many large ones cannot fill the memory. */
export class BodyBudget {
  #free: number;
  readonly #smallBytesMax: number;

  constructor(bytesMax: number = limits.bodyBytesInFlightMax, smallMax: number = smallBytesMax) {
    this.#free = bytesMax;
    this.#smallBytesMax = smallMax;
  }

  /**
   * Reads a body while `use` runs on it.
   * @throws request_too_large before reading when `Content-Length` is over the limit; throttled
   */
  async withBody<T>(request: AppRequest, use: (bytes: Uint8Array) => Promise<T>, bytesMax: number = limits.requestBytesMax): Promise<T> {
    const length = request.header("content-length");
    const announced = length !== undefined && /^\d+$/.test(length) ? Number(length) : bytesMax;
    if (announced > bytesMax) throw tooLarge(bytesMax);
    const run = async (): Promise<T> => use(await request.readBytes(bytesMax));
    return announced <= this.#smallBytesMax ? run() : this.hold(announced, run);
  }

  /** Holds room for that many bytes while `use` runs. @throws throttled */
  async hold<T>(bytes: number, use: () => Promise<T>): Promise<T> {
    const release = this.#take(bytes, "request bodies");
    try {
      return await use();
    } finally {
      release();
    }
  }

  /** The answer, with room for it until it is released. @throws throttled */
  answer(response: AppResponse, bytes: number): AppResponse {
    return bytes <= this.#smallBytesMax ? response : { ...response, release: this.#take(bytes, "answers that nobody has read") };
  }

  #take(bytes: number, what: string): () => void {
    if (bytes > this.#free) {
      throw new LogError("throttled", `The server holds as many ${what} as it may: send this request again.`, { retryAfterMs: 1_000 });
    }
    this.#free -= bytes;
    return () => {
      this.#free += bytes;
    };
  }
}

export function tooLarge(bytesMax: number): LogError {
  return new LogError("request_too_large", `A request body is at most ${bytesMax} bytes: send several requests.`);
}
