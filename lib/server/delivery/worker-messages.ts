/** What a function's thread is started with. */
export interface WorkerStart {
  /** An absolute path. */
  readonly file: string;
  readonly exportName: string;
  /** The function's name, as its context tells it. */
  readonly name: string;
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
  /** A file of the function's own was loaded. */
  | { readonly kind: "file"; readonly url: string }
  | { readonly kind: "loaded" }
  /** It could not be loaded; `place` is where, when that is known. */
  | { readonly kind: "not-loaded"; readonly message: string; readonly place: string }
  /** JSON; undefined for no answer. */
  | { readonly kind: "answer"; readonly json: string | undefined }
  | { readonly kind: "failed"; readonly error: ToldError };
