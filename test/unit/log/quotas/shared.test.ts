import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { createMemoryStore } from "../../../../lib/engines/memory/index.ts";
import { seeded } from "../../client/in-process.ts";
import { countingTelemetry, processOver, type QuotaProcess, refusal, settled, VirtualTime } from "./support.ts";

const ada = "User:ada";
const tickMs = 50;

/** Processes that all want much more than there is. */
function several(count: number, time: VirtualTime, skewsMs: readonly number[] = []): QuotaProcess[] {
  const store = createMemoryStore();
  return Array.from({ length: count }, (_, at) => processOver(store, time, skewsMs[at] ?? 0));
}

/** How many requests each gets while time passes. */
async function demand(processes: readonly QuotaProcess[], time: VirtualTime, durationMs: number, aTick: number): Promise<number[]> {
  const admitted = processes.map(() => 0);
  for (let passedMs = 0; passedMs < durationMs; passedMs += tickMs) {
    await Promise.all(
      processes.flatMap(({ quotas }, at) =>
        Array.from({ length: aTick }, async () => {
          if ((await refusal(quotas, ada, "requestRate")) === undefined) admitted[at]!++;
        }),
      ),
    );
    await time.pass(tickMs);
  }
  return admitted;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test("several processes together stay within the quota, use it up, and write a bounded number of leases", async () => {
  for (const count of [1, 3, 20]) {
    const time = new VirtualTime();
    const processes = several(count, time);
    await processes[0]!.quotas.rules.set(ada, { requestRate: 100 });
    const durationMs = 60_000;
    const admitted = sum(await demand(processes, time, durationMs, 20));
    const bound = 100 * ((limits.quotaWindowMs + durationMs) / 1_000) + count;
    assert.ok(admitted <= bound, `${admitted} > ${bound}`);
    assert.ok(admitted >= bound * 0.9, `${admitted} of ${bound} with ${count}`);
    const writes = sum(processes.map(({ wire }) => wire.writes));
    const leasesMax = (limits.quotaWindowMs + durationMs) / limits.quotaLeaseMsMin + count;
    // All ask at the same moments here: those that lose to others are the writes beyond the leases.
    assert.ok(writes <= 2 * leasesMax + (count * durationMs) / 1_000, `${writes} writes with ${count}, of ${leasesMax} leases`);
    const reads = sum(processes.map(({ wire }) => wire.reads));
    assert.ok(reads <= writes + count * (durationMs / limits.quotaLeaseMsMin), `${reads} reads with ${count}`);
  }
});

test("clocks that differ, by far, add what they differ by at most, and nobody is left without", async () => {
  const time = new VirtualTime();
  const skewsMs = [0, 4_000, -3_600_000, 2_000, -500];
  const processes = several(5, time, skewsMs);
  await processes[0]!.quotas.rules.set(ada, { requestRate: 100 });
  const durationMs = 60_000;
  const admitted = await demand(processes, time, durationMs, 20);
  const bound = 100 * ((2 * limits.quotaWindowMs + durationMs) / 1_000) + 5;
  assert.ok(sum(admitted) <= bound && sum(admitted) >= 5_500, `${admitted.join(", ")} of ${bound}`);
  // The one that is ahead goes; the others go on in its time, at the rate.
  const [first, , late] = [processes[0]!, processes[1]!, processes[2]!];
  const after = await demand([first, late], time, durationMs, 20);
  assert.ok(sum(after) <= 100 * ((limits.quotaWindowMs + durationMs) / 1_000) + 5 && sum(after) >= 5_400, after.join(", "));
});

test("a process that comes new, with a clock an hour behind, gets its part without waiting for its clock", async () => {
  const time = new VirtualTime();
  const store = createMemoryStore();
  const ahead = processOver(store, time, 3_600_000);
  await ahead.quotas.rules.set(ada, { requestRate: 10 });
  await demand([ahead], time, 15_000, 20);
  const fresh = processOver(store, time);
  const [admitted = 0] = await demand([fresh], time, 20_000, 20);
  assert.ok(admitted >= 150 && admitted <= 310, String(admitted));
});

test("many processes that use little each do not take the quota from one another", async () => {
  const time = new VirtualTime();
  const processes = several(30, time);
  await processes[0]!.quotas.rules.set(ada, { requestRate: 100 });
  const random = seeded(7);
  let refused = 0;
  for (let passedMs = 0; passedMs < 30_000; passedMs += tickMs) {
    // 40 a second of all together.
    for (let request = 0; request < 2; request++) {
      if ((await refusal(processes[Math.floor(random() * 30)]!.quotas, ada, "requestRate")) !== undefined) refused++;
    }
    await time.pass(tickMs);
  }
  assert.equal(refused, 0);
});

test("bytes over a lease are waited out by all processes, from the next lease of the one that took them", async () => {
  const time = new VirtualTime();
  const [first, second] = several(2, time) as [QuotaProcess, QuotaProcess];
  await first.quotas.rules.set(ada, { consumerByteRate: 1_000, producerByteRate: 1_000 });
  assert.equal(await refusal(first.quotas, ada, "consumerByteRate"), undefined);
  first.quotas.charge(ada, "consumerByteRate", 30_000);
  assert.equal((await refusal(first.quotas, ada, "consumerByteRate"))?.retryAfterMs, 20_001);
  assert.equal((await refusal(second.quotas, ada, "consumerByteRate"))?.retryAfterMs, 20_001);
  assert.equal(await refusal(second.quotas, ada, "producerByteRate"), undefined);
  await time.pass(20_001);
  assert.equal(await refusal(second.quotas, ada, "consumerByteRate"), undefined);
});

test("what was decided elsewhere holds here within the age that rules may have", async () => {
  const time = new VirtualTime();
  const [first, second] = several(2, time) as [QuotaProcess, QuotaProcess];
  assert.equal(await refusal(second.quotas, ada, "requestRate"), undefined);
  await first.quotas.rules.set(ada, { requestRate: 1 });
  await time.pass(limits.quotaRulesMs + limits.accessCacheMs);
  let admitted = 0;
  while (admitted < 100 && (await refusal(second.quotas, ada, "requestRate")) === undefined) admitted++;
  assert.ok(admitted <= 10, String(admitted));
});

test("when the catalog fails each process goes by its own count: requests go on, at the rate of each, and it is counted", async () => {
  const time = new VirtualTime();
  const { counts, telemetry } = countingTelemetry();
  const store = createMemoryStore();
  const processes = [0, 1].map(() => processOver(store, time, 0, { telemetry }));
  await processes[0]!.quotas.rules.set(ada, { requestRate: 100 });
  await demand(processes, time, 30_000, 20);
  for (const { wire } of processes) wire.state = "failing";
  const durationMs = 20_000;
  const admitted = await demand(processes, time, durationMs, 20);
  for (const one of admitted) assert.ok(one >= 1_600 && one <= 2_300, admitted.join(", "));
  assert.ok(counts.get("QuotaFailures")! > 10);
  for (const { wire } of processes) wire.state = "up";
  const after = sum(await demand(processes, time, durationMs, 20));
  assert.ok(after <= 100 * ((limits.quotaWindowMs + durationMs) / 1_000) + 400, String(after));
});

test("a catalog that does not answer holds a request up for a second at most", async () => {
  const time = new VirtualTime();
  const { counts, telemetry } = countingTelemetry();
  const { quotas, wire } = processOver(createMemoryStore(), time, 0, { telemetry });
  await quotas.rules.set(ada, { requestRate: 100 });
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined);
  wire.state = "silent";
  await time.pass(limits.quotaLeaseLifeMs);
  let done = false;
  const waiting = refusal(quotas, ada, "requestRate").then((answer) => {
    done = true;
    return answer;
  });
  await settled();
  assert.equal(done, false);
  // Once for the rules, once for the lease.
  await time.pass(limits.quotaWaitMsMax);
  await time.pass(limits.quotaWaitMsMax);
  assert.ok(done);
  await waiting;
  assert.equal(counts.get("QuotaFailures"), 2);
});

test("quotas that cannot be read at all keep nobody from working", async () => {
  const time = new VirtualTime();
  const { counts, telemetry } = countingTelemetry();
  const { quotas, wire } = processOver(createMemoryStore(), time, 0, { telemetry });
  wire.state = "failing";
  assert.equal(await refusal(quotas, ada, "requestRate"), undefined);
  assert.equal(quotas.admit(ada, "requestRate"), undefined, "and are not asked for again at once");
  assert.equal(counts.get("QuotaFailures"), 1);
});
