import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import { record } from "../log/build.ts";
import type { StrataCase } from "../strata/build.ts";
import { consumerCase } from "./build.ts";
import { failed } from "./function.ts";

const numbered = (count: number, from = 0): string => Array.from({ length: count }, (_, nth) => `r${from + nth}`).join(" ");

/** Which records a function gets, in which batches, and where a consumer begins. */
export const deliveryCases: readonly StrataCase[] = [
  consumerCase("each record once, in order within its partition", async (world) => {
    await world.put({ batchSize: 4 });
    for (let round = 0; round < 2; round++) {
      for (const partition of [0, 1, 2]) await world.append(numbered(6, 10 * round), partition);
      await world.drain();
      for (const partition of [0, 1, 2]) {
        const got = world.fn.batches.filter((batch) => batch.partition === partition).flatMap(({ records }) => records);
        assert.deepEqual(
          got.map(({ offset }) => offset),
          [0, 1, 2, 3, 4, 5].map((offset) => offset + 6 * round),
        );
        assert.equal(await world.offset(partition), 6 * round + 6);
      }
      world.fn.called();
    }
    assert.deepEqual(await world.log.consumers.pending(), []);
  }),
  consumerCase("a batch has at most so many records, and counts them", async (world) => {
    await world.put({ batchSize: 2 });
    await world.append("a b c d e");
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a b", "0: c d", "0: e"]);
    assert.deepEqual(report, { state: "done", calls: 3, records: 5, filtered: 0, failedCalls: 0, givenUp: 0 });
  }),
  consumerCase("a batch has at most what an event holds", async (world) => {
    await world.log.topics.alter("t", { config: { "max.message.bytes": 8 * 1024 * 1024 } });
    const big = "x".repeat(2 * 1024 * 1024);
    await world.put();
    for (const label of ["a", "b", "c"]) await world.log.append("t", { records: [record(label + big, { partition: 0 })] });
    await world.delivered();
    assert.deepEqual(
      world.fn.batches.map(({ records }) => records.length),
      [2, 1],
    );
  }),
  consumerCase("a record that no event holds is given up alone", async (world) => {
    await world.log.topics.alter("t", { config: { "max.message.bytes": 8 * 1024 * 1024 } });
    await world.put();
    await world.append("a");
    await world.log.append("t", { records: [record("b".repeat(5 * 1024 * 1024), { partition: 0 })] });
    await world.append("c");
    const report = await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a", "0: c"]);
    assert.deepEqual(await world.letters(), ["0/1-2 PayloadTooLarge 0"]);
    assert.equal(report.givenUp, 1);
    await world.log.consumers.redrive("g");
    await world.drain();
    assert.deepEqual(world.fn.called(), [], "nor does any a second time");
    assert.deepEqual(await world.letters(), ["0/1-2 PayloadTooLarge 0"]);
    assert.equal((await world.letter())?.isRedriving, false);
  }),
  consumerCase("LATEST is what is appended after the consumer was made, TRIM_HORIZON all there is", async (world) => {
    await world.append("old");
    await world.append("old", 1);
    await world.put({ startingPosition: "LATEST" });
    await world.put({ group: "all" });
    await world.append("new");
    await world.drain();
    assert.deepEqual(world.fn.called().toSorted(), ["0: new", "0: old new", "1: old"]);
  }),
  consumerCase("AT_TIMESTAMP is the first record of that time or later", async (world) => {
    await world.append("a");
    world.clock.pass(10_000);
    const startingPositionTimestampMs = world.clock.nowMs();
    await world.append("b c");
    await world.append("other", 1);
    await world.put({ startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs });
    await world.put({ group: "later", startingPosition: "AT_TIMESTAMP", startingPositionTimestampMs: startingPositionTimestampMs + 1 });
    await world.drain();
    assert.deepEqual(world.fn.called().toSorted(), ["0: b c", "1: other"]);
  }),
  consumerCase("a partition that is added later begins with its first record", async (world) => {
    await world.put({ startingPosition: "LATEST" });
    await world.log.topics.alter("t", { partitions: 6 });
    await world.append("first", 5);
    await world.drain();
    assert.deepEqual(world.fn.called(), ["5: first"]);
  }),
  consumerCase("where it starts counts for partitions without an offset alone", async (world) => {
    await world.put();
    await world.append("a b");
    await world.drain();
    await world.log.consumers.remove("g");
    await world.append("c");
    await world.append("d", 1);
    await world.put({ startingPosition: "LATEST" });
    world.fn.called();
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: c"]);
  }),
  consumerCase("what filters keep out is passed over without a call and committed", async (world) => {
    await world.put({ filters: [JSON.stringify({ value: [{ prefix: "keep" }] })], batchSize: 2 });
    await world.append("x y");
    const report = await world.delivered();
    assert.deepEqual([report.calls, report.filtered, await world.offset()], [0, 2, 2]);
    await world.append("keep1 x keep2 y keep3 z");
    assert.equal((await world.delivered()).filtered, 3);
    assert.deepEqual(world.fn.called(), ["0: keep1 keep2", "0: keep3"]);
    assert.equal(await world.offset(), 8);
    assert.deepEqual(await world.log.consumers.pending(), []);
  }),
  consumerCase("filters are held against a record's topic, partition and offset, too", async (world) => {
    const filters = [{ partition: [1] }, { topic: ["t"], offset: [{ numeric: [">=", 2] }] }].map((filter) => JSON.stringify(filter));
    await world.put({ filters });
    await world.append("a b c");
    await world.append("d", 1);
    await world.drain();
    assert.deepEqual(world.fn.called().toSorted(), ["0: c", "1: d"]);
  }),
  consumerCase("what is too old is given up without a call, and the rest is not", async (world) => {
    await world.put({ maxRecordAgeMs: 60_000 });
    await world.append("a b");
    world.clock.pass(60_001);
    await world.append("c");
    const report = await world.delivered();
    assert.deepEqual([world.fn.called(), report.givenUp], [["0: c"], 2]);
    assert.deepEqual(await world.letters(), ["0/0-2 RecordAgeExceeded 0"]);
  }),
  consumerCase("a call waits for its batch to fill", async (world) => {
    await world.put({ maxBatchingWindowMs: 30_000, batchSize: 3 });
    await world.append("a");
    const one = world.deliver({}, { lingerMs: 0 });
    await world.calm();
    assert.deepEqual(world.fn.called(), []);
    await world.append("b");
    assert.equal((await world.settled(one)).calls, 1);
    assert.deepEqual(world.fn.called(), ["0: a b"]);
    const begunMs = world.clock.nowMs();
    await world.append("c d e f");
    const two = world.deliver();
    await world.until(() => world.fn.calls.length === 1);
    assert.equal(world.clock.nowMs(), begunMs, "a full one does not wait");
    await world.settled(two);
    assert.deepEqual(world.fn.called(), ["0: c d e", "0: f"]);
  }),
  consumerCase("who lingers delivers what comes", async (world) => {
    await world.put();
    const running = world.deliver({}, { lingerMs: 60_000 });
    await world.pass(10_000);
    await world.append("a");
    await world.until(() => world.fn.calls.length === 1);
    await world.pass(50_000);
    await world.append("b");
    const report = await world.settled(running);
    assert.deepEqual([report.state, report.records], ["done", 2]);
  }),
  consumerCase("a signal ends waits at once, and the delivery after its call", async (world) => {
    await world.put({ batchSize: 1 });
    const control = new AbortController();
    const waiting = world.deliver({}, { lingerMs: 60_000, signal: control.signal });
    await world.calm();
    control.abort();
    assert.equal((await world.settled(waiting, 0)).state, "done", "there was nothing");
    await world.append("a b");
    const next = new AbortController();
    world.fn.answer = () => next.abort();
    const report = await world.delivered({}, { signal: next.signal });
    assert.deepEqual([report.state, report.records, await world.offset()], ["ended", 1, 1]);
    world.fn.answer = () => undefined;
    await world.drain();
    assert.equal(await world.offset(), 2);
  }),
  consumerCase("it goes on where the log begins now when retention was faster", async (world) => {
    await world.put({ startingPosition: "LATEST" });
    await world.append("a b c d");
    await world.log.deleteRecords("t", [{ partition: 0, offset: 3 }]);
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: d"]);
    await world.append("e");
    await world.log.deleteRecords("t", [{ partition: 0, offset: "latest" }]);
    assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal((await world.delivered()).state, "done");
    assert.equal(await world.offset(), 5);
  }),
  consumerCase("retention takes what is tried again, too", async (world) => {
    await world.put({ bisectBatchOnError: true });
    await world.append("a b c d");
    world.fn.answer = async (_, nth) => {
      if (nth === 1) await world.log.deleteRecords("t", [{ partition: 0, offset: 3 }]);
      if (nth === 1) throw failed();
    };
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: a b c d", "0: d"]);
    assert.equal(await world.offset(), 4);
  }),
  consumerCase("a group that was set beyond the end waits until the log is there", async (world) => {
    await world.put();
    await world.append("a b");
    await world.log.groups.set("g", [{ topic: "t", partition: 0, offset: 3 }]);
    const report = await world.delivered({}, { lingerMs: 20_000 });
    assert.deepEqual([report.state, world.fn.called()], ["done", []]);
    await world.append("c d");
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: d"]);
  }),
  consumerCase("of a topic that is gone nothing is delivered, of one made anew all is", async (world) => {
    await world.put({ startingPosition: "LATEST" });
    await world.append("a b");
    await world.drain();
    await world.log.topics.delete("t");
    assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal((await world.delivered()).state, "stopped");
    assert.deepEqual((await world.log.consumers.status("g")).partitions, []);
    await world.log.topics.create({ name: "t", partitions: 1 });
    await world.append("c");
    world.fn.called();
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: c"]);
    assert.equal(await world.offset(), 1);
  }),
  consumerCase("a topic that is deleted while it is delivered stops that", async (world) => {
    await world.put();
    const waiting = world.deliver({}, { lingerMs: 60_000 });
    await world.calm();
    await world.log.topics.delete("t");
    assert.equal((await world.settled(waiting)).state, "stopped");
    await world.log.topics.create({ name: "t", partitions: 1 });
    await world.append("x");
    assert.equal((await world.delivered()).records, 1, "its lease was given free");
  }),
  consumerCase("a topic that is made anew while it is delivered begins at its start", async (world) => {
    await world.put({ batchSize: 2 });
    await world.append("a b");
    world.fn.answer = async (_, nth) => {
      if (nth > 1) return;
      await world.log.topics.delete("t");
      await world.log.topics.create({ name: "t", partitions: 1 });
      await world.append("A B C D");
    };
    await world.delivered();
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: a b", "0: A B", "0: C D"]);
    assert.equal(await world.offset(), 4);
  }),
  consumerCase("a partition that there is not is not delivered, nor one of another topic", async (world) => {
    await world.put();
    assert.equal((await world.delivered({ partition: 3 })).state, "stopped");
    assert.equal((await world.delivered({ topic: "out" })).state, "stopped");
  }),
  consumerCase("calls name the consumer as it is and the kind of timestamps", async (world) => {
    await world.log.topics.alter("t", { config: { "message.timestamp.type": "LogAppendTime" } });
    await world.put({ targetTimeoutMs: 3_000 });
    await world.append("a");
    await world.drain();
    assert.equal(world.fn.batches[0]?.timestampType, "LOG_APPEND_TIME");
    assert.deepEqual(world.fn.consumers[0], await world.log.consumers.get("g"));
    assert.ok(limits.triggerBatchSizeDefault === world.fn.consumers[0]?.batchSize);
  }),
];
