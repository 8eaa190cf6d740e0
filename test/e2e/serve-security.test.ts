import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NewTokenBody, ProduceAnswer } from "../../lib/http/wire.ts";
import { runCommand } from "./run-command.ts";
import { startServerProcess, temporaryFolder } from "./start-server.ts";

const adminToken = "an-admin-token-of-more-than-32-characters";

function call(url: string, token: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe("stratalog serve with credentials", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  test("keeps rights and tokens over a restart, and prints no secret", async () => {
    const env = { STRATALOG_ADMIN_TOKEN: adminToken };
    const first = await startServerProcess({ data: folder.path, env });
    assert.equal((await call(first.url, adminToken, "POST", "/topics", { name: "t" })).status, 201);
    const made = await call(first.url, adminToken, "POST", "/tokens", { principal: "User:ada" });
    const { token } = (await made.json()) as NewTokenBody;
    const right = { resourceType: "TOPIC", resourceName: "t", principal: "User:ada", operation: "WRITE", permission: "ALLOW" };
    assert.equal((await call(first.url, token, "POST", "/topics/t/records", { records: [{ value: "x" }] })).status, 403);
    assert.equal((await call(first.url, adminToken, "POST", "/acls", { acls: [right] })).status, 200);
    assert.equal((await call(first.url, token, "POST", "/topics/t/records", { records: [{ value: "x" }] })).status, 200);
    assert.equal((await fetch(`${first.url}/health`)).status, 401);
    assert.ok(!first.printed().includes(adminToken) && !first.printed().includes(token));
    assert.equal(await first.stop("SIGKILL"), "SIGKILL");

    const second = await startServerProcess({ data: folder.path, env });
    const answer = await call(second.url, token, "POST", "/topics/t/records", { records: [{ value: "y" }] });
    assert.deepEqual(((await answer.json()) as ProduceAnswer).offsets, [{ partition: 0, offset: 1 }]);
    await second.stop();

    const without = await startServerProcess({ data: folder.path });
    assert.equal((await fetch(`${without.url}/v1/acls`)).status, 200, "without credentials nothing is checked");
    await without.stop();
  });

  test("listens on other addresses, with a note that TLS is missing", async () => {
    const env = { STRATALOG_ADMIN_TOKEN: adminToken };
    const server = await startServerProcess({ data: folder.path, args: ["--host", "0.0.0.0"], env });
    assert.equal((await call(`http://127.0.0.1:${server.port}`, adminToken, "GET", "/topics")).status, 200);
    await server.stop();
    assert.match(server.printed(), /without TLS/);
  });

  test("does not start where settings would look as if there were credentials, or where there are none for others", async () => {
    for (const [args, says] of [
      [["--host", "0.0.0.0"], /STRATALOG_ADMIN_TOKEN/],
      [["--super-users", "User:ada"], /STRATALOG_ADMIN_TOKEN/],
      [["--jwt-issuer", "https://login.example.com/"], /--jwt-audience/],
      [["--jwt-issuer", "https://login.example.com/", "--jwt-audience", "x", "--jwt-algorithms", "none"], /RS256/],
      [["--tokens", "maybe"], /on or off/],
    ] as const) {
      const { code, stderr } = await runCommand(["serve", "--engine", "memory", "--port", "0", ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, says);
    }
  });
});
