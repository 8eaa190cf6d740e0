/** A client whose server is in the same process, with a network between them that tests can break. */
import { setImmediate as turn } from "node:timers/promises";
import { type ClientClock, type ConnectOptions, connect, type LogClient } from "../../../lib/client/index.ts";
import { appOver, memoryLog } from "../http/fixtures.ts";

/** What happens to one request: `before` it is lost, `after` its answer is lost, a status is answered by somebody on the way. */
export type Fault = "none" | "before" | "after" | number;

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface InProcess {
  readonly log: LogClient;
  /** Every request that was sent, lost ones too. */
  readonly seen: Seen[];
  readonly clock: TurningClock;
  /** A request past the client and the broken network. */
  readonly raw: (method: string, path: string, body: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  /** Decides each request's fate. Default: all arrive. */
  fate: (request: Seen) => Fault;
}

/** Time that passes by sleeping alone: waits are over at the next turn of the event loop. */
export class TurningClock implements ClientClock {
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    await turn();
    this.#nowMs += durationMs;
  }
}

export function inProcess(options: ConnectOptions = {}): InProcess {
  const app = appOver(memoryLog());
  const seen: Seen[] = [];
  const clock = new TurningClock();
  const self = { seen, clock, fate: (_request: Seen): Fault => "none" };
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const { pathname, search } = new URL(url);
    const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : "";
    const one = { method: request.method, path: pathname, search, headers: request.headers, body };
    seen.push(one);
    const fate = self.fate(one);
    if (fate === "before") throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
    if (typeof fate === "number") return new Response("<html>Bad gateway</html>", { status: fate });
    const response = await app.fetch(request);
    if (fate === "after") {
      await response.arrayBuffer();
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
    }
    return response;
  };
  const raw: InProcess["raw"] = (method, path, body, headers = {}) =>
    app.fetch(new Request(`http://in.process${path}`, { method, body, headers: { "content-type": "application/json", ...headers } }));
  return Object.assign(self, { raw, log: connect({ url: "http://in.process", fetch: send, clock, ...options }) });
}

/** Numbers from a seed, as far as tests need chance. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Everything in a topic, by partition, as text. */
export async function everything(log: LogClient, topic: string): Promise<Map<number, { key: string; value: string; offset: number }[]>> {
  const found = new Map<number, { key: string; value: string; offset: number }[]>();
  for await (const { partition, key, value, offset } of log.consume({ topic, from: "earliest", until: "end" })) {
    const records = found.get(partition) ?? [];
    records.push({ key: String(key), value: String(value), offset });
    found.set(partition, records);
  }
  return found;
}

export const produces = (request: Seen): boolean => request.method === "POST" && request.path.endsWith("/records");
export const reads = (request: Seen): boolean => request.method === "GET";
