import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../../../lib/core/limits.ts";
import { Attempts, type Context, repeat } from "../../../../lib/engines/aws/context.ts";
import { StoreFault } from "../../../../lib/engines/aws/table.ts";
import { defaultTuning } from "../../../../lib/engines/aws/tuning.ts";
import { entryOf, fault, headUpdate, openShard, shard, SleepClock, step, Store } from "./support.ts";

function contextOf(clock: SleepClock, chance: number): Context {
  const { table, bucket } = new Store();
  return { table, bucket, clock, random: { bytes: (count) => new Uint8Array(count).fill(chance) }, tuning: defaultTuning };
}

describe("attempts", () => {
  it("wait up to twice as long each time, at most a second, and end at the deadline", async () => {
    const clock = new SleepClock();
    let count = 0;
    const operation = () => {
      count++;
      return Promise.reject(fault("throttled"));
    };
    await assert.rejects(repeat(contextOf(clock, 255), operation), {
      code: "throttled",
      outcome: "not-applied",
      retryAfterMs: limits.awsRetryAfterMs,
    });
    assert.deepEqual(clock.slept.slice(0, 8), [20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    const waitedMs = clock.slept.reduce((sum, ms) => sum + ms, 0);
    assert.ok(waitedMs >= limits.awsDeadlineMs && waitedMs < limits.awsDeadlineMs + limits.awsBackoffMsMax, `${waitedMs}`);
    assert.equal(count, clock.slept.length + 1);
  });

  it("wait by chance for less than that, but never not at all", async () => {
    const clock = new SleepClock();
    const attempts = new Attempts(contextOf(clock, 0));
    await attempts.again(fault("conflict"));
    await attempts.again(fault("conflict"));
    assert.deepEqual(clock.slept, [20 / 256, 40 / 256]);
  });

  it("end when the clock jumps back each time", async () => {
    const clock = new SleepClock();
    const context = contextOf(clock, 255);
    const operation = () => {
      clock.now -= 5_000;
      return Promise.reject(fault("unreachable"));
    };
    await assert.rejects(repeat(context, operation), { code: "unavailable", outcome: "not-applied" });
    assert.equal(clock.slept.length, limits.awsAttemptsMax);
  });

  it("end at once when the clock jumps ahead", async () => {
    const clock = new SleepClock();
    const operation = () => {
      clock.now += 86_400_000;
      return Promise.reject(fault("throttled"));
    };
    await assert.rejects(repeat(contextOf(clock, 255), operation), { code: "throttled" });
    assert.deepEqual(clock.slept, []);
  });

  it("are not made for what will not pass", async () => {
    const clock = new SleepClock();
    await assert.rejects(
      repeat(contextOf(clock, 0), () => Promise.reject(fault("refused"))),
      { code: "unavailable", outcome: "not-applied", retryAfterMs: undefined },
    );
    await assert.rejects(
      repeat(contextOf(clock, 0), () => Promise.reject(fault("condition"))),
      StoreFault,
    );
    await assert.rejects(
      repeat(contextOf(clock, 0), () => Promise.reject(new Error("a bug"))),
      { code: "internal", outcome: "unknown" },
    );
    assert.deepEqual(clock.slept, []);
  });
});

describe("an append that keeps being refused", () => {
  it("is certainly not applied, and says when to come again", async () => {
    for (const [kind, code] of [
      ["throttled", "throttled"],
      ["conflict", "throttled"],
      ["unreachable", "unavailable"],
    ] as const) {
      for (const isMeant of ["commit", "B#"]) {
        const store = new Store();
        await openShard(store.open());
        const engine = store.open((call, run) =>
          headUpdate(call) === isMeant || call.pk.startsWith(isMeant) ? Promise.reject(fault(kind)) : run(),
        );
        await assert.rejects(engine.journal.append(shard, entryOf("e0")), { code, outcome: "not-applied", retryAfterMs: 500 });
        assert.equal((await store.open().journal.head(shard)).seq, 0);
      }
    }
  });

  it("is certainly not applied when its payload's answer is lost each time", async () => {
    const store = new Store();
    await openShard(store.open());
    const engine = store.open(async (call, run) => {
      const answer = await run();
      if (call.pk.startsWith("B#")) throw fault("unknown");
      return answer;
    });
    await assert.rejects(engine.journal.append(shard, entryOf("e0")), { code: "unavailable", outcome: "not-applied" });
    assert.equal((await store.open().journal.head(shard)).seq, 0);
  });
});

describe("an entry with more producer steps than one holds", () => {
  it("is refused before anything is written, alone and in a transaction", async () => {
    const store = new Store();
    const engine = store.open();
    await openShard(engine);
    const producers = Array.from({ length: limits.awsEntryStatesMax + 1 }, (_, nth) => step(0, { producerId: BigInt(nth) }));
    const refused = { code: "request_too_large", outcome: "not-applied" };
    await assert.rejects(engine.journal.append(shard, entryOf("e0"), { producers }), refused);
    await assert.rejects(engine.journal.transact([{ shard, entry: entryOf("e0"), guards: { producers } }], []), refused);
    assert.deepEqual(store.items("B#"), []);
    assert.equal((await engine.journal.head(shard)).seq, 0);
  });
});
