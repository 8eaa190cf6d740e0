import assert from "node:assert/strict";
import { offsetKey, readOffset } from "../../../log/groups/offset-row.ts";
import { record } from "../log/build.ts";
import type { StrataCase } from "../strata/build.ts";
import { consumerCase } from "./build.ts";
import { failed, failsOn, labelsIn, reports, unavailable } from "./function.ts";

/** What becomes of records for which the function fails. */
export const failureCases: readonly StrataCase[] = [
  consumerCase("so many retries, then a dead letter, and on", async (world) => {
    await world.put({ retryAttempts: 2, batchSize: 2 });
    await world.append("a bad c");
    world.fn.answer = failsOn("bad");
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a bad", "0: a bad", "0: a bad", "0: c"]);
    assert.deepEqual([report.failedCalls, report.givenUp, report.records, await world.offset()], [3, 2, 1, 3]);
    assert.deepEqual(await world.letters(), ["0/0-2 RetryAttemptsExhausted 3"]);
    const letter = await world.letter();
    assert.deepEqual([letter?.error, letter?.functionError, letter?.records], ["cannot do bad", "Unhandled", 2]);
  }),
  consumerCase("a batch that is tried again is the same, whatever has come since", async (world) => {
    await world.put({ retryAttempts: 1 });
    await world.append("bad");
    world.fn.answer = async (_, nth) => {
      if (nth > 2) return;
      await world.append(`later${nth}`);
      throw failed();
    };
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: bad", "0: bad", "0: later1 later2"]);
  }),
  consumerCase("without an end nothing is given up", async (world) => {
    await world.put({ retryAttempts: -1 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    const endMs = world.clock.nowMs() + 1_800_000;
    while (world.clock.nowMs() < endMs) {
      const report = await world.delivered();
      assert.equal(report.state, "later");
      await world.pass(Math.max(0, (report.retryAtMs ?? 0) - world.clock.nowMs()));
    }
    assert.ok(world.fn.calls.length > 20);
    assert.deepEqual(await world.letters(), []);
    world.fn.answer = () => undefined;
    await world.drain();
    assert.equal(await world.offset(), 1);
  }),
  consumerCase("bisection finds the bad ones, keeps the order, and gives up nothing else", async (world) => {
    await world.put({ retryAttempts: 0, bisectBatchOnError: true });
    const labels = ["a", "b", "bad1", "d", "e", "f", "g", "bad2", "bad3", "j"];
    await world.append(labels.join(" "));
    world.fn.answer = failsOn("bad1", "bad2", "bad3");
    const done: string[] = [];
    const fails = world.fn.answer;
    world.fn.answer = (batch, nth) => {
      fails(batch, nth);
      done.push(...labelsIn(batch));
    };
    await world.delivered();
    assert.deepEqual(
      done,
      labels.filter((label) => !label.startsWith("bad")),
    );
    assert.deepEqual(
      (await world.letters()).map((letter) => letter.split(" ")[0]),
      ["0/2-3", "0/7-8", "0/8-9"],
    );
    assert.equal(await world.offset(), 10);
  }),
  consumerCase("what was split has attempts of its own", async (world) => {
    await world.put({ retryAttempts: 1, bisectBatchOnError: true });
    await world.append("a bad");
    world.fn.answer = failsOn("bad");
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a bad", "0: a", "0: bad", "0: bad"]);
    assert.deepEqual(await world.letters(), ["0/1-2 RetryAttemptsExhausted 2"]);
  }),
  consumerCase("a reported record is where the next attempt begins, and the lowest counts", async (world) => {
    await world.put({ retryAttempts: 1, reportBatchItemFailures: true });
    await world.append("a b bad d");
    world.fn.answer = (batch) => (labelsIn(batch).includes("bad") ? reports(batch, 3, 2) : undefined);
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a b bad d", "0: bad d", "0: d"], "only the reported one is given up");
    assert.deepEqual(await world.letters(), ["0/2-3 RetryAttemptsExhausted 2"]);
    assert.deepEqual([report.records, report.givenUp, await world.offset()], [3, 1, 4]);
  }),
  consumerCase("what is kept of a partition does not grow with what is given up of a batch", async (world) => {
    await world.put({ retryAttempts: 0, reportBatchItemFailures: true });
    const all = Array.from({ length: 40 }, (_, nth) => (nth % 2 === 1 ? "bad" : `r${nth}`));
    await world.append(all.join(" "));
    const kept: number[] = [];
    world.fn.answer = async (batch) => {
      const row = await readOffset(world.watched.engine.catalog, offsetKey("g", "t", 0), (await world.log.topics.get("t")).id);
      kept.push(row.delivery?.ends.length ?? 0);
      const bad = batch.records.find((_, nth) => labelsIn(batch)[nth] === "bad");
      return bad && reports(batch, bad.offset);
    };
    await world.delivered();
    assert.deepEqual([(await world.letters()).length, await world.offset()], [20, 40]);
    assert.ok(Math.max(...kept) <= 2, `ends kept: ${kept.join(" ")}`);
  }),
  consumerCase("a batch is split at the record that the function reports, not in the middle", async (world) => {
    await world.put({ retryAttempts: 0, reportBatchItemFailures: true, bisectBatchOnError: true });
    await world.append("a bad c d e f");
    world.fn.answer = (batch) => (labelsIn(batch).includes("bad") ? reports(batch, 1) : undefined);
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a bad c d e f", "0: c d e f"]);
    assert.deepEqual(await world.letters(), ["0/1-2 RetryAttemptsExhausted 1"]);
  }),
  ...[
    "text",
    { batchItemFailures: "none" },
    { batchItemFailures: [{}] },
    { batchItemFailures: [{ itemIdentifier: { partition: "t-1", offset: 1 } }] },
    { batchItemFailures: [{ itemIdentifier: { partition: "t-0", offset: 9 } }] },
  ].map((answer) =>
    consumerCase(`an answer that cannot be understood fails the whole batch: ${JSON.stringify(answer)}`, async (world) => {
      await world.put({ retryAttempts: 0, reportBatchItemFailures: true });
      await world.append("a b c");
      world.fn.answer = () => answer;
      await world.delivered();
      assert.deepEqual(world.fn.called(), ["0: a b c"]);
      assert.deepEqual(await world.letters(), ["0/0-3 RetryAttemptsExhausted 1"]);
      const form = '{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":0}}]}';
      assert.equal((await world.letter())?.error, `The whole batch failed: its answer has to be like ${form}, with an offset of the call.`);
    }),
  ),
  consumerCase("answers of a function that reports nothing are success", async (world) => {
    await world.put({ reportBatchItemFailures: true });
    for (const answer of [undefined, null, {}, { batchItemFailures: [] }, { batchItemFailures: null }]) {
      await world.append("a");
      world.fn.answer = () => answer;
      assert.equal((await world.delivered()).records, 1);
    }
    await world.put({ reportBatchItemFailures: false });
    await world.append("a");
    world.fn.answer = (batch) => reports(batch, batch.records[0]?.offset ?? 0);
    assert.equal((await world.delivered()).records, 1, "nor does it mean anything unasked");
  }),
  consumerCase("calls that could not be made count no attempt", async (world) => {
    await world.put({ retryAttempts: 0 });
    await world.append("a b");
    world.fn.answer = (_, nth) => {
      if (nth <= 6) throw nth % 2 === 0 ? unavailable() : new Error("who knows");
    };
    await world.drain();
    assert.equal(world.fn.called().length, 7);
    assert.deepEqual([await world.letters(), await world.offset()], [[], 2]);
  }),
  consumerCase("what becomes too old while it is tried is given up, with what is known of it", async (world) => {
    await world.put({ maxRecordAgeMs: 60_000 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    await world.drain();
    const calls = world.fn.called().length;
    assert.ok(calls > 2);
    assert.deepEqual(await world.letters(), [`0/0-1 RecordAgeExceeded ${calls}`]);
    assert.equal((await world.letter())?.error, "cannot do bad");
  }),
  ...(["retention", "a filter"] as const).map((taker) =>
    consumerCase(`what ${taker} takes away while it is tried leaves its attempts to nobody`, async (world) => {
      const settings = { retryAttempts: 2, batchSize: 1 };
      await world.put(settings);
      await world.append("bad next");
      world.fn.answer = async (_, nth) => {
        if (nth === 2 && taker === "retention") await world.log.deleteRecords("t", [{ partition: 0, offset: 1 }]);
        if (nth === 2 && taker === "a filter") await world.put({ ...settings, filters: [JSON.stringify({ value: ["next"] })] });
        throw failed(nth > 2 ? "cannot do next" : "cannot do bad");
      };
      await world.delivered();
      assert.deepEqual(world.fn.called(), ["0: bad", "0: bad", "0: next", "0: next", "0: next"]);
      assert.deepEqual(await world.letters(), ["0/1-2 RetryAttemptsExhausted 3"]);
      assert.equal((await world.letter())?.error, "cannot do next");
    }),
  ),
  ...[failed(), unavailable()].map((fault) =>
    consumerCase(`a consumer is well again when what it is tried with is gone: ${fault.kind}`, async (world) => {
      await world.put({ retryAttempts: -1, batchSize: 1 });
      await world.append("good bad");
      world.fn.answer = async (_, nth) => {
        if (nth === 1) return;
        if (nth === 3) await world.log.deleteRecords("t", [{ partition: 0, offset: 2 }]);
        throw fault;
      };
      await world.drain();
      const { state, partitions } = await world.log.consumers.status("g");
      assert.deepEqual([state, partitions[0]?.attempts, partitions[0]?.lastError, await world.offset()], ["Enabled", 0, "", 2]);
    }),
  ),
  consumerCase("a topic gets what was given up, in one step with the offset", async (world) => {
    await world.put({ retryAttempts: 0, onFailure: "kafka://out", bisectBatchOnError: true });
    await world.append("a bad c");
    world.fn.answer = failsOn("bad");
    let steps = 0;
    world.watched.intercept = async ({ name }, run) => {
      if (name !== "journal.transact") return await run();
      steps++;
      const answer = await run();
      assert.deepEqual([await world.outputs(), await world.offset()], [["bad"], 2]);
      return answer;
    };
    await world.delivered();
    assert.deepEqual([await world.outputs(), steps], [["bad"], 1]);
    assert.deepEqual(world.fn.failures, []);
  }),
  consumerCase("a topic that is not there holds the partition, calls the function no more, and loses nothing", async (world) => {
    await world.withPassing("dead", () => world.put({ retryAttempts: 1, onFailure: "kafka://dead" }));
    await world.append("bad c");
    world.fn.answer = failsOn("bad");
    for (let sweep = 0; sweep < 3; sweep++) {
      assert.equal((await world.delivered()).state, "later");
      await world.pass(60_000);
    }
    assert.equal(world.fn.called().length, 2);
    assert.deepEqual([await world.offset(), await world.letters()], [undefined, []]);
    assert.equal((await world.log.consumers.status("g")).state, "Problem");
    await world.log.topics.create({ name: "dead", partitions: 1 });
    await world.append("d");
    await world.drain();
    assert.deepEqual(await world.outputs("dead"), ["bad", "c"]);
    assert.deepEqual(await world.letters(), ["0/0-2 RetryAttemptsExhausted 2"]);
    assert.deepEqual(world.fn.called(), ["0: d"]);
  }),
  consumerCase("a dead letter that its topic takes in no size does not hold up the rest", async (world) => {
    await world.log.topics.alter("out", { config: { "max.message.bytes": 1_000 } });
    await world.put({ retryAttempts: 0, onFailure: "kafka://out", batchSize: 2 });
    for (const label of ["bad", "bad"]) await world.log.append("t", { records: [record(label.padEnd(950, "."), { partition: 0 })] });
    await world.append("c");
    world.fn.answer = (batch) => {
      if (labelsIn(batch).some((label) => label.startsWith("bad"))) throw failed("cannot do bad");
    };
    await world.drain();
    assert.equal(await world.offset(), 3);
    assert.equal(
      (await world.log.consumers.deadLetters("g", {})).reduce((sum, { records }) => sum + records, 0),
      2,
    );
    assert.match((await world.letter())?.error ?? "", /cannot do bad.*out/);
  }),
  consumerCase("a destination that fails holds the partition, calls the function no more, and loses nothing", async (world) => {
    const destination = "arn:aws:sqs:eu-west-1:123456789012:dead";
    await world.put({ retryAttempts: 0, onFailure: destination, reportBatchItemFailures: true });
    await world.append("a bad c");
    world.fn.answer = (batch) => (labelsIn(batch).includes("bad") ? reports(batch, 1) : undefined);
    world.fn.take = (nth) => {
      if (nth <= 5) throw new Error("queue is gone");
    };
    await world.append("d");
    assert.equal((await world.delivered()).state, "later");
    assert.match((await world.log.consumers.status("g")).partitions[0]?.lastError ?? "", /queue is gone/);
    assert.equal(await world.offset(), 1);
    await world.append("e");
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: a bad c d", "0: c d", "0: e"]);
    assert.deepEqual(await world.letters(), ["0/1-2 RetryAttemptsExhausted 1"]);
    assert.equal(world.fn.failures.length, 6);
    const { failure } = world.fn.failures[5] ?? assert.fail();
    assert.deepEqual([labelsIn({ records: failure.payload }), failure.letter.fromOffset, failure.letter.toOffset], [["bad"], 1, 2]);
    assert.match(failure.letter.error, /offset 1/);
    assert.equal(world.fn.failures[5]?.destination, destination);
    assert.equal(await world.offset(), 5);
  }),
];
