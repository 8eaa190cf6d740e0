import type { Scope } from "../core/access/acl.ts";
import { checkScope } from "../core/access/check-acl.ts";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { CatalogItem, JsonValue } from "../ports/catalog.ts";
import type { Random } from "../ports/random.ts";
import { hex } from "./hex.ts";
import { type RowChange, RowSet, rowValue, type RowSetServices } from "./row-set.ts";

/** API tokens, kept in the catalog without their secrets. Made by `createLog`; who checks credentials asks it. */
export interface Tokens {
  /** Undefined when there is none of that id. @throws unavailable */
  find(id: string): Promise<Token | undefined>;
  /** By id, ascending, those that have expired too. @param after the id of the last one before */
  list(page: { readonly principal?: string; readonly after?: string; readonly limit?: number }): Promise<readonly Token[]>;
  /**
   * @param hashOf of the secret, in hex: what is kept of it
   * @throws invalid_request when there are too many, or it would have expired; unavailable
   */
  create(token: NewToken, hashOf: (secret: string) => string): Promise<{ readonly token: Token; readonly secret: string }>;
  /** From then on nobody is let in with it, in other processes within `limits.accessCacheMs`. @throws not_found */
  delete(id: string): Promise<void>;
}

/** Checked: the principal is canonical, the scopes went through `checkScope`. */
export interface NewToken {
  readonly principal: string;
  /** The principal that makes it. */
  readonly createdBy: string;
  readonly description?: string;
  /** What it is limited to. Default: nothing. */
  readonly scopes?: readonly Scope[];
  /** Default: never. */
  readonly expiresMs?: number;
}

export interface Token extends NewToken {
  readonly id: string;
  readonly hash: string;
  readonly createdMs: number;
}

const formatVersion = 1;
const idBytes = 8;
const secretBytes = 32;

/** Tokens in rows of `pk` "tokens", `sk` their id. */
export class CatalogTokens implements Tokens {
  readonly #services: RowSetServices & { readonly random: Random };
  readonly #rows: RowSet<Token, ReadonlyMap<string, Token>>;

  constructor(services: RowSetServices & { readonly random: Random }) {
    this.#services = services;
    this.#rows = new RowSet(services, { pk: "tokens", read: readToken, view: (rows) => rows });
  }

  async find(id: string): Promise<Token | undefined> {
    const found = (await this.#rows.view()).get(id);
    return found ?? (await this.#rows.view(limits.accessRefusalCacheMs)).get(id);
  }

  async list({
    principal,
    after = "",
    limit = limits.listLimitDefault,
  }: {
    readonly principal?: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<readonly Token[]> {
    const rows = [...(await this.#rows.rows()).values()];
    return rows.filter((row) => row.id > after && (principal ?? row.principal) === row.principal).slice(0, limit);
  }

  async create(asked: NewToken, hashOf: (secret: string) => string): Promise<{ readonly token: Token; readonly secret: string }> {
    const { clock, random } = this.#services;
    if ((asked.expiresMs ?? Infinity) <= clock.nowMs()) {
      throw new LogError("invalid_request", "expiresMs must be a time to come, in epoch milliseconds.");
    }
    const secret = hex(random.bytes(secretBytes));
    const token: Token = { ...asked, id: hex(random.bytes(idBytes)), hash: hashOf(secret), createdMs: clock.nowMs() };
    await this.#rows.change((rows) => {
      if (rows.has(token.id)) return [];
      const expired =
        rows.size < limits.tokensMax ? [] : [...rows.values()].filter(({ expiresMs }) => (expiresMs ?? Infinity) < token.createdMs);
      if (rows.size - expired.length >= limits.tokensMax) {
        throw new LogError("invalid_request", `A log has at most ${limits.tokensMax} tokens: delete those that nobody needs.`);
      }
      const made: RowChange<Token> = { sk: token.id, row: token, put: rowOf(token) };
      return [made, ...expired.map((row) => ({ sk: row.id, row }))];
    });
    return { token, secret };
  }

  async delete(id: string): Promise<void> {
    const gone = await this.#rows.change((rows) => {
      const row = rows.get(id);
      return row === undefined ? [] : [{ sk: id, row }];
    });
    if (gone.length === 0) throw new LogError("not_found", "There is no token of this id.");
  }
}

function rowOf({ id: _, ...token }: Token): JsonValue {
  return { v: formatVersion, ...token, scopes: token.scopes?.map((scope) => ({ ...scope })) ?? null, expiresMs: token.expiresMs ?? null };
}

/** @throws unsupported_version, corrupt_log */
function readToken(item: CatalogItem): Token {
  const { principal, createdBy, description, scopes, expiresMs, hash, createdMs } = rowValue(item, "The token");
  const isWhole =
    typeof principal === "string" && typeof createdBy === "string" && typeof hash === "string" && typeof createdMs === "number";
  if (!isWhole || (scopes !== null && !Array.isArray(scopes)))
    throw new LogError("corrupt_log", `The catalog's token ${item.key.sk} is none.`);
  return {
    id: item.key.sk,
    principal,
    createdBy,
    hash,
    createdMs,
    ...(typeof description === "string" && { description }),
    ...(scopes !== null && { scopes: scopes.map(checkScope) }),
    ...(typeof expiresMs === "number" && { expiresMs }),
  };
}
