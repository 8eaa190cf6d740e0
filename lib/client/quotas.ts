import type { AlterQuotaBody, QuotaBody, QuotaListBody } from "../http/wire.ts";
import type { Transport } from "./transport.ts";
import { jsonBody } from "./transport.ts";

/** What principals may use a second. Every error is a `LogError`; nothing is retried. */
export class QuotasClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Those that are set, of one principal or of all. */
  async list(principal?: string): Promise<QuotaListBody> {
    return (await this.#transport.json({ method: "GET", path: ["quotas"], query: { principal } })) as QuotaListBody;
  }

  /** Null takes one away, what is not named stays. @returns what the principal has now @throws invalid_request */
  async set(change: AlterQuotaBody): Promise<QuotaBody> {
    return (await this.#transport.json({ method: "PATCH", path: ["quotas"], body: jsonBody(change) })) as QuotaBody;
  }
}
