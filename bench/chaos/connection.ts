import type { ErrorBody } from "../../lib/http/wire.ts";

const pauseMs = 5;
const requestMsMax = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Whether the request was sent before, so that what it asks for may have been done by that. */
  readonly isRepeated: boolean;
}

/** The way to the server of a run, which comes and goes. */
export class Connection {
  /** Such as `http://127.0.0.1:7070`; undefined while the server is down. */
  url: string | undefined;
  /** No new requests; those that run are tried until they have their answer. */
  isEnding = false;
  retries = 0;

  /** Sends until there is an answer that is no failure of server or connection. @param path after `/v1/topics` */
  async send(path: string, init: RequestInit = {}): Promise<Answer> {
    let isRepeated = false;
    for (;;) {
      const { url } = this;
      if (url !== undefined) {
        const answer = await attempt(`${url}/v1/topics${path}`, init);
        if (answer !== undefined) return { ...answer, isRepeated };
        isRepeated = true;
        this.retries++;
      }
      await pause(pauseMs);
    }
  }

  /** As `send`, for what can only go well. @throws on a status that is none of these: it is a fault of this script or of the server, and ends the run */
  async expect(statuses: readonly number[], path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await this.send(path, init);
    if (statuses.includes(answer.status)) return answer;
    throw new Error(`${init.method ?? "GET"} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

export function postJson(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Of an error's answer. */
function codeOf(body: unknown): string | undefined {
  return (body as Partial<ErrorBody> | undefined)?.error?.code;
}

async function attempt(url: string, init: RequestInit): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(requestMsMax) });
    const text = await response.text();
    const { status } = response;
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    // 500 is a fault of the server's, and comes again.
    if (status > 500 || status === 429 || status === 207 || codeOf(body) === "conflict") return undefined;
    return { status, body };
  } catch {
    return undefined;
  }
}
