import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import type { Credentials } from "../../lib/config/security-settings.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { routes } from "../../lib/http/routes/index.ts";
import { methods, type Route } from "../../lib/http/route.ts";
import type { ErrorBody, NewTokenBody } from "../../lib/http/wire.ts";
import { type RunningServer, startServer } from "../../lib/server/index.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";

const adminToken = "an-admin-token-of-more-than-32-characters";
const asAdmin = { authorization: `Bearer ${adminToken}` };
const page = "https://console.example.com";

function start(credentials: Credentials = {}, host = "127.0.0.1"): Promise<RunningServer> {
  return startServer({ engine: createMemoryEngine(), port: 0, host, credentials: { adminToken, ...credentials } });
}

/** What fetch would not send: any headers, more than once. */
function rawStatus(
  port: number,
  headers: readonly string[],
  path = "/v1/topics",
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: "127.0.0.1", path, setHost: false, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => (body += piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on("error", reject).end();
  });
}

describe("the HTTP cases over sockets, with an admin's token", () => {
  let server: RunningServer;
  before(async () => {
    server = await start();
  });
  after(() => server.close());
  const asAdminFetch = (request: Request): Promise<Response> => {
    request.headers.set("authorization", asAdmin.authorization);
    return fetch(request);
  };
  for (const { name, run } of httpCases) test(name, () => run({ baseUrl: server.url, fetch: asAdminFetch }));
});

