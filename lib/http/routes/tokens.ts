import { checkScope } from "../../core/access/check-acl.ts";
import { canonicalPrincipal, everyone } from "../../core/access/principal.ts";
import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { NewToken, Token } from "../../log/tokens.ts";
import { hashOf, tokenText } from "../auth/api-token.ts";
import { readFields } from "../body.ts";
import { ref } from "../openapi/schemas.ts";
import { empty, json } from "../responses.ts";
import type { Operation, Route } from "../route.ts";
import { mediaTypes, type NewTokenBody, type TokenBody, type TokenListBody } from "../wire.ts";
import { itemsOf, pageParameters, readPage } from "./paging.ts";

const list: Operation = {
  id: "listTokens",
  summary: "List API tokens, without their secrets",
  access: { resource: "CLUSTER", operation: "DESCRIBE" },
  query: { principal: { description: "Only of this principal.", schema: { type: "string" } }, ...pageParameters },
  answers: { 200: { description: "A page; more may follow where it has `nextCursor`.", content: { [mediaTypes.json]: ref("TokenList") } } },
  errors: [],
  async handle({ services, query }) {
    const { limit, after } = readPage(query, limits.listCursorLengthMax);
    const principal = query.get("principal");
    const only = principal === undefined ? {} : { principal: canonicalPrincipal(principal) };
    const tokens = await services.log.tokens.list({ limit, after, ...only });
    const last = tokens.length === limit ? tokens.at(-1) : undefined;
    const body: TokenListBody = { tokens: tokens.map(tokenBody), ...(last === undefined ? {} : { nextCursor: last.id }) };
    return json(200, body);
  },
};

const create: Operation = {
  id: "createToken",
  summary: "Make an API token",
  description: "Its text is told in this answer and never again. Whoever may do this may act as any principal that is no AWS identity.",
  access: { resource: "CLUSTER", operation: "ALTER" },
  body: { [mediaTypes.json]: ref("CreateToken") },
  answers: { 201: { description: "The token.", content: { [mediaTypes.json]: ref("NewToken") } } },
  errors: ["conflict", "request_too_large", "unsupported_media_type", "storage_full"],
  async handle(call) {
    const asked = newTokenOf(await readFields(call, ["principal", "description", "scopes", "expiresMs"]), call.caller.principal);
    const { token, secret } = await call.services.log.tokens.create(asked, hashOf);
    const body: NewTokenBody = { ...tokenBody(token), token: tokenText(token.id, secret) };
    return json(201, body, { "cache-control": "no-store" });
  },
};

const remove: Operation = {
  id: "deleteToken",
  summary: "Revoke an API token",
  description: "It lets nobody in any more: in this process at once, in others within seconds.",
  access: { resource: "CLUSTER", operation: "ALTER" },
  answers: { 204: { description: "It is gone." } },
  errors: ["not_found", "conflict", "storage_full"],
  async handle({ services, tokenId }) {
    await services.log.tokens.delete(tokenId);
    return empty(204);
  },
};

export const tokensRoute: Route = { path: "/tokens", operations: { GET: list, POST: create } };
export const tokenRoute: Route = { path: "/tokens/{id}", operations: { DELETE: remove } };

function newTokenOf(fields: ReadonlyMap<string, unknown>, createdBy: string): NewToken {
  const description = fields.get("description");
  const isText = typeof description === "string" && description.length <= limits.tokenDescriptionLengthMax;
  if (description !== undefined && !isText) {
    throw new LogError("invalid_request", `description must be a string of at most ${limits.tokenDescriptionLengthMax} characters.`);
  }
  const expiresMs = fields.get("expiresMs");
  if (expiresMs !== undefined && (typeof expiresMs !== "number" || !Number.isSafeInteger(expiresMs) || expiresMs < 0)) {
    throw new LogError("invalid_request", "expiresMs must be a time in epoch milliseconds.");
  }
  return {
    principal: tokenPrincipal(fields.get("principal")),
    createdBy,
    ...(isText && { description }),
    ...(fields.get("scopes") !== undefined && { scopes: itemsOf(fields, "scopes", limits.tokenScopesMax).map(checkScope) }),
    ...(expiresMs !== undefined && { expiresMs }),
  };
}

/** A token is for one caller, and AWS identities prove themselves by signing. @throws invalid_request */
function tokenPrincipal(value: unknown): string {
  const principal = typeof value === "string" ? canonicalPrincipal(value) : everyone;
  if (principal !== everyone && !principal.startsWith("User:arn:")) return principal;
  throw new LogError(
    "invalid_request",
    "principal must be User: and a name such as User:ada, not an AWS identity: those sign their requests.",
  );
}

function tokenBody({ hash: _, ...token }: Token): TokenBody {
  return token;
}
