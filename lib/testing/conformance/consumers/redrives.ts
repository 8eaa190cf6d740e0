import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import { codeOf } from "../groups/build.ts";
import { type ConsumerWorld, consumerCase } from "./build.ts";
import { failed, failsOn, labelsIn, reports, unavailable } from "./function.ts";

/** Dead letters of `bad1` (offset 1) and `bad2` (offset 3) of `a bad1 c bad2 e`. */
async function withLetters(world: ConsumerWorld, settings: Parameters<ConsumerWorld["put"]>[0] = {}): Promise<readonly string[]> {
  await world.put({ retryAttempts: 0, bisectBatchOnError: true, ...settings });
  await world.append("a bad1 c bad2 e");
  world.fn.answer = failsOn("bad1", "bad2");
  await world.drain();
  world.fn.called();
  world.fn.answer = () => undefined;
  return (await world.log.consumers.deadLetters("g", {})).map(({ id }) => id);
}

/** Dead letters that are delivered once more, or forgotten. */
export const redriveCases: readonly StrataCase[] = [
  consumerCase("redrive: what succeeds is a dead letter no more, and nothing else is delivered again", async (world) => {
    const [first = ""] = await withLetters(world);
    assert.equal(first, "t/00000/0000000000000000001");
    assert.equal(await world.log.consumers.redrive("g", [first]), 1);
    assert.equal(await world.log.consumers.redrive("g", [first]), 0, "it was asked for already");
    assert.deepEqual(
      (await world.log.consumers.deadLetters("g", {})).map(({ isRedriving }) => isRedriving),
      [true, false],
    );
    assert.deepEqual(await world.log.consumers.pending(), [{ group: "g", topic: "t", partition: 0 }]);
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: bad1"]);
    assert.deepEqual([report.calls, report.records, report.state], [1, 1, "done"]);
    assert.deepEqual(await world.letters(), ["0/3-4 RetryAttemptsExhausted 1"]);
    assert.equal(await world.offset(), 5);
    assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal(await world.log.consumers.redrive("g"), 1);
    await world.drain();
    assert.deepEqual([world.fn.called(), await world.letters()], [["0: bad2"], []]);
  }),
  consumerCase("redrive: once the last one that failed has succeeded, the consumer has no problem any more", async (world) => {
    await world.put({ retryAttempts: 0 });
    world.fn.answer = failsOn("bad");
    await world.append("bad");
    await world.drain();
    assert.equal((await world.log.consumers.status("g")).state, "Problem");
    world.fn.answer = () => undefined;
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.equal((await world.log.consumers.status("g")).state, "Enabled");
  }),
  consumerCase("redrive: what fails stays, with its new error", async (world) => {
    await withLetters(world);
    world.fn.answer = (batch) => {
      if (labelsIn(batch).includes("bad2")) throw failed("still bad");
    };
    assert.equal(await world.log.consumers.redrive("g"), 2);
    const report = await world.delivered();
    assert.deepEqual([report.calls, report.failedCalls], [2, 1]);
    assert.deepEqual(await world.letters(), ["0/3-4 RetryAttemptsExhausted 2"]);
    assert.deepEqual([(await world.letter())?.error, (await world.letter())?.isRedriving], ["still bad", false]);
    assert.deepEqual(await world.log.consumers.pending(), []);
  }),
  consumerCase("redrive: one that is reported stays", async (world) => {
    await withLetters(world, { reportBatchItemFailures: true });
    world.fn.answer = (batch) => reports(batch, batch.records[0]?.offset ?? 0);
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.equal((await world.letters()).length, 2);
    assert.match((await world.letter())?.error ?? "", /reported offset 1/);
  }),
  consumerCase("redrive: when it cannot be called it is tried again", async (world) => {
    await withLetters(world);
    world.fn.answer = (_, nth) => {
      if (nth <= 3) throw unavailable();
    };
    await world.log.consumers.redrive("g");
    await world.delivered();
    assert.equal((await world.log.consumers.pending()).length, 1);
    for (let sweep = 0; sweep < 5; sweep++) await world.drain();
    assert.deepEqual(await world.letters(), []);
  }),
  consumerCase("redrive: of records that are gone it says so", async (world) => {
    await withLetters(world);
    await world.log.deleteRecords("t", [{ partition: 0, offset: 3 }]);
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: bad2"]);
    assert.match((await world.letter())?.error ?? "", /not in the log any more.*cannot do bad1/);
    assert.equal((await world.letter())?.isRedriving, false);
    await world.log.topics.delete("t");
    await world.log.topics.create({ name: "t", partitions: 1 });
    await world.append("x y z");
    await world.drain();
    world.fn.called();
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.deepEqual(world.fn.called(), [], "those of another topic are not taken for them");
  }),
  consumerCase("redrive: outputs are written with it, once", async (world) => {
    await withLetters(world, { outputTopics: ["out"] });
    world.fn.answer = (batch) => ({ records: labelsIn(batch).map((value) => ({ value })) });
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.deepEqual(await world.outputs(), ["bad1", "bad2"]);
  }),
  consumerCase("redrive: outputs that are refused are a failure", async (world) => {
    await world.withPassing("none", () => withLetters(world, { outputTopics: ["none"] }));
    world.fn.answer = () => ({ records: [{ value: "x" }] });
    await world.log.consumers.redrive("g");
    const report = await world.delivered();
    assert.deepEqual([report.state, report.failedCalls], ["done", 2]);
    assert.match((await world.letter())?.error ?? "", /none/);
    assert.deepEqual(await world.log.consumers.pending(), []);
  }),
  consumerCase("redrive: one that is forgotten meanwhile does not come back, nor stop the others", async (world) => {
    const ids = await withLetters(world);
    world.fn.answer = async (_, nth) => {
      if (nth === 1) await world.log.consumers.forget("g", ids.slice(0, 1));
      throw failed("still bad");
    };
    world.fn.calls.length = 0;
    await world.log.consumers.redrive("g");
    assert.equal((await world.delivered()).state, "done");
    assert.deepEqual(await world.letters(), ["0/3-4 RetryAttemptsExhausted 2"]);
    assert.deepEqual(await world.log.consumers.pending(), []);
  }),
  consumerCase("redrive: begins nothing that could take longer than there is time", async (world) => {
    await withLetters(world, { targetTimeoutMs: 10_000 });
    world.fn.answer = () => world.clock.pass(6_000);
    await world.log.consumers.redrive("g");
    const report = await world.delivered({}, { endMs: world.clock.nowMs() + 10_000 + limits.deliverMarginMs + 1_000 });
    assert.deepEqual([report.state, report.calls], ["handed-on", 1]);
    await world.delivered({ token: report.token ?? "" });
    assert.deepEqual([world.fn.called(), await world.letters()], [["0: bad1", "0: bad2"], []]);
  }),
  consumerCase("redrive: asked for while its partition is delivered it is not left for long", async (world) => {
    await withLetters(world);
    await world.put({ batchSize: 1 });
    await world.append("x y z");
    world.fn.answer = async (_, nth) => {
      world.clock.pass(limits.deliverSettingsMs);
      if (nth === 1) await world.log.consumers.redrive("g");
    };
    world.fn.calls.length = 0;
    await world.delivered();
    const calls = world.fn.called();
    assert.ok(calls.indexOf("0: bad1") < calls.indexOf("0: z"), calls.join());
    assert.deepEqual(await world.letters(), []);
  }),
  consumerCase("redrive: by ids, all of which there are", async (world) => {
    const [first = ""] = await withLetters(world);
    assert.equal(await codeOf(world.log.consumers.redrive("g", [first, "t/00000/0000000000000000002"])), "not_found");
    assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal(await codeOf(world.log.consumers.redrive("none")), "group_id_not_found");
    await world.log.consumers.forget("g", [first, first, "t/00000/9"]);
    assert.deepEqual(await world.letters(), ["0/3-4 RetryAttemptsExhausted 1"]);
    assert.equal(await codeOf(world.log.consumers.forget("none", [first])), "group_id_not_found");
  }),
  consumerCase("redrive: not of a topic that the consumer reads no more", async (world) => {
    const [first = ""] = await withLetters(world);
    await world.put({ topic: "out" });
    assert.equal(await world.log.consumers.redrive("g"), 0);
    assert.equal(await codeOf(world.log.consumers.redrive("g", [first])), "invalid_request");
    const letters = await world.log.consumers.deadLetters("g", {});
    assert.deepEqual(
      letters.map(({ isRedriving }) => isRedriving),
      [false, false],
    );
  }),
  consumerCase("redrive: of many letters takes few requests, and one that is forgotten meanwhile is left out", async (world) => {
    await world.put({ retryAttempts: 0, batchSize: 1 });
    const partitions = [0, 1, 2];
    for (const partition of partitions) await world.append(Array(40).fill("bad").join(" "), partition);
    world.fn.answer = failsOn("bad");
    await world.drain();
    const ids = (await world.log.consumers.deadLetters("g", {})).map(({ id }) => id);
    let steps = 0;
    world.watched.intercept = async ({ name }, run) => {
      if (name === "catalog.transact" && ++steps === 1) await world.open().log.consumers.forget("g", ids.slice(0, 1));
      return await run();
    };
    assert.equal(await world.log.consumers.redrive("g"), 119);
    // One step is tried again letter by letter.
    assert.ok(steps < 70, `${steps} steps`);
    world.watched.intercept = async (_, run) => await run();
    assert.equal((await world.log.consumers.status("g")).deadLetters, 119);
    world.fn.answer = () => undefined;
    await world.drain();
    assert.deepEqual(await world.letters(), []);
  }),
  consumerCase("redrive: not while the consumer is paused", async (world) => {
    await withLetters(world);
    await world.log.consumers.setEnabled("g", false);
    await world.log.consumers.redrive("g");
    assert.deepEqual(await world.log.consumers.pending(), []);
    await world.log.consumers.setEnabled("g", true);
    await world.drain();
    assert.deepEqual(await world.letters(), []);
  }),
  consumerCase("dead letters come in pages, by partition and offset", async (world) => {
    await world.put({ retryAttempts: 0, batchSize: 1 });
    for (const partition of [1, 0]) await world.append("bad bad", partition);
    world.fn.answer = failsOn("bad");
    await world.drain();
    const first = await world.log.consumers.deadLetters("g", { limit: 3 });
    const next = await world.log.consumers.deadLetters("g", { limit: 3, after: first.at(-1)?.id ?? "" });
    assert.deepEqual(
      [...first, ...next].map(({ partition, fromOffset }) => `${partition}/${fromOffset}`),
      ["0/0", "0/1", "1/0", "1/1"],
    );
  }),
];
