import assert from "node:assert/strict";
import type { HealthBody } from "../../../http/wire.ts";
import { apiCase, type HttpCase, jsonBody, topicCase } from "./target.ts";

export const protocolCases: readonly HttpCase[] = [
  apiCase("health and the API's description are served with and without /v1", async (api) => {
    for (const root of ["", "/"]) {
      assert.equal((await api.json<HealthBody>(`${root}/health`)).status, "ok");
      const document = await api.json<{ readonly openapi: string; readonly paths: Readonly<Record<string, unknown>> }>(
        `${root}/openapi.json`,
      );
      assert.match(document.openapi, /^3\.1\./);
      assert.ok("/v1/topics/{topic}/records" in document.paths);
    }
  }),

  apiCase("metrics are text for Prometheus, where the server keeps any", async (api) => {
    for (const root of ["", "/"]) {
      const response = await api.send(`${root}/metrics`);
      const text = await response.text();
      if (response.status === 200) assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
      else assert.ok(response.status === 404 && text.includes('"not_found"'), `${response.status} ${text}`);
    }
  }),

  apiCase("a path that is not there is told", async (api) => {
    for (const path of [
      "//",
      "//v1",
      "/",
      "/topic",
      "/topics/",
      "/topics/x/",
      "/topics/x/nope",
      "/topics/x/partitions",
      "/topics/x/partitions/0",
      "/topics/x/partitions/0/records/1",
    ]) {
      await api.refused(404, "not_found", path);
    }
    await api.refused(404, "not_found", "//v2/topics");
  }),

  apiCase("a method that is not there is told, with those that are", async (api) => {
    const response = await api.send("/topics", { method: "DELETE" });
    assert.equal(response.status, 405);
    assert.deepEqual(new Set((response.headers.get("allow") ?? "").split(", ")), new Set(["GET", "HEAD", "POST", "OPTIONS"]));
    await response.text();
    await api.refused(405, "method_not_allowed", "/topics/x", { ...jsonBody("{}"), method: "PUT" });
    await api.refused(405, "method_not_allowed", "/health", jsonBody("{}"));
  }),

  topicCase("OPTIONS tells the methods, HEAD is GET without a body", {}, async (api, topic) => {
    const options = await api.send(`/topics/${topic}/records`, { method: "OPTIONS" });
    assert.equal(options.status, 204);
    assert.equal(options.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
    assert.equal(options.headers.get("access-control-allow-origin"), null);
    for (const [path, accept, status] of [
      ["/health", "*/*", 200],
      [`/topics/${topic}`, "*/*", 200],
      [`/topics/${topic}-none`, "*/*", 404],
      [`/topics/${topic}/records`, "text/event-stream", 200],
    ] as const) {
      const head = await api.send(path, { method: "HEAD", headers: { accept } });
      assert.equal(head.status, status, path);
      assert.equal(await head.text(), "");
    }
  }),

  topicCase("what nothing can be served as is told", {}, async (api, topic) => {
    const headers = { accept: "text/html, image/*" };
    await api.refused(406, "not_acceptable", `/topics/${topic}/partitions/0/records`, { headers });
    await api.refused(406, "not_acceptable", `/topics/${topic}/records`, { headers: { accept: "application/json" } });
    const mixed = await api.send(`/topics/${topic}/partitions/0/records`, {
      headers: { accept: "text/html;q=0.9, application/json;q=0.1, */*;q=0" },
    });
    assert.equal(mixed.status, 200);
    assert.match(mixed.headers.get("content-type") ?? "", /^application\/json/);
    await mixed.text();
  }),

  topicCase("web pages of other sites reach nothing", {}, async (api, topic) => {
    const foreign: readonly Readonly<Record<string, string>>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:1" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      const error = await api.refused(403, "forbidden", `/topics/${topic}`, { headers });
      assert.match(error.message, /page/);
      const sent = jsonBody({ records: [{ value: "x" }] });
      await api.refused(403, "forbidden", `/topics/${topic}/records`, { ...sent, headers: { ...sent.headers, ...headers } });
      await api.refused(403, "forbidden", `/topics/${topic}`, { method: "DELETE", headers });
    }
    assert.deepEqual(await api.highWatermarks(topic), [0]);
  }),
];
