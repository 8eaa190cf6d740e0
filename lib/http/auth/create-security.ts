import { badAdminToken, type Credentials, isAdminToken } from "../../config/security-settings.ts";
import { canonicalPrincipal } from "../../core/access/principal.ts";
import type { Log } from "../../log/log.ts";
import type { Clock } from "../../ports/clock.ts";
import { hashOf } from "./api-token.ts";
import { Authenticator } from "./authenticator.ts";
import { JwtVerifier } from "./jwt.ts";
import type { Security } from "./security.ts";

export interface SecurityOptions {
  readonly clock: Clock;
  /** Who is let in, beside callers whose signature a front door has checked: those always are. `{}`: nobody else but who has an API token. */
  readonly credentials: Credentials;
}

/**
 * Security's composition: who calls the HTTP API, and what ACLs in the log's catalog say that they may do. Nobody is let in without credentials.
 * @throws invalid_request when the credentials are no such
 */
export function createSecurity(log: Pick<Log, "acls" | "tokens">, { clock, credentials }: SecurityOptions): Security {
  const { jwt, tokens = true, adminToken, superUsers = [], allowedOrigins = [] } = credentials;
  if (adminToken !== undefined && !isAdminToken(adminToken)) throw badAdminToken();
  const authenticator = new Authenticator({
    log,
    clock,
    superUsers: new Set(superUsers.map(canonicalPrincipal)),
    jwt: jwt && new JwtVerifier(jwt, clock),
    acceptsTokens: tokens,
    adminTokenHash: adminToken === undefined ? undefined : hashOf(adminToken),
  });
  return {
    clock,
    allowedOrigins: new Set(allowedOrigins),
    authenticate: (request) => authenticator.authenticate(request),
  };
}
