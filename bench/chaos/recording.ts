import type { AppendOp, History, PollOp, SeenRecord } from "../../lib/testing/history.ts";

/** What the clients of one run did and were told, and what they need to know of the run. */
export class Recording implements History {
  readonly appends: AppendOp[] = [];
  readonly polls: PollOp[] = [];
  readonly final = new Map<number, readonly SeenRecord[]>();
  acknowledged = 0;
  retries = 0;
  /** The topic's URL; undefined while the server is down. */
  server: string | undefined;
  /** No new requests; those that run are tried until they have their answer. */
  isEnding = false;
  #moment = 0;

  moment(): number {
    return this.#moment++;
  }

  /**
   * Sends until there is an answer that is no failure of server or connection.
   * @throws an answer of the 4xx kind, 429 apart, is a fault of this script or of the server: it ends the run
   */
  async send(path: string, init: RequestInit): Promise<unknown> {
    for (let tries = 0; ; tries++) {
      if (tries > 0) this.retries++;
      const answer = await this.#try(path, init);
      if (answer !== undefined) return answer;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #try(path: string, init: RequestInit): Promise<unknown> {
    const { server } = this;
    if (server === undefined) {
      this.retries--;
      return undefined;
    }
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(server + path, { ...init, signal: AbortSignal.timeout(10_000) });
      body = await response.json();
    } catch {
      return undefined;
    }
    if (response.status === 200) return body;
    if (response.status >= 500 || response.status === 429 || response.status === 207) return undefined;
    throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${JSON.stringify(body)}`);
  }
}
