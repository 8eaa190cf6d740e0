import type { CreateTokenBody, NewTokenBody, TokenListBody } from "../http/wire.ts";
import type { Transport } from "./transport.ts";
import { jsonBody } from "./transport.ts";

/** A page of tokens. */
export interface ListTokens {
  readonly principal?: string;
  /** 1 to 1,000, default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** API tokens. Every error is a `LogError`; nothing is retried. */
export class TokensClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer's `token` is the secret, told this once. @throws invalid_request */
  async create(token: CreateTokenBody): Promise<NewTokenBody> {
    return (await this.#transport.json({ method: "POST", path: ["tokens"], body: jsonBody(token) })) as NewTokenBody;
  }

  /** One page, without the secrets. `nextCursor` is there when more may follow. */
  async list(page: ListTokens = {}): Promise<TokenListBody> {
    return (await this.#transport.json({ method: "GET", path: ["tokens"], query: { ...page } })) as TokenListBody;
  }

  /** Nobody is let in with it any more, within seconds. @throws not_found */
  async revoke(id: string): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: ["tokens", id] });
  }
}
