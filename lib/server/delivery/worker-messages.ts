import type { MessagePort } from "node:worker_threads";

/** Which function a thread runs. */
export interface WorkerStart {
  /** An absolute path. */
  readonly file: string;
  readonly exportName: string;
  /** The function's name, as its context tells it. */
  readonly name: string;
}

/** What a function's thread is started with. */
export interface WorkerParts extends WorkerStart {
  /** Takes calls, and tells what comes of them, in order with all that is printed. */
  readonly port: MessagePort;
  /** What was printed and not taken yet, in UTF-16 units: while it is more than `limits.localOutputCharsMax`, the function waits in its write. */
  readonly waiting: Int32Array;
}

/** What the server asks of a function's thread: one call at a time. */
export interface CallMessage {
  readonly requestId: string;
  /** JSON. */
  readonly event: string;
  readonly timeoutMs: number;
}

/** An error as Lambda tells it. */
export interface ToldError {
  readonly type: string;
  readonly message: string;
}

/** What a function's thread tells the server. */
export type WorkerMessage =
  /** What the function prints, as it is written. */
  | { readonly kind: "output"; readonly text: string }
  /** A file of the function's own was loaded. */
  | { readonly kind: "file"; readonly url: string }
  | { readonly kind: "loaded" }
  /** It could not be loaded; `place` is where, when that is known. */
  | { readonly kind: "not-loaded"; readonly message: string; readonly place: string }
  /** JSON; undefined for no answer. */
  | { readonly kind: "answer"; readonly json: string | undefined }
  | { readonly kind: "failed"; readonly error: ToldError };
