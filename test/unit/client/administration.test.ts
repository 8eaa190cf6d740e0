/** ACLs, tokens and quotas through the SDK, with a server in the same process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogError } from "../../../lib/client/index.ts";
import { inProcess } from "./in-process.ts";

const orders = { resourceType: "TOPIC", resourceName: "orders", principal: "User:ci", permission: "ALLOW" } as const;
const refused = (code: string) => (error: unknown) => (error as LogError).code === code && (error as LogError).outcome === "not-applied";

test("ACLs are added, listed page by page, and deleted by a filter", async () => {
  const { acls } = inProcess().log;
  const made = await acls.create([
    { ...orders, operation: "READ" },
    { ...orders, operation: "WRITE", patternType: "PREFIXED" },
  ]);
  assert.deepEqual(
    made.map(({ patternType }) => patternType),
    ["LITERAL", "PREFIXED"],
  );
  const first = await acls.list({ limit: 1 });
  const second = await acls.list({ limit: 1, ...(first.nextCursor !== undefined && { cursor: first.nextCursor }) });
  const shown = [...first.acls, ...second.acls].map(({ operation }) => operation);
  assert.deepEqual(shown.sort(), ["READ", "WRITE"]);
  const affecting = await acls.list({ resourceType: "TOPIC", resourceName: "orders-eu", patternType: "MATCH" });
  assert.deepEqual(
    affecting.acls.map(({ operation }) => operation),
    ["WRITE"],
  );
  assert.equal((await acls.delete({ operation: "READ" })).length, 1);
  assert.equal((await acls.list()).acls.length, 1);
  await assert.rejects(acls.delete({}), refused("invalid_request"));
});

test("a token's text is told when it is made, and not again", async () => {
  const { tokens } = inProcess().log;
  const made = await tokens.create({ principal: "User:ci", description: "builds", expiresMs: Date.now() + 60_000 });
  assert.match(made.token, /^slt_/);
  await tokens.create({ principal: "User:other" });
  const listed = await tokens.list({ principal: "User:ci" });
  assert.deepEqual(
    listed.tokens.map(({ id, description }) => [id, description]),
    [[made.id, "builds"]],
  );
  assert.ok(!JSON.stringify(await tokens.list()).includes(made.token));
  await tokens.revoke(made.id);
  assert.deepEqual((await tokens.list({ principal: "User:ci" })).tokens, []);
  await assert.rejects(tokens.revoke(made.id), refused("not_found"));
});

test("quotas are set, kept by kind, listed and taken away", async () => {
  const { quotas } = inProcess().log;
  assert.deepEqual(await quotas.set({ principal: "User:ci", requestRate: 1_000 }), { principal: "User:ci", requestRate: 1_000 });
  const both = { principal: "User:ci", requestRate: 1_000, producerByteRate: 5 };
  assert.deepEqual(await quotas.set({ principal: "User:ci", producerByteRate: 5 }), both);
  await quotas.set({ principal: "User:*", consumerByteRate: 7 });
  assert.deepEqual((await quotas.list("User:ci")).quotas, [both]);
  assert.deepEqual(
    (await quotas.list()).quotas.map(({ principal }) => principal),
    ["User:*", "User:ci"],
  );
  assert.deepEqual(await quotas.set({ principal: "User:ci", requestRate: null, producerByteRate: null }), { principal: "User:ci" });
  await assert.rejects(quotas.set({ principal: "ci", requestRate: 1 }), refused("invalid_request"));
});
