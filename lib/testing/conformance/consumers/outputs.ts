import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import { type ConsumerWorld, consumerCase } from "./build.ts";
import { failed, labelsIn, reports } from "./function.ts";

const lost = () => new LogError("timeout", "No answer came.", { outcome: "unknown" });

/** Answers each record with one of the same label. */
function echoes(world: ConsumerWorld): void {
  world.fn.answer = (batch) => ({ records: labelsIn(batch).map((value) => ({ value })) });
}

const isWrite = (name: string): boolean => name === "journal.transact" || name === "catalog.transact";

/** Records that a function answers, and commits whose outcome is not known. */
export const outputCases: readonly StrataCase[] = [
  consumerCase("outputs are there with the offset, in one step", async (world) => {
    await world.put({ outputTopics: ["out"], batchSize: 2 });
    await world.append("a b c");
    echoes(world);
    world.watched.intercept = async ({ name }, run) => {
      if (name !== "journal.transact") return await run();
      const before = [(await world.outputs()).length, (await world.offset()) ?? 0];
      const answer = await run();
      const after = [(await world.outputs()).length, (await world.offset()) ?? 0];
      assert.equal(before[0], before[1]);
      assert.equal(after[0], after[1]);
      return answer;
    };
    await world.drain();
    assert.deepEqual(await world.outputs(), ["a", "b", "c"]);
  }),
  consumerCase("without output topics records in an answer mean nothing", async (world) => {
    await world.put();
    await world.append("a");
    echoes(world);
    assert.equal((await world.delivered()).records, 1);
    assert.deepEqual(await world.outputs(), []);
  }),
  ...(
    [
      ["of a topic that is not allowed", { records: [{ topic: "t", value: "x" }] }],
      ["of a topic that there is not", { records: [{ topic: "none", value: "x" }] }],
      ["that is no list", { records: { value: "x" } }],
      ["with an unknown field", { records: [{ topic: "out", value: "x", offset: 1 }] }],
      ["of a partition that there is not", { records: [{ topic: "out", partition: 7, value: "x" }] }],
      ["that is too large", { records: [{ topic: "out", value: "x".repeat(2_000) }] }],
    ] as const
  ).map(([what, answer]) =>
    consumerCase(`an output ${what} is a failure of its call`, async (world) => {
      await world.log.topics.alter("out", { config: { "max.message.bytes": 1_000 } });
      await world.withPassing("none", () => world.put({ outputTopics: ["out", "none"], retryAttempts: 1 }));
      await world.append("a");
      world.fn.answer = () => answer;
      const report = await world.delivered();
      assert.deepEqual([report.failedCalls, report.givenUp, report.records], [2, 1, 0]);
      assert.deepEqual(await world.letters(), ["0/0-1 RetryAttemptsExhausted 2"]);
      assert.notEqual((await world.letter())?.error, "");
      assert.deepEqual(await world.outputs(), []);
    }),
  ),
  consumerCase("of an answer that names a failed record no output is taken, also of those after it", async (world) => {
    await world.put({ outputTopics: ["out"], reportBatchItemFailures: true, retryAttempts: 1 });
    await world.append("a b bad c d");
    let cut: unknown;
    world.fn.answer = async (batch, nth) => {
      if (nth === 2) cut = [await world.outputs(), await world.offset()];
      const labels = labelsIn(batch);
      const good = labels.filter((label) => label !== "bad").map((value) => ({ value }));
      return { ...(labels.includes("bad") && reports(batch, 2)), records: good };
    };
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a b bad c d", "0: a b", "0: bad c d", "0: bad c d", "0: c d"]);
    assert.deepEqual(cut, [[], undefined], "nor has the offset moved");
    assert.deepEqual(await world.outputs(), ["a", "b", "c", "d"]);
    assert.deepEqual(await world.letters(), ["0/2-3 RetryAttemptsExhausted 2"]);
    assert.deepEqual([report.records, report.failedCalls, report.givenUp, await world.offset()], [4, 3, 1, 5]);
  }),
  consumerCase("what is cut at a record that was reported can be cut again, and fail by itself", async (world) => {
    await world.put({ outputTopics: ["out"], reportBatchItemFailures: true, bisectBatchOnError: true, retryAttempts: 0 });
    await world.append("a b c d e");
    world.fn.answer = (batch, nth) => {
      const report = [4, 2, 1][nth - 1];
      if (nth === 4) throw failed();
      return report === undefined ? { records: labelsIn(batch).map((value) => ({ value })) } : reports(batch, report);
    };
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a b c d e", "0: a b c d", "0: a b", "0: a", "0: b", "0: c d", "0: e"]);
    assert.deepEqual(await world.letters(), ["0/0-1 RetryAttemptsExhausted 1"]);
    assert.deepEqual([await world.outputs(), await world.offset()], [["b", "c", "d", "e"], 5]);
  }),
  ...[0, 2].flatMap((retryAttempts) =>
    [[{ topic: "none", value: "x" }], "no list"].map((records) =>
      consumerCase(
        `outputs beside a reported record are not looked at, ${retryAttempts} retries, ${JSON.stringify(records)}`,
        async (world) => {
          await world.put({ outputTopics: ["out"], retryAttempts, reportBatchItemFailures: true });
          await world.append("a bad c");
          world.fn.answer = (batch) => (labelsIn(batch).includes("bad") ? { ...reports(batch, 1), records } : undefined);
          const report = await world.delivered();
          assert.deepEqual([report.failedCalls, report.records, report.givenUp], [retryAttempts + 2, 2, 1]);
          assert.deepEqual(await world.letters(), [`0/1-2 RetryAttemptsExhausted ${retryAttempts + 1}`]);
          assert.match((await world.letter())?.error ?? "", /reported offset 1/);
        },
      ),
    ),
  ),
  consumerCase("outputs of those before a reported record are written once", async (world) => {
    await world.put({ outputTopics: ["out"], reportBatchItemFailures: true, retryAttempts: 1 });
    await world.append("a b bad d");
    world.fn.answer = (batch) => {
      const labels = labelsIn(batch);
      const bad = labels.indexOf("bad");
      const good = bad === -1 ? labels : labels.slice(0, bad);
      return { ...(bad !== -1 && reports(batch, 2)), records: good.map((value) => ({ value })) };
    };
    await world.drain();
    assert.deepEqual(await world.outputs(), ["a", "b", "d"]);
    assert.deepEqual(await world.letters(), ["0/2-3 RetryAttemptsExhausted 2"]);
  }),
  ...[true, false].flatMap((isApplied) =>
    [true, false].map((hasOutputs) =>
      consumerCase(
        `a step of which nobody knows whether it was done, and it was${isApplied ? "" : " not"}, is done once${hasOutputs ? ", with outputs" : ""}`,
        async (world) => {
          await world.put({ batchSize: 1, ...(hasOutputs && { outputTopics: ["out"] }) });
          await world.append("a b c d");
          echoes(world);
          let steps = 0;
          world.watched.intercept = async ({ name, args }, run) => {
            if (!isWrite(name) || !JSON.stringify(args).includes("offsets/g") || ++steps % 2 === 0) return await run();
            if (isApplied) await run();
            throw lost();
          };
          const report = await world.delivered();
          assert.deepEqual([report.state, report.records], ["done", 4]);
          assert.deepEqual(world.fn.called(), ["0: a", "0: b", "0: c", "0: d"]);
          if (hasOutputs) assert.deepEqual(await world.outputs(), ["a", "b", "c", "d"]);
          assert.equal(await world.offset(), 4);
        },
      ),
    ),
  ),
  consumerCase("a renewal of which nobody knows whether it was done loses nothing", async (world) => {
    await world.put({ outputTopics: ["out"] });
    await world.append("a");
    let isFaulty = false;
    world.watched.intercept = async ({ name }, run) => {
      if (!isFaulty) return await run();
      if (isWrite(name)) await run();
      throw lost();
    };
    world.fn.answer = async (batch, nth) => {
      isFaulty = nth === 1;
      await world.clock.sleep(30_000);
      isFaulty = false;
      return { records: labelsIn(batch).map((value) => ({ value })) };
    };
    await world.delivered();
    await world.drain();
    assert.deepEqual([await world.outputs(), await world.offset()], [["a"], 1]);
  }),
  consumerCase("a step that comes late, when another one delivers, does nothing", async (world) => {
    if (!world.isShared) return;
    await world.put({ outputTopics: ["out"] });
    await world.append("a b");
    echoes(world);
    const late: (() => Promise<unknown>)[] = [];
    const slow = world.open();
    slow.watched.intercept = async ({ name }, run) => {
      if (name !== "journal.transact") return await run();
      late.push(run);
      throw lost();
    };
    await assert.rejects(world.settled(world.deliver({}, {}, slow.log)));
    await world.drain();
    for (const run of late) await assert.rejects(run());
    assert.deepEqual([await world.outputs(), await world.offset()], [["a", "b"], 2]);
  }),
  consumerCase("a fault of the store does not hold a partition for a lease's time", async (world) => {
    await world.put({ outputTopics: ["out"] });
    await world.append("a");
    echoes(world);
    let isFaulty = true;
    world.watched.intercept = async ({ name }, run) => {
      if (name === "journal.transact" && isFaulty) throw new LogError("throttled", "Too much.");
      return await run();
    };
    await assert.rejects(world.settled(world.deliver()), { code: "throttled" });
    isFaulty = false;
    assert.equal((await world.delivered()).state, "done");
    assert.deepEqual(await world.outputs(), ["a"]);
  }),
  ...[true, false].map((isApplied) =>
    consumerCase(
      `a crash at any step, ${isApplied ? "after" : "before"} it: each record at least once, each output exactly once`,
      async (world) => {
        if (!world.isShared) return;
        await world.put({ batchSize: 2, outputTopics: ["out"], retryAttempts: 0, bisectBatchOnError: true });
        let appended = 0;
        const done = new Set<string>();
        world.fn.answer = (batch) => {
          const labels = labelsIn(batch);
          if (labels.some((label) => label.startsWith("bad"))) throw new Error("unknown");
          for (const label of labels) done.add(label);
          return { records: labels.map((value) => ({ value })) };
        };
        for (let step = 1; step <= 24; step++) {
          await world.append(`r${appended++} r${appended++} r${appended++}`);
          const dying = world.open();
          let steps = 0;
          dying.watched.intercept = async (_, run) => {
            if (++steps < step) return await run();
            if (isApplied && steps === step) await run();
            return await new Promise<never>(() => undefined);
          };
          void world.deliver({}, {}, dying.log).catch(() => undefined);
          await world.calm();
          await world.pass(limits.deliverLeaseMs);
          await world.drain();
        }
        const all = Array.from({ length: appended }, (_, nth) => `r${nth}`);
        assert.deepEqual(await world.outputs(), all);
        assert.equal(done.size, appended);
        assert.equal(await world.offset(), appended);
      },
    ),
  ),
];
