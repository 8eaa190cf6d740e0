import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorCodes } from "../../../lib/core/errors.ts";
import { limits } from "../../../lib/core/limits.ts";
import { routes } from "../../../lib/http/routes/index.ts";
import type { Route } from "../../../lib/http/route.ts";
import { statusOf } from "../../../lib/http/status.ts";
import { requestHeaders, responseHeaders } from "../../../lib/http/wire.ts";

const text = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

test("docs/protocol.md has every error code under its status", () => {
  for (const code of errorCodes) {
    const row = text.split("\n").find((line) => line.startsWith(`| ${statusOf[code]} |`));
    assert.ok(row?.includes(`\`${code}\``), `${statusOf[code]} ${code}`);
  }
});

test("docs/protocol.md has every path, query parameter and header", () => {
  for (const route of Object.values<Route>(routes)) {
    assert.ok(text.includes(route.path.replace("{topic}", "{t}").replace("{partition}", "{p}")), route.path);
    for (const { query = {} } of Object.values(route.operations)) {
      for (const name of Object.keys(query)) assert.ok(new RegExp(`[\`?&]${name}[\`=]`).test(text), `${route.path} ${name}`);
    }
  }
  for (const name of [...Object.values(requestHeaders), ...Object.values(responseHeaders)])
    assert.ok(text.toLowerCase().includes(name) || name.startsWith("producer-"), name);
});

test("docs/protocol.md has the limits as they are", () => {
  assert.equal(limits.requestBytesMax, 16 * 1024 * 1024);
  assert.equal(limits.requestRecordsMax, 100_000);
  assert.equal(limits.ndjsonLineBytesMax, 4 * 1024 * 1024);
  assert.equal(limits.ndjsonRecordsMax, 1_000_000);
  assert.equal(limits.jsonDepthMax, 64);
  assert.equal(limits.fetchRecordsDefault, 500);
  assert.equal(limits.streamPartitionsMax, 256);
  assert.equal(limits.streamKeepAliveMs, 15_000);
});
