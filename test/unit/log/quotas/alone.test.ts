import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { aloneProcess, countingTelemetry, refusal, settled, VirtualTime } from "./support.ts";

const ada = "User:ada";

test("requests: a window's worth at once, then the rate, each refusal with the time to wait, which is right", async () => {
  const time = new VirtualTime();
  const { counts, telemetry } = countingTelemetry();
  const { quotas } = aloneProcess(time, { telemetry });
  await quotas.rules.set(ada, { requestRate: 5 });
  for (let at = 0; at < 50; at++) assert.equal(await refusal(quotas, ada, "requestRate"), undefined, `request ${at}`);
  const refused = await refusal(quotas, ada, "requestRate");
  assert.equal(refused?.outcome, "not-applied");
  assert.deepEqual(refused.details, { quota: "requestRate" });
  assert.match(refused.message, /User:ada has used up its quota of 5 requests a second/);
  assert.equal(counts.get("QuotaThrottles"), 1);
  await time.pass(refused.retryAfterMs! - 1);
  assert.ok((await refusal(quotas, ada, "requestRate")) !== undefined);
  await time.pass(1);
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined);
  let admitted = 0;
  for (let tick = 0; tick < 1_000; tick++) {
    await time.pass(10);
    if ((await refusal(quotas, ada, "requestRate")) === undefined) admitted++;
  }
  assert.ok(admitted >= 49 && admitted <= 51, `${admitted} in ten seconds`);
});

test("bytes: what was taken is charged, a big request is waited out by those after it, and not longer than the bound", async () => {
  const time = new VirtualTime();
  const { quotas } = aloneProcess(time);
  await quotas.rules.set(ada, { producerByteRate: 1_000, consumerByteRate: 10 });
  assert.equal(await refusal(quotas, ada, "producerByteRate"), undefined);
  quotas.charge(ada, "producerByteRate", 15_000);
  assert.equal((await refusal(quotas, ada, "producerByteRate"))?.retryAfterMs, 5_001);
  assert.equal(await refusal(quotas, ada, "consumerByteRate"), undefined, "kinds are counted apart");
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined, "a kind without a quota is free");
  quotas.charge(ada, "consumerByteRate", 1_000_000_000);
  assert.equal((await refusal(quotas, ada, "consumerByteRate"))?.retryAfterMs, limits.quotaDebtMsMax + 1);
  await time.pass(limits.quotaDebtMsMax + 1);
  assert.equal(await refusal(quotas, ada, "consumerByteRate"), undefined);
});

test("who has no quota is admitted at once, with no promise; everyone's is for each by itself, and a row goes before it", async () => {
  const time = new VirtualTime();
  const { quotas } = aloneProcess(time);
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined);
  assert.equal(quotas.admit(ada, "requestRate"), undefined);
  assert.equal(quotas.counts(ada, "producerByteRate"), false);
  await quotas.rules.set("User:*", { requestRate: 1, producerByteRate: 3 });
  await quotas.rules.set("User:bob", { requestRate: 2 });
  const admitted = async (principal: string) => {
    let count = 0;
    while ((await refusal(quotas, principal, "requestRate")) === undefined) count++;
    return count;
  };
  assert.deepEqual([await admitted(ada), await admitted("User:eve"), await admitted("User:bob")], [10, 10, 20]);
  assert.ok(quotas.counts("User:bob", "producerByteRate"), "each kind is looked up by itself");
  await quotas.rules.set("User:*", { requestRate: null, producerByteRate: null });
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined);
  assert.notEqual(await refusal(quotas, "User:bob", "requestRate"), undefined);
});

test("rules are kept, listed and taken away; where they are not enforced nobody is held to them", async () => {
  const time = new VirtualTime();
  const { quotas } = aloneProcess(time, { isEnforced: false });
  const { rules } = quotas;
  assert.equal(rules.isEnforced, false);
  assert.deepEqual(await rules.list(), []);
  assert.deepEqual(await rules.set(ada, { requestRate: 1 }), { principal: ada, rates: { requestRate: 1 } });
  assert.deepEqual(await rules.set(ada, { consumerByteRate: 7 }), { principal: ada, rates: { requestRate: 1, consumerByteRate: 7 } });
  await rules.set("User:*", { requestRate: 9 });
  assert.deepEqual(
    (await rules.list()).map(({ principal }) => principal),
    ["User:*", ada],
  );
  assert.deepEqual(await rules.list(ada), [{ principal: ada, rates: { requestRate: 1, consumerByteRate: 7 } }]);
  for (let at = 0; at < 30; at++) assert.equal(quotas.admit(ada, "requestRate"), undefined);
  assert.equal(quotas.counts(ada, "consumerByteRate"), false);
  assert.deepEqual(await rules.set(ada, { requestRate: null, consumerByteRate: null }), { principal: ada, rates: {} });
  assert.deepEqual(await rules.list(ada), []);
});

test("a stream pauses until its reader may have more, or has gone", async () => {
  const time = new VirtualTime();
  const { quotas } = aloneProcess(time);
  await quotas.rules.set(ada, { consumerByteRate: 100 });
  await quotas.admit(ada, "consumerByteRate");
  const gone = new AbortController();
  assert.equal(await quotas.pause(ada, "consumerByteRate", 10_000, gone.signal), true);
  quotas.charge(ada, "consumerByteRate", 1_300);
  let resumed = 0;
  const pauses = [gone, new AbortController()].map(({ signal }) =>
    quotas.pause(ada, "consumerByteRate", 10_000, signal).then((isAdmitted) => {
      resumed++;
      return isAdmitted;
    }),
  );
  await settled();
  await time.pass(3_000);
  assert.equal(resumed, 0);
  gone.abort();
  await settled();
  assert.equal(resumed, 1);
  await time.pass(1);
  assert.deepEqual(await Promise.all(pauses), [false, true]);
  quotas.charge(ada, "consumerByteRate", 1_000);
  const short = quotas.pause(ada, "consumerByteRate", 1_000, new AbortController().signal);
  await settled();
  await time.pass(1_000);
  assert.equal(await short, false, "the longest that it waits");
});
