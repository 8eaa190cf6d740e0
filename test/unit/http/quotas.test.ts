/** Quotas as callers meet them, on a clock that stands still unless it is moved. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { limits } from "../../../lib/core/limits.ts";
import type { QuotaChange } from "../../../lib/core/quota-rates.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import type { ErrorBody, ProduceAnswer } from "../../../lib/http/wire.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { acl, secured, type Secured } from "./auth/secured.ts";

let nowMs: number;
let it: Secured;
let ada: Readonly<Record<string, string>>;
let bob: Readonly<Record<string, string>>;
const clock = { ...nodeClock, nowMs: () => nowMs };

beforeEach(async () => {
  nowMs = 1_000_000_000_000;
  it = secured({}, clock, {}, { ...createMemoryEngine(), isShared: false });
  await it.log.topics.create({ name: "t" });
  await it.log.acls.add([acl("User:*", "ALL", "t")]);
  ada = await it.tokenFor("User:ada");
  bob = await it.tokenFor("User:bob");
});

const quota = (change: QuotaChange) => it.log.quotas.rules.set("User:ada", change);
const get = (headers: Readonly<Record<string, string>>, query = "") =>
  it.app.fetch(new Request(`http://log.test/v1/topics/t/partitions/0/records${query}`, { headers }));
const post = (headers: Readonly<Record<string, string>>, value: string, type = "application/json") =>
  it.app.fetch(
    new Request("http://log.test/v1/topics/t/records", {
      method: "POST",
      headers: { ...headers, "content-type": type },
      body: type === "application/json" ? JSON.stringify({ records: [{ value }] }) : `${JSON.stringify({ value })}\n`,
    }),
  );
const highWatermark = async (): Promise<number> => (await it.log.watermarks("t"))[0]!.highWatermark;

/** What is refused, and after how long it may come again. */
async function throttled(response: Response): Promise<number> {
  const { error } = (await response.json()) as ErrorBody;
  assert.equal(response.status, 429, error.message);
  assert.deepEqual([error.code, error.outcome], ["throttled", "not-applied"]);
  assert.equal(response.headers.get("retry-after"), String(Math.ceil(error.retryAfterMs! / 1_000)));
  return error.retryAfterMs!;
}

test("requests over requestRate are refused until time has passed, and nobody else's are", async () => {
  await quota({ requestRate: 1 });
  const windowRequests = limits.quotaWindowMs / 1_000;
  for (let sent = 0; sent < windowRequests; sent++) assert.equal((await get(ada)).status, 200, `request ${sent}`);
  const waitMs = await throttled(await get(ada));
  assert.equal((await get(bob)).status, 200);
  nowMs += waitMs;
  assert.equal((await get(ada)).status, 200);
  await throttled(await get(ada));
});

for (const type of ["application/json", "application/x-ndjson"]) {
  test(`appends over producerByteRate are refused before anything is written: ${type}`, async () => {
    await quota({ producerByteRate: 100 });
    const big = await post(ada, "x".repeat(5_000), type);
    assert.equal(big.status, 200, "one request may go past it");
    assert.equal(((await big.json()) as ProduceAnswer).offsets.length, 1);
    const waitMs = await throttled(await post(ada, "y", type));
    assert.ok(waitMs > 30_000, `5,000 bytes at 100 a second are made up for in time: ${waitMs} ms`);
    assert.equal(await highWatermark(), 1);
    assert.equal((await get(ada)).status, 200, "reading is another quota");
    assert.equal((await post(bob, "z", type)).status, 200);
    nowMs += waitMs;
    assert.equal((await post(ada, "y", type)).status, 200);
  });
}

test("reads over consumerByteRate are refused, raw and as JSON", async () => {
  await post(bob, "x".repeat(5_000));
  await quota({ consumerByteRate: 100 });
  for (const accept of ["application/json", "application/vnd.stratalog.record-batch"]) {
    assert.ok((await (await get({ ...ada, accept })).arrayBuffer()).byteLength > 5_000);
    nowMs += await throttled(await get({ ...ada, accept }));
    nowMs += 2 * limits.quotaWindowMs;
  }
  assert.equal((await post(ada, "y")).status, 200, "appending is another quota");
});

test("a quota that is taken away holds nobody any more", async () => {
  await quota({ requestRate: 1 });
  for (let sent = 0; sent < 20; sent++) await get(ada);
  await throttled(await get(ada));
  await quota({ requestRate: null });
  assert.equal((await get(ada)).status, 200);
});
