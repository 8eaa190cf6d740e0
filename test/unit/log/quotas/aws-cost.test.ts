/** What quotas ask of the AWS engine's table: `docs/protocol.md` says it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { createQuotas } from "../../../../lib/log/quotas/create-quotas.ts";
import { type Between, Store } from "../../engines/aws/support.ts";
import { refusal, VirtualTime } from "./support.ts";

const ada = "User:ada";

test("a lease is one read and one plain write; a principal without a quota, or one that rests, costs nothing", async () => {
  const store = new Store();
  const calls: string[] = [];
  const between: Between = (call, run) => {
    if (!call.pk.includes("row-sets") && !call.pk.endsWith("#quotas")) calls.push(`${call.op} ${call.pk}`);
    return run();
  };
  const time = new VirtualTime();
  const { catalog } = store.open(between);
  const quotas = createQuotas({ catalog, clock: time.clock(), isShared: true });
  await quotas.rules.set(ada, { requestRate: 100, producerByteRate: 1_000_000, consumerByteRate: 1_000_000 });
  calls.length = 0;
  for (const kind of ["requestRate", "producerByteRate", "consumerByteRate"] as const)
    assert.equal(await refusal(quotas, ada, kind), undefined);
  assert.deepEqual(calls, ["get C#quota-use", "update C#quota-use"], "all kinds at once");
  assert.equal(await refusal(quotas, "User:bob", "requestRate"), undefined);
  await time.pass(60_000);
  assert.equal(calls.length, 2);
  const [item] = store.items("C#quota-use");
  assert.ok(JSON.stringify(item).length < 1_024, "a write unit holds it");
});

test("a principal that is always over its quota costs four leases a second and their reads", async () => {
  const store = new Store();
  const ops: string[] = [];
  const between: Between = (call, run) => {
    if (call.pk.includes("quota-use")) ops.push(call.op);
    return run();
  };
  const time = new VirtualTime();
  const quotas = createQuotas({ catalog: store.open(between).catalog, clock: time.clock(), isShared: true });
  await quotas.rules.set(ada, { requestRate: 100 });
  const demand = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 50) {
      for (let sent = 0; sent < 20; sent++) await refusal(quotas, ada, "requestRate");
      await time.pass(50);
    }
  };
  await demand(2 * limits.quotaWindowMs);
  ops.length = 0;
  await demand(limits.quotaWindowMs);
  const leasesMax = limits.quotaWindowMs / limits.quotaLeaseMsMin;
  const count = (op: string) => ops.filter((one) => one === op).length;
  assert.ok(count("update") <= leasesMax + 1, `${count("update")} writes`);
  assert.ok(count("get") <= leasesMax + 1, `${count("get")} reads`);
  assert.equal(count("update") + count("get"), ops.length);
});
