import { AclIndex } from "../../core/access/acl-index.ts";
import { everyone, principalOfArn } from "../../core/access/principal.ts";
import type { Log } from "../../log/log.ts";
import type { Token } from "../../log/tokens.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AppRequest } from "../message.ts";
import { hasHash, parseToken } from "./api-token.ts";
import type { Caller, Rights } from "./caller.ts";
import type { JwtVerifier } from "./jwt.ts";
import { badCredentials, noCredentials } from "./refusals.ts";

export interface AuthenticatorParts {
  readonly log: Pick<Log, "acls" | "tokens">;
  readonly clock: Clock;
  readonly superUsers: ReadonlySet<string>;
  readonly jwt: JwtVerifier | undefined;
  /** Whether API tokens are accepted. */
  readonly acceptsTokens: boolean;
  readonly adminTokenHash: string | undefined;
}

const adminPrincipal = "User:admin";
/** One credential: a list of several has ", ". */
const bearer = /^bearer +([\w.~+/=-]+)$/i;
const jwtShape = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Finds out who calls: by the identity that a front door asserts, else by the bearer token. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  /** @throws unauthenticated, unavailable */
  async authenticate(request: AppRequest): Promise<Caller> {
    if (request.identity !== undefined) {
      const principal = principalOfArn(request.identity);
      if (principal === undefined) throw badCredentials();
      return this.#caller({ principal });
    }
    const header = request.header("authorization");
    if (header === undefined || header === "") throw noCredentials();
    const text = bearer.exec(header)?.[1];
    if (text === undefined) throw badCredentials();
    return await this.#ofBearer(text);
  }

  async #ofBearer(text: string): Promise<Caller> {
    const { adminTokenHash, acceptsTokens, jwt } = this.#parts;
    if (adminTokenHash !== undefined && hasHash(text, adminTokenHash)) return this.#caller({ principal: adminPrincipal, isSuper: true });
    const token = acceptsTokens ? parseToken(text) : undefined;
    if (token !== undefined) return await this.#ofToken(token.id, token.secret);
    if (jwt === undefined || !jwtShape.test(text)) throw badCredentials();
    const { principal, expiresMs } = await jwt.verify(text);
    return this.#caller({ principal, confirm: () => this.#checkExpiry(expiresMs) });
  }

  async #ofToken(id: string, secret: string): Promise<Caller> {
    const { principal, scopes } = await this.#validToken(id, secret);
    const limits = scopes && new AclIndex(scopes.map((scope) => ({ ...scope, principal: everyone, permission: "ALLOW" as const })));
    return this.#caller({ principal, limits, confirm: () => this.#validToken(id, secret).then(() => undefined) });
  }

  async #validToken(id: string, secret: string): Promise<Token> {
    const token = await this.#parts.log.tokens.find(id);
    if (token === undefined || !hasHash(secret, token.hash)) throw badCredentials();
    await this.#checkExpiry(token.expiresMs ?? Number.POSITIVE_INFINITY);
    return token;
  }

  async #checkExpiry(expiresMs: number): Promise<void> {
    if (expiresMs <= this.#parts.clock.nowMs()) throw badCredentials();
  }

  /** @param limits what a token's scopes allow at most */
  #caller({ principal, isSuper, limits, confirm }: Known): Caller {
    const { log, superUsers } = this.#parts;
    const mayAll = isSuper ?? superUsers.has(principal);
    const own = async (isRefused?: boolean): Promise<Rights> => {
      if (mayAll) return () => true;
      const acls = await log.acls.index(isRefused);
      return (operation, resourceType, name) => acls.isAllowed(principal, operation, resourceType, name);
    };
    const rights = async (isRefused?: boolean): Promise<Rights> => {
      const all = await own(isRefused);
      if (limits === undefined) return all;
      return (operation, resourceType, name) =>
        limits.isAllowed(principal, operation, resourceType, name) && all(operation, resourceType, name);
    };
    return { principal, isChecked: true, rights, confirm: confirm ?? (() => Promise.resolve()) };
  }
}

/** What the credentials say. */
interface Known {
  readonly principal: string;
  readonly isSuper?: boolean;
  readonly limits?: AclIndex | undefined;
  readonly confirm?: () => Promise<void>;
}
