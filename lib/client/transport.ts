import { LogError } from "../core/errors.ts";
import type { Outcome } from "../core/errors.ts";
import { mediaTypes } from "../http/wire.ts";
import { defaultRequestTimeoutMs, defaultUrl, systemClock, systemRandom } from "./options.ts";
import type { ClientClock, ClientRandom, ConnectOptions, Fetch } from "./options.ts";
import { authorizationOf, checkedToken, type Token } from "./token.ts";
import { errorFromNetwork, errorFromStatus, errorFromWire } from "./wire-errors.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path elements under `/v1`; each is encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** JSON text, already encoded, so that a retry sends the same bytes. */
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** On top of the request timeout: how long the server may wait for data. */
  readonly waitMs?: number;
}

/** One server, request by request. No retries here: who calls knows what may be sent again. */
export class Transport {
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  readonly url: string;
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #token: Token | undefined;
  readonly #requestTimeoutMs: number;

  constructor(options: ConnectOptions) {
    this.url = checkedUrl(options.url ?? defaultUrl);
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#headers = options.headers ?? {};
    this.#token = options.token;
    if (typeof this.#token === "string") checkedToken(this.#token);
    this.#requestTimeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
  }

  /** The answer's JSON; undefined when it has no body. @throws LogError; after an abort by `call.signal` too */
  async json(call: Call): Promise<unknown> {
    return (await this.sized(call)).body;
  }

  /** The answer's JSON and how long its text is. @throws as `json` */
  async sized(call: Call): Promise<{ readonly body: unknown; readonly characters: number }> {
    const fallback: Outcome = call.method === "GET" ? "not-applied" : "unknown";
    const limitMs = this.#requestTimeoutMs + (call.waitMs ?? 0);
    const abort = new AbortController();
    const onAbort = () => abort.abort();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      abort.abort();
    }, limitMs);
    call.signal?.addEventListener("abort", onAbort);
    if (call.signal?.aborted === true) abort.abort();
    try {
      const response = await this.#fetch(this.#address(call), await this.#init(call, abort.signal));
      const text = await response.text();
      return { body: answerOf(response, text, fallback), characters: text.length };
    } catch (reason) {
      if (reason instanceof LogError) throw reason;
      if (late) throw new LogError("timeout", `${this.url} gave no answer within ${limitMs} ms.`, { outcome: fallback, cause: reason });
      throw errorFromNetwork(reason, this.url, fallback);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", onAbort);
    }
  }

  #address(call: Call): string {
    const pairs = Object.entries(call.query ?? {}).filter(([, value]) => value !== undefined);
    const search = pairs.map(([name, value], at) => `${at === 0 ? "?" : "&"}${name}=${encodeURIComponent(String(value))}`).join("");
    return `${this.url}/v1/${call.path.map(encodeURIComponent).join("/")}${search}`;
  }

  async #init(call: Call, signal: AbortSignal): Promise<RequestInit> {
    const headers: Record<string, string> = { accept: mediaTypes.json, ...this.#headers, ...call.headers };
    if (this.#token !== undefined) headers["authorization"] = await authorizationOf(this.#token, signal);
    if (call.body === undefined) return { method: call.method, headers, signal };
    headers["content-type"] = mediaTypes.json;
    return { method: call.method, headers, signal, body: call.body };
  }
}

const utf8 = new TextEncoder();

/** A value as the body of a call. */
export function jsonBody(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify(value));
}

function answerOf(response: Response, text: string, fallback: Outcome): unknown {
  let body: unknown;
  try {
    body = text === "" ? undefined : JSON.parse(text);
  } catch {
    if (response.ok) throw new LogError("internal", "The answer is not JSON: is this a Stratalog server?", { outcome: fallback });
    throw errorFromStatus(response.status, text, fallback);
  }
  if (response.ok) return body;
  if (typeof body === "object" && body !== null && "error" in body) throw errorFromWire(body.error, fallback);
  throw errorFromStatus(response.status, text, fallback);
}

function checkedUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (reason) {
    throw new LogError("invalid_request", `"${url}" is no URL: it has to look like ${defaultUrl}.`, { cause: reason });
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new LogError("invalid_request", `"${url}" has to start with http:// or https://.`);
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}
