import assert from "node:assert/strict";
import type { NewTokenBody, TokenBody, TokenListBody, WireNewScope } from "../../../http/wire.ts";
import { type Api, apiCase, freshName, type HttpCase, jsonBody } from "./target.ts";

/** A case about tokens of a principal of its own, deleted in the end. */
function tokenCase(name: string, run: (api: Api, principal: string) => Promise<void>): HttpCase {
  return apiCase(name, async (api) => {
    const principal = `User:${freshName()}`;
    try {
      await run(api, principal);
    } finally {
      for (const { id } of await list(api, principal)) await (await api.send(`/tokens/${id}`, { method: "DELETE" })).arrayBuffer();
    }
  });
}

const list = async (api: Api, principal: string): Promise<readonly TokenBody[]> =>
  (await api.json<TokenListBody>(`/tokens?principal=${principal}`)).tokens;

export const tokenCases: readonly HttpCase[] = [
  tokenCase("a token's text is told when it is made, and never again", async (api, principal) => {
    const before = Date.now();
    const response = await api.send("/tokens", jsonBody({ principal }));
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const { token, ...rest } = (await response.json()) as NewTokenBody;
    assert.match(token, /^slt_[0-9a-f]{16}_[0-9a-f]{64}$/);
    assert.ok(token.startsWith(`slt_${rest.id}_`));
    assert.equal(rest.principal, principal);
    // The server's clock may be another one's.
    assert.ok(Math.abs(rest.createdMs - before) < 3_600_000);
    const listed = await api.send(`/tokens?principal=${principal}`);
    const text = await listed.text();
    assert.deepEqual(JSON.parse(text), { tokens: [rest] });
    assert.ok(!text.includes(token.slice(-64)));
    assert.doesNotMatch(text, /hash|secret/i);
  }),

  tokenCase("a token keeps what it was made with", async (api, principal) => {
    const scopes: readonly WireNewScope[] = [
      { resourceType: "TOPIC", resourceName: "orders", operation: "READ" },
      { resourceType: "TOPIC", resourceName: "orders-", patternType: "PREFIXED", operation: "WRITE" },
    ];
    const expiresMs = Date.now() + 86_400_000;
    const made = await api.post<NewTokenBody>("/tokens", { principal, description: "for tests", scopes, expiresMs }, 201);
    const [listed] = await list(api, principal);
    assert.deepEqual(listed?.scopes, [{ ...scopes[0], patternType: "LITERAL" }, scopes[1]]);
    assert.equal(listed.description, "for tests");
    assert.equal(listed.expiresMs, expiresMs);
    assert.equal(listed.id, made.id);
  }),

  tokenCase("a token is deleted once", async (api, principal) => {
    const made = await api.post<NewTokenBody>("/tokens", { principal }, 201);
    assert.equal((await api.send(`/tokens/${made.id}`, { method: "DELETE" })).status, 204);
    assert.deepEqual(await list(api, principal), []);
    await api.refused(404, "not_found", `/tokens/${made.id}`, { method: "DELETE" });
    await api.refused(404, "not_found", "/tokens/none", { method: "DELETE" });
  }),

  tokenCase("tokens are listed page by page", async (api, principal) => {
    const made: string[] = [];
    for (let count = 0; count < 3; count++) made.push((await api.post<NewTokenBody>("/tokens", { principal }, 201)).id);
    const first = await api.json<TokenListBody>(`/tokens?principal=${principal}&limit=2`);
    const second = await api.json<TokenListBody>(`/tokens?principal=${principal}&limit=2&cursor=${first.nextCursor ?? ""}`);
    assert.deepEqual(
      [...first.tokens, ...second.tokens].map(({ id }) => id),
      made.toSorted(),
    );
    assert.equal(second.nextCursor, undefined);
  }),

  tokenCase("bad tokens are refused, and none is made", async (api, principal) => {
    const scope = { resourceType: "TOPIC", resourceName: "t", operation: "READ" };
    const bad: readonly unknown[] = [
      {},
      { principal: 1 },
      ...["ada", "User:", "User:*", "User:arn:aws:iam::123456789012:role/Admin", "User:arn:x", `User:${"x".repeat(600)}`].map((other) => ({
        principal: other,
      })),
      { principal, hash: "x" },
      { principal, id: "x" },
      { principal, description: 1 },
      { principal, description: "x".repeat(201) },
      ...[0, -1, 1.5, "soon", null, Date.now() - 86_400_000].map((expiresMs) => ({ principal, expiresMs })),
      ...[
        [],
        {},
        null,
        "READ",
        [1],
        [{}],
        [{ ...scope, permission: "ALLOW" }],
        [{ ...scope, operation: "EAT" }],
        Array(21).fill(scope),
      ].map((scopes) => ({ principal, scopes })),
    ];
    for (const body of bad) await api.refused(400, "invalid_request", "/tokens", jsonBody(body));
    await api.refused(400, "invalid_request", "/tokens?principal=ada");
    assert.deepEqual(await list(api, principal), []);
  }),
];
