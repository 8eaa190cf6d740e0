/** Quotas of principals with tokens, over sockets; the log's time stands still unless it is moved. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { limits } from "../../lib/core/limits.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { type ErrorBody, mediaTypes, type NewTokenBody, type QuotaListBody } from "../../lib/http/wire.ts";
import { createLog } from "../../lib/log/create-log.ts";
import type { Log } from "../../lib/log/log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { type RunningServer, startServer } from "../../lib/server/index.ts";
import { runCommand } from "./run-command.ts";
import { type ServerProcess, startServerProcess, temporaryFolder } from "./start-server.ts";

const adminToken = "an-admin-token-of-more-than-32-characters";
const big = "x".repeat(5_000);
let nowMs = nodeClock.nowMs();
let log: Log;
let server: RunningServer;

before(async () => {
  const parts = { clock: { ...nodeClock, nowMs: () => nowMs }, random: nodeRandom, compression: nodeCompression };
  log = createLog({ ...createMemoryEngine(), isShared: false }, parts);
  server = await startServer({ log, port: 0, credentials: { adminToken, tokens: true } });
  await ok(admin("POST", "/topics", { name: "t" }));
  const right = { resourceType: "TOPIC", resourceName: "t", principal: "User:*", operation: "ALL", permission: "ALLOW" };
  await ok(admin("POST", "/acls", { acls: [right] }));
});
after(() => server.close());

const authorized = (token: string, more: Readonly<Record<string, string>> = {}) => ({ authorization: `Bearer ${token}`, ...more });
const send = (path: string, init: RequestInit): Promise<Response> => fetch(`${server.url}/v1${path}`, init);
const admin = (method: string, path: string, body: unknown): Promise<Response> =>
  send(path, { method, headers: authorized(adminToken, { "content-type": mediaTypes.json }), body: JSON.stringify(body) });

async function ok(sent: Promise<Response>): Promise<ArrayBuffer> {
  const response = await sent;
  const body = await response.arrayBuffer();
  assert.ok(response.ok, `${response.status} ${Buffer.from(body).toString()}`);
  return body;
}

async function tokenFor(principal: string): Promise<string> {
  const body = await ok(admin("POST", "/tokens", { principal }));
  return (JSON.parse(Buffer.from(body).toString()) as NewTokenBody).token;
}

/** A principal with quotas, and one without. */
async function two(name: string, rates: Readonly<Record<string, number>>): Promise<readonly [string, string]> {
  await ok(admin("PATCH", "/quotas", { principal: `User:${name}`, ...rates }));
  return [await tokenFor(`User:${name}`), await tokenFor(`User:not-${name}`)];
}

const read = (token: string, accept: string = mediaTypes.json, offset = 0): Promise<Response> =>
  send(`/topics/t/partitions/0/records?offset=${offset}`, { headers: authorized(token, { accept }) });
const append = (token: string, type: string, body: RequestInit["body"]): Promise<Response> =>
  send(`/topics/t/records${type === mediaTypes.recordBatch ? "?partition=0" : ""}`, {
    method: "POST",
    headers: authorized(token, { "content-type": type }),
    body: body ?? null,
    duplex: "half",
  });
const watermark = async (): Promise<number> => (await log.watermarks("t"))[0]!.highWatermark;

/** @returns when it may come again */
async function throttled(sent: Promise<Response>): Promise<number> {
  const response = await sent;
  const { error } = (await response.json()) as ErrorBody;
  assert.deepEqual([response.status, error.code, error.outcome], [429, "throttled", "not-applied"], error.message);
  assert.ok(error.retryAfterMs !== undefined && error.retryAfterMs > 0);
  assert.equal(response.headers.get("retry-after"), String(Math.ceil(error.retryAfterMs / 1_000)));
  return error.retryAfterMs;
}

test("requestRate: refused, nobody else is, and again after the wait", async () => {
  const [held, free] = await two("asks", { requestRate: 1 });
  for (let sent = 0; sent < limits.quotaWindowMs / 1_000; sent++) await ok(read(held));
  const before = await watermark();
  const waitMs = await throttled(append(held, mediaTypes.json, JSON.stringify({ records: [{ value: "no" }] })));
  assert.equal(await watermark(), before);
  await ok(read(free));
  nowMs += waitMs;
  await ok(read(held));
});

/** One record as raw bytes, as the log gives them out. */
async function rawBatch(token: string): Promise<ArrayBuffer> {
  const offset = await watermark();
  await ok(append(token, mediaTypes.json, JSON.stringify({ records: [{ value: big }] })));
  return ok(read(token, mediaTypes.recordBatch, offset));
}

/** A body that comes in pieces, without a length. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

test("producerByteRate: bodies of each media type count, and are refused before anything is written", async () => {
  const raw = await rawBatch(adminToken);
  const bodies = {
    [mediaTypes.json]: () => JSON.stringify({ records: [{ value: big }] }),
    [mediaTypes.ndjson]: () => inPieces(`${JSON.stringify({ value: big })}\n`),
    [mediaTypes.recordBatch]: () => raw.slice(0),
  };
  for (const [index, [type, body]] of Object.entries(bodies).entries()) {
    const [held, free] = await two(`writes-${index}`, { producerByteRate: 1 });
    await ok(append(held, type, body()));
    const before = await watermark();
    const waitMs = await throttled(append(held, type, body()));
    assert.equal(await watermark(), before, type);
    await ok(append(free, type, body()));
    await ok(read(held));
    nowMs += waitMs;
    await ok(append(held, type, body()));
    await throttled(append(held, type, body()));
  }
});

test("consumerByteRate: answers count, raw and as JSON", async () => {
  await ok(append(adminToken, mediaTypes.json, JSON.stringify({ records: [{ value: big }] })));
  for (const [index, accept] of [mediaTypes.json, mediaTypes.recordBatch].entries()) {
    const [held, free] = await two(`reads-${index}`, { consumerByteRate: 1 });
    await ok(read(held, accept));
    const waitMs = await throttled(read(held, accept));
    await ok(read(free, accept));
    await ok(append(held, mediaTypes.json, JSON.stringify({ records: [{ value: "y" }] })));
    nowMs += waitMs;
    await ok(read(held, accept));
  }
});

test("stratalog serve holds callers to quotas unless it is told not to", async () => {
  const folder = await temporaryFolder();
  const enforced = async (given: Partial<Parameters<typeof startServerProcess>[0]>): Promise<boolean> => {
    const running: ServerProcess = await startServerProcess({ data: folder.path, ...given });
    try {
      return ((await (await fetch(`${running.url}/v1/quotas`)).json()) as QuotaListBody).enforced;
    } finally {
      await running.stop();
    }
  };
  try {
    assert.equal(await enforced({}), true);
    assert.equal(await enforced({ args: ["--quotas", "off"] }), false);
    assert.equal(await enforced({ env: { STRATALOG_QUOTAS: "off" } }), false);
    assert.equal(await enforced({ env: { STRATALOG_QUOTAS: "off" }, args: ["--quotas", "on"] }), true);
  } finally {
    await folder.remove();
  }
  const { code, stderr } = await runCommand(["serve", "--engine", "memory", "--port", "0", "--quotas", "maybe"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /on or off/);
});
