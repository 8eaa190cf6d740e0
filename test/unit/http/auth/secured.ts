import { type Acl, type Operation, type ResourceType } from "../../../../lib/core/access/acl.ts";
import type { Credentials } from "../../../../lib/config/security-settings.ts";
import type { App, AppOptions } from "../../../../lib/http/app.ts";
import { hashOf, tokenText } from "../../../../lib/http/auth/api-token.ts";
import { createSecurity } from "../../../../lib/http/auth/create-security.ts";
import { fetchWith } from "../../../../lib/http/fetch-adapter.ts";
import type { AppRequest } from "../../../../lib/http/message.ts";
import type { Log } from "../../../../lib/log/log.ts";
import type { NewToken } from "../../../../lib/log/tokens.ts";
import { createLog } from "../../../../lib/log/create-log.ts";
import { nodeCompression } from "../../../../lib/node/compression.ts";
import { nodeRandom } from "../../../../lib/node/random.ts";
import { createMemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { nodeClock } from "../../../../lib/node/clock.ts";
import type { Clock } from "../../../../lib/ports/clock.ts";
import type { Engine } from "../../../../lib/ports/engine.ts";
import { appOver } from "../fixtures.ts";

export const adminToken = "an-admin-token-of-more-than-32-characters";
export const asAdmin = { authorization: `Bearer ${adminToken}` };

export interface Secured {
  readonly log: Log;
  readonly app: App;
  /** A token's header. */
  readonly tokenFor: (principal: string, more?: Partial<NewToken>) => Promise<Readonly<Record<string, string>>>;
}

/** An app that lets in an admin token, API tokens and asserted identities. */
export function secured(
  credentials: Credentials = {},
  clock: Clock = nodeClock,
  options: Partial<AppOptions> = {},
  engine: Engine = createMemoryEngine(),
): Secured {
  const log = createLog(engine, { clock, random: nodeRandom, compression: nodeCompression });
  const app = appOver(log, { security: createSecurity(log, { clock, credentials: { adminToken, ...credentials } }), ...options });
  const tokenFor = async (principal: string, more: Partial<NewToken> = {}) => {
    const { token, secret } = await log.tokens.create({ principal, createdBy: "User:admin", ...more }, hashOf);
    return { authorization: `Bearer ${tokenText(token.id, secret)}` };
  };
  return { log, app, tokenFor };
}

/** The ACL that allows, or with DENY forbids, an operation on a topic or what is said. */
export function acl(principal: string, operation: Operation, resourceName: string, more: Partial<Acl> = {}): Acl {
  const resourceType: ResourceType = resourceName === "kafka-cluster" ? "CLUSTER" : "TOPIC";
  return { resourceType, resourceName, patternType: "LITERAL", principal, operation, permission: "ALLOW", ...more };
}

/** Sends as a front door does that has checked a signature. */
export function sendAs({ handle }: App, identity: string, request: Request): Promise<Response> {
  return fetchWith((plain) => handle(withIdentity(plain, identity)), request);
}

function withIdentity(request: AppRequest, identity: string): AppRequest {
  return {
    method: request.method,
    url: request.url,
    identity,
    signal: request.signal,
    header: (name) => request.header(name),
    readBytes: (bytesMax) => request.readBytes(bytesMax),
    chunks: () => request.chunks(),
  };
}
