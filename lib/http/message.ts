/**
 * What the app takes and gives: plain objects, because web `Request` and `Response` cost a Node server
 * more than the rest of a small request. `fetch-adapter.ts` and `lib/server/node-shell.ts` make and send them.
 */
export interface AppRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query as in the request line, percent-encoded. */
  readonly url: string;
  /** A header's value by its lower-case name; several of one name are joined by ", ". */
  header(name: string): string | undefined;
  /** The whole body. To be called once, and not with `chunks`. @throws request_too_large as soon as more than `bytesMax` came */
  readBytes(bytesMax: number): Promise<Uint8Array>;
  /** The body as it comes. The bytes of a chunk stay valid. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The ARN of the AWS identity that signed the request, as the front door asserts it after checking the signature; never taken from what the client sent. */
  readonly identity?: string;
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

export type AppBody = string | Uint8Array | AsyncIterable<string | Uint8Array>;

export interface AppResponse {
  readonly status: number;
  /** Lower-case names. Has no `content-length`: who sends it knows. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AppBody;
  /** To be called once, when the body has been sent or never will be. */
  readonly release?: () => void;
}

export function isStream(body: AppBody | undefined): body is AsyncIterable<string | Uint8Array> {
  return typeof body === "object" && !(body instanceof Uint8Array);
}
