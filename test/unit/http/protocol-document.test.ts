import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorCodes } from "../../../lib/core/errors.ts";
import { limits } from "../../../lib/core/limits.ts";
import { routes } from "../../../lib/http/routes/index.ts";
import { schemas } from "../../../lib/http/openapi/schemas.ts";
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
    const shown = route.path.replace(/\{(t|p|g|m)(opic|artition|roup|ember)\}/g, "{$1}");
    assert.ok(text.includes(shown), route.path);
    for (const { query = {} } of Object.values(route.operations)) {
      for (const name of Object.keys(query)) assert.ok(new RegExp(`[\`?&]${name}[\`=]`).test(text), `${route.path} ${name}`);
    }
  }
  for (const name of [...Object.values(requestHeaders), ...Object.values(responseHeaders)])
    assert.ok(text.toLowerCase().includes(name) || name.startsWith("producer-"), name);
});

test("docs/protocol.md has every setting of a triggered consumer, and every field of how it is", () => {
  for (const { properties } of [schemas.PutConsumer, schemas.ConsumerStatus, schemas.DeadLetter] as { properties: object }[]) {
    for (const name of Object.keys(properties)) assert.ok(text.includes(`\`${name}\``) || text.includes(`"${name}"`), name);
  }
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
  assert.equal(limits.groupIdLengthMax, 249);
  assert.equal(limits.groupMemberIdLengthMax, 249);
  assert.equal(limits.groupMembersMax, 1_000);
  assert.equal(limits.groupTopicsMax, 1_000);
  assert.equal(limits.sessionTimeoutMsMin, 6_000);
  assert.equal(limits.sessionTimeoutMsMax, 1_800_000);
  assert.equal(limits.sessionTimeoutMsDefault, 45_000);
  assert.equal(limits.offsetCommitsMax, 99);
  assert.equal(limits.offsetMetadataBytesMax, 4_096);
  assert.equal(limits.transactionIdLengthMax, 100);
  assert.equal(limits.outputBytesMax, 32 * 1024 * 1024);
  assert.equal(limits.transactWritesMax, 100);
  assert.equal(limits.triggerBatchSizeDefault, 100);
  assert.equal(limits.triggerBatchSizeMax, 10_000);
  assert.equal(limits.triggerWindowMsMax, 300_000);
  assert.equal(limits.functionTimeoutMsMax, 870_000);
  assert.equal(limits.triggerRetriesMax, 10_000);
  assert.equal(limits.triggerAgeMsMin, 60_000);
  assert.equal(limits.triggerAgeMsMax, 604_800_000);
  assert.equal(limits.triggerOutputTopicsMax, 10);
  assert.equal(limits.filtersMax, 10);
  assert.equal(limits.deadLetterListMax, 1_000);
});
