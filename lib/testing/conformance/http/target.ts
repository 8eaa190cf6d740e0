import assert from "node:assert/strict";
import type { ErrorCode } from "../../../core/errors.ts";
import {
  type ErrorBody,
  type FetchAnswer,
  mediaTypes,
  type ProduceAnswer,
  type TopicDetailBody,
  type WireError,
} from "../../../http/wire.ts";
import type { ConformanceCase } from "../case.ts";

/** A server under test: whatever it runs on, it is known by its URL alone. */
export interface HttpTarget {
  /** Without `/v1` and without a slash at the end, such as `http://127.0.0.1:7070`. */
  readonly baseUrl: string;
  /** Default: the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export type HttpCase = ConformanceCase<HttpTarget>;

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** A client that hides nothing: cases see each status, header and byte. */
export class Api {
  readonly #target: HttpTarget;

  constructor(target: HttpTarget) {
    this.#target = target;
  }

  /** @param path with its query, from `/v1` on, or from the root when it starts with `//` */
  send(path: string, { method = "GET", headers = {}, body, signal }: Sent = {}): Promise<Response> {
    const url = path.startsWith("//") ? `${this.#target.baseUrl}${path.slice(1)}` : `${this.#target.baseUrl}/v1${path}`;
    const request = new Request(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> }),
      ...(signal === undefined ? {} : { signal }),
    });
    return (this.#target.fetch ?? fetch)(request);
  }

  /** The JSON of an answer that must have this status. */
  async json<T>(path: string, sent: Sent = {}, status = 200): Promise<T> {
    const response = await this.send(path, sent);
    const text = await response.text();
    assert.equal(response.status, status, `${sent.method ?? "GET"} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    return JSON.parse(text) as T;
  }

  /** The error of a request that must be refused so. */
  async refused(status: number, code: ErrorCode, path: string, sent: Sent = {}): Promise<WireError> {
    const { error } = await this.json<ErrorBody>(path, sent, status);
    assert.equal(error.code, code, error.message);
    assert.equal(error.outcome, "not-applied");
    assert.ok(error.message.length > 0, "an error says what to do");
    assert.doesNotMatch(error.message, /\n\s*at /, "an error has no stack");
    return error;
  }

  post<T>(path: string, body: unknown, status = 200): Promise<T> {
    return this.json<T>(path, jsonBody(body), status);
  }

  /** @param body JSON text of `POST /topics/{t}/records`, or its records */
  produce(
    topic: string,
    body: string | readonly unknown[],
    query = "",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ProduceAnswer> {
    const text = typeof body === "string" ? body : JSON.stringify({ records: body });
    return this.json(`/topics/${topic}/records${query}`, { ...jsonBody(text), headers: { "content-type": mediaTypes.json, ...headers } });
  }

  read(topic: string, query = "", partition = 0): Promise<FetchAnswer> {
    return this.json(`/topics/${topic}/partitions/${partition}/records${query}`);
  }

  /** The next offset of each partition. */
  async highWatermarks(topic: string): Promise<readonly number[]> {
    const { partitionDetails } = await this.json<TopicDetailBody>(`/topics/${topic}`);
    return partitionDetails.map((partition) => partition.highWatermark);
  }
}

export function jsonBody(body: unknown): Required<Pick<Sent, "method" | "headers" | "body">> {
  return { method: "POST", headers: { "content-type": mediaTypes.json }, body: typeof body === "string" ? body : JSON.stringify(body) };
}

export function freshName(): string {
  return `conformance-${crypto.randomUUID()}`;
}

/** A case without a topic. */
export function apiCase(name: string, run: (api: Api) => Promise<void>): HttpCase {
  return { name, run: (target) => run(new Api(target)) };
}

export interface NewTopic {
  readonly partitions?: number;
  readonly partitionsPerShard?: number;
  readonly config?: Readonly<Record<string, string | number | boolean>>;
}

/** A case with a topic of its own, deleted in the end. */
export function topicCase(name: string, topic: NewTopic, run: (api: Api, topic: string) => Promise<void>): HttpCase {
  return apiCase(name, async (api) => {
    const name = freshName();
    await api.post("/topics", { name, ...topic }, 201);
    try {
      await run(api, name);
    } finally {
      const gone = await api.send(`/topics/${name}`, { method: "DELETE" });
      await gone.arrayBuffer();
    }
  });
}
