import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import { codeOf } from "../groups/build.ts";
import { consumerCase } from "./build.ts";
import { failed, failsOn } from "./function.ts";

/** Something that is held until it is let go. */
function gate() {
  return Promise.withResolvers<undefined>();
}

const sqs = "arn:aws:sqs:eu-west-1:123456789012:dead";

/** Who delivers, and who does not any more. */
export const leaseCases: readonly StrataCase[] = [
  consumerCase("a partition is delivered by one at a time", async (world) => {
    await world.put();
    await world.append("a");
    const hold = gate();
    world.fn.answer = () => hold.promise;
    const first = world.deliver();
    await world.until(() => world.fn.calls.length === 1);
    assert.equal((await world.delivered()).state, "busy");
    if (world.isShared) assert.equal((await world.settled(world.deliver({}, {}, world.open().log))).state, "busy");
    if (world.isShared) assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal((await world.log.consumers.status("g")).partitions[0]?.isLeased, true);
    hold.resolve(undefined);
    assert.equal((await world.settled(first)).records, 1);
    assert.equal((await world.log.consumers.status("g")).partitions[0]?.isLeased, false);
    assert.deepEqual(world.fn.called(), ["0: a"]);
  }),
  consumerCase("a lease is kept for as long as a call runs", async (world) => {
    await world.put();
    await world.append("a");
    const hold = gate();
    world.fn.answer = () => hold.promise;
    const first = world.deliver();
    await world.until(() => world.fn.calls.length === 1);
    const other = world.isShared ? world.open().log : world.log;
    for (let passed = 0; passed < 5 * limits.deliverLeaseMs; passed += 50_000) {
      await world.pass(50_000);
      assert.equal((await world.settled(world.deliver({}, {}, other), 0)).state, "busy");
    }
    hold.resolve(undefined);
    assert.equal((await world.settled(first)).state, "done");
    assert.equal(world.fn.called().length, 1);
  }),
  consumerCase("who looks once more after the end does not let two others in", async (world) => {
    await world.put();
    await world.append("a");
    const [looks, call] = [gate(), gate()];
    let isLooking = false;
    world.watched.intercept = async ({ name }, run) => {
      if (name === "journal.head" && world.fn.calls.length === 1 && !isLooking) {
        isLooking = true;
        await looks.promise;
      }
      return await run();
    };
    const first = world.deliver();
    await world.until(() => isLooking);
    await world.append("b");
    world.fn.answer = () => call.promise;
    const second = world.deliver();
    await world.until(() => world.fn.calls.length === 2);
    looks.resolve(undefined);
    assert.equal((await world.settled(first)).state, "busy");
    assert.equal((await world.settled(world.deliver(), 0)).state, "busy");
    call.resolve(undefined);
    await world.settled(second);
    assert.deepEqual(world.fn.called(), ["0: a", "0: b"]);
  }),
  consumerCase("what is appended while the lease is given free needs no other hint", async (world) => {
    await world.put();
    await world.append("a");
    let isFirst = true;
    world.watched.intercept = async ({ name, args }, run) => {
      const isCommit = name === "catalog.transact" && JSON.stringify(args).includes('"offset":1');
      if (isCommit && isFirst) {
        isFirst = false;
        await world.append("b");
      }
      return await run();
    };
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a", "0: b"]);
    assert.equal(await world.offset(), 2);
  }),
  ...["nothing", "outputs", "a dead letter", "a failure sent"].map((what) =>
    consumerCase(`a lease that ran out is taken over, and who had it writes ${what} no more`, async (world) => {
      if (!world.isShared) return;
      const isFailing = what === "a dead letter" || what === "a failure sent";
      await world.put({
        retryAttempts: 0,
        outputTopics: ["out"],
        ...(isFailing && { onFailure: what === "a failure sent" ? sqs : "kafka://out" }),
      });
      await world.append("a");
      const [hold, renewal] = [gate(), gate()];
      const zombie = world.open();
      world.fn.answer = async (_, nth) => {
        if (nth === 1) {
          zombie.watched.intercept = async (operation, run) => {
            if (operation.name !== "catalog.get") await renewal.promise;
            return await run();
          };
          await hold.promise;
          if (isFailing) throw failed();
        }
        return { records: [{ value: `of call ${nth}` }] };
      };
      const frozen = world.deliver({}, {}, zombie.log);
      await world.until(() => world.fn.calls.length === 1);
      await world.pass(limits.deliverLeaseMs - 1);
      assert.equal((await world.settled(world.deliver(), 0)).state, "busy");
      assert.deepEqual(await world.log.consumers.pending(), []);
      await world.pass(1);
      assert.equal((await world.log.consumers.pending()).length, 1);
      assert.equal((await world.delivered()).records, 1);
      hold.resolve(undefined);
      await world.calm();
      renewal.resolve(undefined);
      assert.equal((await world.settled(frozen)).state, "stopped");
      assert.deepEqual(await world.outputs(), ["of call 2"]);
      assert.deepEqual([await world.letters(), world.fn.failures, await world.offset()], [[], [], 1]);
    }),
  ),
  consumerCase("a reset while a call runs fences it, and delivery goes on from there", async (world) => {
    await world.put({ outputTopics: ["out"], batchSize: 2 });
    await world.append("a b c d e f");
    world.fn.answer = async ({ records }, nth) => {
      if (nth === 2) await world.log.groups.set("g", [{ topic: "t", partition: 0, offset: 1 }]);
      return { records: [{ value: String(records[0]?.offset) }] };
    };
    assert.equal((await world.delivered()).state, "stopped");
    assert.equal(await world.offset(), 1);
    assert.equal((await world.log.consumers.pending()).length, 1, "at once");
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: a b", "0: c d", "0: b c", "0: d e", "0: f"]);
    assert.deepEqual(await world.outputs(), ["0", "1", "3", "5"]);
  }),
  consumerCase("a reset while a failing call runs leaves no dead letter, and its retries are forgotten", async (world) => {
    await world.put({ retryAttempts: 1, onFailure: sqs });
    await world.append("bad a");
    world.fn.answer = async (_, nth) => {
      if (nth === 2) await world.log.groups.set("g", [{ topic: "t", partition: 0, offset: 1 }]);
      if (nth <= 2) throw failed();
    };
    assert.equal((await world.delivered()).state, "stopped");
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: bad a", "0: bad a", "0: a"]);
    assert.deepEqual([await world.letters(), world.fn.failures], [[], []]);
  }),
  consumerCase("a pause ends what runs with its batch, and what was left is delivered after it", async (world) => {
    await world.put({ batchSize: 1 });
    await world.append("a b c");
    world.fn.answer = async () => {
      world.clock.pass(limits.deliverSettingsMs);
      await world.log.consumers.setEnabled("g", false);
    };
    assert.equal((await world.delivered()).state, "stopped");
    assert.deepEqual(world.fn.called(), ["0: a"]);
    assert.deepEqual(await world.log.consumers.pending(), []);
    assert.equal((await world.log.consumers.status("g")).state, "Disabled");
    assert.equal((await world.delivered()).state, "stopped");
    world.fn.answer = () => undefined;
    const { version, enabled } = await world.log.consumers.setEnabled("g", true);
    assert.deepEqual([version, enabled], [3, true]);
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: b", "0: c"]);
  }),
  consumerCase("settings that are changed while it runs count for the next batches", async (world) => {
    await world.put({ batchSize: 1 });
    await world.append("a b c d e");
    world.fn.answer = async (_, nth) => {
      world.clock.pass(limits.deliverSettingsMs);
      if (nth === 1) await world.put({ batchSize: 3, target: "local:other" });
    };
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a", "0: b c d", "0: e"]);
    assert.deepEqual(
      world.fn.consumers.map(({ target }) => target),
      ["local:f", "local:other", "local:other"],
    );
  }),
  consumerCase("a consumer that is removed while it runs stops, and gives its partition free", async (world) => {
    await world.put({ batchSize: 1 });
    await world.append("a b");
    world.fn.answer = async (_, nth) => {
      world.clock.pass(limits.deliverSettingsMs);
      if (nth === 1) await world.log.consumers.remove("g");
    };
    const report = await world.delivered();
    assert.deepEqual([report.state, report.records], ["stopped", 1]);
    assert.equal(await codeOf(world.deliver()), "group_id_not_found");
    await world.put();
    assert.deepEqual([(await world.delivered()).state, world.fn.called()], ["done", ["0: a", "0: b"]]);
  }),
  consumerCase("when time is short the lease is handed on, and nothing is repeated", async (world) => {
    await world.put({ batchSize: 1, targetTimeoutMs: 10_000, maxBatchingWindowMs: 0 });
    await world.append("a b c d e");
    world.fn.answer = () => world.clock.pass(6_000);
    const end = () => ({ endMs: world.clock.nowMs() + 10_000 + limits.deliverMarginMs + 7_000 });
    const first = await world.delivered({}, end());
    assert.deepEqual([first.state, first.calls], ["handed-on", 2]);
    const token = first.token ?? "";
    if (world.isShared) assert.equal((await world.delivered()).state, "busy");
    const [one, two] = [world.deliver({ token }, end()), world.deliver({ token }, end())];
    const reports = [await world.settled(one), await world.settled(two)];
    assert.deepEqual(reports.map(({ state }) => state).toSorted(), ["busy", "handed-on"]);
    if (world.isShared) assert.equal((await world.delivered({ token }, end())).state, "busy", "a token is used once");
    const next = reports.find(({ state }) => state === "handed-on")?.token ?? "";
    assert.equal((await world.delivered({ token: next }, end())).state, "done");
    assert.deepEqual(world.fn.called(), ["0: a", "0: b", "0: c", "0: d", "0: e"]);
  }),
  consumerCase("one that was handed on and never came is taken over", async (world) => {
    await world.put({ batchSize: 1, targetTimeoutMs: 10_000 });
    await world.append("a b");
    world.fn.answer = () => world.clock.pass(6_000);
    const { token = "" } = await world.delivered({}, { endMs: world.clock.nowMs() + 21_000 });
    await world.pass(limits.deliverLeaseMs);
    assert.equal((await world.delivered()).state, "done");
    assert.equal((await world.delivered({ token })).state, "done", "what comes late has nothing to do");
    assert.deepEqual(world.fn.called(), ["0: a", "0: b"]);
  }),
  consumerCase("a retry that is later than there is time is left to others", async (world) => {
    await world.put({ targetTimeoutMs: 10_000 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    const endMs = world.clock.nowMs() + 10_000 + limits.deliverMarginMs + 2_500;
    const report = await world.delivered({}, { endMs });
    assert.deepEqual([report.state, report.calls], ["later", 2]);
    assert.deepEqual(await world.log.consumers.pending(), [], "not before its time");
    await world.pass((report.retryAtMs ?? 0) - world.clock.nowMs());
    assert.equal((await world.log.consumers.pending()).length, 1);
  }),
];
