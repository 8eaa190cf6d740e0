import type { Token } from "./token.ts";

/** `fetch`, or something that behaves like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Time, injectable for tests. */
export interface ClientClock {
  /** Milliseconds that never go back. */
  nowMs(): number;
  /** Resolves after a time, or at once (never rejecting) when the signal aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, injectable for tests. */
export interface ClientRandom {
  bytes(count: number): Uint8Array;
}

export interface ConnectOptions {
  /** Where the server is. Default `http://127.0.0.1:7070`. */
  readonly url?: string;
  /** An API token or a JWT, sent as `Authorization: Bearer`; a function is asked for each request, to renew what expires. Default none. */
  readonly token?: Token;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest wait for one answer; long polls have their wait on top. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Default the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Default the platform's clock. */
  readonly clock?: ClientClock;
  /** Default the platform's cryptographic source. */
  readonly random?: ClientRandom;
}

export const defaultUrl = "http://127.0.0.1:7070";
export const defaultRequestTimeoutMs = 30_000;

export const systemClock: ClientClock = {
  nowMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener("abort", done);
    }),
};

export const systemRandom: ClientRandom = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
