import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, type ConnectOptions, type LogError } from "../../../lib/client/index.ts";

const told = (code: string, outcome: string) => (error: unknown) => {
  const { code: itsCode, outcome: itsOutcome } = error as LogError;
  assert.deepEqual([itsCode, itsOutcome], [code, outcome], String(error));
  return true;
};

function answering(status: number, body: string, options: ConnectOptions = {}) {
  return connect({ fetch: () => Promise.resolve(new Response(status === 204 ? null : body, { status })), ...options });
}

test("the server's error is the error: code, outcome, when to retry, and its facts", async () => {
  const error = { code: "wrong_expected_offset", message: "no", outcome: "not-applied", retryAfterMs: 5, actualOffset: 9 };
  await assert.rejects(answering(412, JSON.stringify({ error })).topics.get("t"), (reason: unknown) => {
    const { code, message, outcome, retryAfterMs, details } = reason as LogError;
    assert.deepEqual({ code, message, outcome, retryAfterMs, ...details }, error);
    return true;
  });
  const unheard = JSON.stringify({ error: { code: "from_the_future", message: "?", outcome: "unknown" } });
  await assert.rejects(answering(400, unheard).topics.get("t"), told("internal", "unknown"));
});

test("answers that are no server's of ours: a write may have happened behind a gateway, a read has not", async () => {
  const page = "<html>Bad gateway</html>";
  await assert.rejects(answering(502, page).topics.create({ name: "t" }), told("unavailable", "unknown"));
  await assert.rejects(answering(502, page).topics.get("t"), told("unavailable", "not-applied"));
  await assert.rejects(answering(429, page).topics.create({ name: "t" }), told("throttled", "not-applied"));
  await assert.rejects(answering(401, page).topics.get("t"), told("unauthenticated", "not-applied"));
  await assert.rejects(answering(404, page).topics.get("t"), told("not_found", "not-applied"));
  await assert.rejects(answering(200, page).topics.create({ name: "t" }), told("internal", "unknown"));
  await assert.rejects(answering(500, '{"error":7}').topics.create({ name: "t" }), told("internal", "unknown"));
  await assert.rejects(answering(500, '{"message":"x"}').topics.create({ name: "t" }), told("unavailable", "unknown"));
});

test("no answer in time: a timeout, and the write's outcome is unknown", async () => {
  const never = (_: string, init: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      init.signal!.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    });
  const log = connect({ fetch: never, requestTimeoutMs: 5 });
  await assert.rejects(log.topics.create({ name: "t" }), told("timeout", "unknown"));
  await assert.rejects(log.topics.get("t"), told("timeout", "not-applied"));
});

test("names and queries are encoded, headers are sent along, a path in the URL stays", async () => {
  const asked: { url: string; headers: Headers }[] = [];
  const log = connect({
    url: "http://host:1/base/",
    headers: { authorization: "Bearer x" },
    fetch: (url, init) => {
      asked.push({ url, headers: new Headers(init.headers) });
      return Promise.resolve(Response.json({ topics: [] }));
    },
  });
  await log.topics.get("a/b ?");
  await log.topics.list({ prefix: "x&y +", limit: 5 });
  assert.deepEqual(
    asked.map(({ url }) => url),
    ["http://host:1/base/v1/topics/a%2Fb%20%3F", "http://host:1/base/v1/topics?prefix=x%26y%20%2B&limit=5"],
  );
  assert.equal(asked[0]!.headers.get("authorization"), "Bearer x");
});

test("a token goes with each request; a function is asked each time, within the request's time", async () => {
  const asked: (string | null)[] = [];
  const fetch = (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("authorization"));
    return Promise.resolve(Response.json({ topics: [] }));
  };
  const fixed = connect({ token: "slog_abc", fetch });
  await fixed.topics.list();
  await fixed.topics.create({ name: "t" });
  let renewed = 0;
  const renewing = connect({ token: async () => `jwt.${++renewed}`, fetch });
  await renewing.topics.list();
  await renewing.topics.list();
  assert.deepEqual(asked, ["Bearer slog_abc", "Bearer slog_abc", "Bearer jwt.1", "Bearer jwt.2"]);
  const never = () => new Promise<string>(() => undefined);
  await assert.rejects(connect({ token: never, fetch, requestTimeoutMs: 5 }).topics.list(), told("timeout", "not-applied"));
  const failing = () => Promise.reject(new Error("the issuer is away"));
  await assert.rejects(connect({ token: failing, fetch }).topics.create({ name: "t" }), told("unauthenticated", "not-applied"));
  assert.equal(asked.length, 4, "nothing is sent without a token");
});

test("text that is no token is refused, and no message tells it", async () => {
  for (const token of ["", "secret\n", "sec ret", "sécret"]) {
    const refused = (error: unknown) => {
      assert.ok(!String(error).includes("ret"), String(error));
      return told("invalid_request", "not-applied")(error);
    };
    assert.throws(() => connect({ token }), refused);
    await assert.rejects(connect({ token: async () => token }).topics.list(), refused);
  }
});

test("a URL that is none is told at once", () => {
  for (const url of ["", "localhost:7070", "ftp://x", "http://"])
    assert.throws(() => connect({ url }), told("invalid_request", "not-applied"));
});