describe("a server with credentials", () => {
  let server: RunningServer;
  const call = (path: string, headers: Readonly<Record<string, string>> = asAdmin, method = "GET", body?: string): Promise<Response> =>
    fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) });

  before(async () => {
    server = await start({ allowedOrigins: [page] });
    const headers = { ...asAdmin, "content-type": "application/json" };
    assert.equal((await call("/v1/topics", headers, "POST", '{"name":"t"}')).status, 201);
  });
  after(() => server.close());

  test("answers nothing to who has none, whatever is asked for", async () => {
    const paths = ["/", "/nothing", "/v1/nothing", "/v1/topics/%ff", "/v1/topics/t/partitions/x/records"];
    for (const { path, unversioned } of Object.values<Route>(routes)) {
      const own = path.replace("{topic}", "t").replace("{partition}", "0").replace("{id}", "0123456789abcdef");
      paths.push(`/v1${own}`, ...(unversioned === true ? [own] : []));
    }
    for (const path of paths) {
      for (const method of [...methods, "HEAD", "OPTIONS", "PUT"]) {
        const response = await call(path, {}, method);
        assert.equal(response.status, 401, `${method} ${path}`);
        assert.equal(response.headers.get("www-authenticate"), "Bearer");
        assert.equal(response.headers.get("allow"), null);
        const text = await response.text();
        if (method !== "HEAD") assert.equal((JSON.parse(text) as ErrorBody).error.code, "unauthenticated");
      }
    }
    assert.equal((await call("/v1/topics/t")).status, 200, "and nothing was changed");
  });

  test("takes no credentials that are not quite those, and repeats none of them", async () => {
    const token = (
      (await (
        await call("/v1/tokens", { ...asAdmin, "content-type": "application/json" }, "POST", '{"principal":"User:ada"}')
      ).json()) as NewTokenBody
    ).token;
    const last = token.at(-1) === "0" ? "1" : "0";
    const bad = [
      "",
      "Bearer",
      "Bearer ",
      `Basic ${btoa(`admin:${adminToken}`)}`,
      adminToken,
      `Bearer ${adminToken}x`,
      `Bearer ${adminToken.slice(0, -1)}`,
      `Bearer ${adminToken.toUpperCase()}`,
      `Bearer ${adminToken}, Bearer ${adminToken}`,
      `Bearer ${token.slice(0, -1)}${last}`,
      `Bearer ${token}0`,
      `Bearer ${token.toUpperCase()}`,
      `Bearer slt_0123456789abcdef_${token.slice(-64)}`,
      `Bearer ${token} ${adminToken}`,
      `Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.`,
      `Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.AAAA`,
      "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=00",
    ];
    const messages = new Set<string>();
    for (const authorization of bad) {
      const response = await call("/v1/topics", { authorization });
      assert.equal(response.status, 401, authorization);
      const { message } = ((await response.json()) as ErrorBody).error;
      assert.ok(!message.includes(token.slice(-64)) && !message.includes(adminToken));
      messages.add(message);
    }
    assert.equal(messages.size, 2, "one message for none, one for bad ones");
    assert.equal((await call("/v1/health", { authorization: `bearer ${token}` })).status, 200, "a scheme's case does not matter");
  });

  test("takes no second Authorization and no second Host", async () => {
    const host = `127.0.0.1:${server.port}`;
    assert.equal((await rawStatus(server.port, ["Host", host, "Authorization", asAdmin.authorization])).status, 200);
    const twice = ["Host", host, "Authorization", asAdmin.authorization, "Authorization", asAdmin.authorization];
    assert.equal((await rawStatus(server.port, twice)).status, 401);
    assert.notEqual((await rawStatus(server.port, ["Host", host, "Host", "evil.example", ...twice.slice(2, 4)])).status, 200);
    assert.equal((await rawStatus(server.port, ["Host", "evil.example", ...twice.slice(2, 4)])).status, 403);
  });

  test("lets the browsers of allowed pages give them answers, refusals too, and those of no others", async () => {
    const asked = { origin: page, "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const preflight = await call("/v1/topics", asked, "OPTIONS");
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), page);
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /\bPOST\b.*\bDELETE\b/);
    for (const name of ["authorization", "content-type", "producer-id", "last-event-id"]) {
      assert.ok(preflight.headers.get("access-control-allow-headers")?.split(", ").includes(name), name);
    }
    assert.deepEqual(
      (await call("/v1/nothing", asked, "OPTIONS")).headers.get("access-control-allow-methods"),
      preflight.headers.get("access-control-allow-methods"),
      "what is there is not told",
    );
    for (const [headers, status] of [
      [{ ...asAdmin, origin: page, "sec-fetch-site": "cross-site" }, 200],
      [{ origin: page }, 401],
    ] as const) {
      const response = await call("/v1/topics", headers);
      assert.equal(response.status, status);
      assert.equal(response.headers.get("access-control-allow-origin"), page);
      assert.equal(response.headers.get("vary"), "origin");
      assert.match(response.headers.get("access-control-expose-headers") ?? "", /stratalog-next-offset/);
      assert.equal(response.headers.get("access-control-allow-credentials"), null);
    }
    for (const origin of [
      "https://evil.example",
      `${page}.evil.example`,
      `${page}:8443`,
      "http://console.example.com",
      "null",
      page.toUpperCase(),
    ]) {
      for (const headers of [
        { ...asAdmin, origin },
        { ...asked, origin },
      ] as readonly Readonly<Record<string, string>>[]) {
        const response = await call("/v1/topics", headers, "access-control-request-method" in headers ? "OPTIONS" : "GET");
        assert.equal(response.status, 403, origin);
        assert.equal(response.headers.get("access-control-allow-origin"), null);
        assert.equal(response.headers.get("vary"), "origin");
      }
    }
    assert.equal((await call("/v1/topics", { ...asAdmin, "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await call("/v1/topics")).headers.get("access-control-allow-origin"), null);
  });
});

describe("a server that other machines can reach", () => {
  test("does not start without credentials, and says how to configure some", async () => {
    await assert.rejects(startServer({ engine: createMemoryEngine(), port: 0, host: "0.0.0.0" }), (error: Error) => {
      assert.match(error.message, /STRATALOG_ADMIN_TOKEN/);
      return true;
    });
  });

  test("starts with credentials, and serves its addresses and no name", async () => {
    const server = await start({}, "0.0.0.0");
    try {
      const own = ["Authorization", asAdmin.authorization];
      for (const host of [`127.0.0.1:${server.port}`, `10.0.0.1:${server.port}`, `localhost:${server.port}`]) {
        assert.equal((await rawStatus(server.port, ["Host", host, ...own])).status, 200, host);
      }
      for (const host of [`log.example.com:${server.port}`, "10.0.0.1"]) {
        assert.equal((await rawStatus(server.port, ["Host", host, ...own])).status, 403, host);
      }
    } finally {
      await server.close();
    }
  });

  test("does not start with credentials that are none", async () => {
    for (const credentials of [{ adminToken: "short" }, { adminToken: `${adminToken} with spaces` }, { superUsers: ["ada"] }]) {
      await assert.rejects(start(credentials), { code: "invalid_request" });
    }
  });
});
