import assert from "node:assert/strict";
import { LogError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import { codeOf } from "../groups/build.ts";
import { type ConsumerWorld, consumerCase } from "./build.ts";
import { failsOn } from "./function.ts";

async function pending(world: ConsumerWorld, shards?: readonly number[], topic = "t"): Promise<readonly string[]> {
  const { id } = await world.log.topics.get(topic);
  const found = await world.log.consumers.pending(shards?.map((shard) => ({ topicId: id, shard })));
  return found.map(({ group, topic: name, partition }) => `${group} ${name}/${partition}`).toSorted();
}

/** What has something to deliver, and how it is with a consumer. */
export const pendingCases: readonly StrataCase[] = [
  consumerCase("pending is what is behind, of the shards that are hinted at or of all", async (world) => {
    await world.log.topics.create({ name: "wide", partitions: 40, partitionsPerShard: 2 });
    await world.put();
    await world.put({ group: "w", topic: "wide" });
    await world.put({ group: "off", topic: "wide", enabled: false });
    assert.deepEqual(await pending(world), []);
    for (const partition of [0, 3, 39]) await world.append("a", partition, "wide");
    await world.append("a", 1);
    assert.deepEqual(await pending(world), ["g t/1", "w wide/0", "w wide/3", "w wide/39"]);
    assert.deepEqual(await pending(world, [0]), ["g t/1"]);
    assert.deepEqual(await pending(world, [0, 2], "wide"), ["w wide/0"]);
    assert.deepEqual(await pending(world, [19, 1], "wide"), ["w wide/3", "w wide/39"]);
    assert.deepEqual(await pending(world, [20], "wide"), []);
    assert.deepEqual(await world.log.consumers.pending([{ topicId: "none", shard: 0 }]), []);
    await world.drain();
    assert.deepEqual(await pending(world), []);
  }),
  consumerCase("pending: a consumer that cannot be looked at is told, and the others are found", async (world) => {
    const { id } = await world.log.topics.create({ name: "hot", partitions: 1 });
    await world.put();
    await world.put({ group: "h", topic: "hot" });
    for (const topic of ["t", "hot"]) await world.append("a", 0, topic);
    world.watched.intercept = async ({ name, args }, run) => {
      if (name === "journal.head" && JSON.stringify(args).includes(id)) throw new LogError("throttled", "hot");
      return await run();
    };
    const failed: string[] = [];
    const found = await world.log.consumers.pending(undefined, (group, reason) => void failed.push(`${group} ${String(reason)}`));
    assert.deepEqual([found.map(({ group }) => group), failed], [["g"], ["h LogError: hot"]]);
    assert.equal(await codeOf(world.log.consumers.pending()), "throttled");
  }),
  consumerCase("pending is not what waits for its retry", async (world) => {
    await world.put();
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    const { retryAtMs = 0 } = await world.delivered();
    assert.deepEqual(await pending(world), []);
    assert.deepEqual(await pending(world, [0]), []);
    await world.pass(retryAtMs - world.clock.nowMs());
    assert.deepEqual(await pending(world), ["g t/0"]);
  }),
  consumerCase("pending is not what is leased, though it was asked to be redriven", async (world) => {
    if (!world.isShared) return;
    await world.put({ retryAttempts: 0 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    await world.drain();
    await world.log.consumers.redrive("g");
    await world.append("a");
    const hold = Promise.withResolvers<undefined>();
    world.fn.calls.length = 0;
    world.fn.answer = () => hold.promise;
    const running = world.deliver();
    await world.until(() => world.fn.calls.length === 1);
    assert.deepEqual(await pending(world), []);
    hold.resolve(undefined);
    await world.settled(running);
  }),
  consumerCase("a redrive of a topic that the consumer reads no more is not pending", async (world) => {
    await world.put({ retryAttempts: 0 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    await world.drain();
    await world.log.consumers.redrive("g");
    await world.put({ topic: "out" });
    assert.deepEqual(await pending(world), []);
  }),
  consumerCase("status: lag, age, calls, errors, dead letters", async (world) => {
    await world.put({ retryAttempts: 0, batchSize: 1 });
    await world.put({ group: "h" });
    const before = await world.log.consumers.status("g");
    assert.deepEqual([before.state, before.partitions.length, before.partitions[0]?.offset], ["Enabled", 3, undefined]);
    const [firstMs] = [world.clock.nowMs()];
    await world.append("a");
    world.clock.pass(1_000);
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    const behind = (await world.log.consumers.status("g")).partitions[0];
    assert.deepEqual([behind?.lag, behind?.oldestTimestampMs, behind?.invocations, behind?.highWatermark], [2, firstMs, 0, 2]);
    await world.delivered();
    const failing = await world.log.consumers.status("g");
    assert.deepEqual([failing.state, failing.deadLetters], ["Problem", 1]);
    const [first, second] = failing.partitions;
    assert.deepEqual(
      [first?.lag, first?.oldestTimestampMs, first?.invocations, first?.lastError, first?.lastErrorMs, first?.offset],
      [0, undefined, 2, "cannot do bad", world.clock.nowMs(), 2],
    );
    assert.deepEqual([second?.lastError, second?.lastErrorMs, second?.isLeased], ["", undefined, false]);
    await world.append("c");
    await world.delivered();
    const fine = await world.log.consumers.status("g");
    assert.deepEqual([fine.state, fine.partitions[0]?.invocations, fine.partitions[0]?.lastError], ["Enabled", 3, ""]);
    await world.put();
    await world.append("bad", 2);
    await world.delivered({ partition: 2 });
    const { attempts, retryAtMs } = (await world.log.consumers.status("g")).partitions[2] ?? {};
    assert.ok((attempts ?? 0) > 1 && (retryAtMs ?? 0) > world.clock.nowMs());
    assert.equal((await world.log.consumers.status("h")).partitions[0]?.lag, 3);
  }),
  ...(["resumed", "asked to"] as const).map((how) =>
    consumerCase(`what waits to be tried again is due at once when its consumer is ${how}, with the attempts it has`, async (world) => {
      const { consumers } = world.log;
      await world.put();
      await world.append("bad");
      world.fn.answer = failsOn("bad");
      assert.equal((await world.delivered()).state, "later");
      assert.deepEqual(await pending(world), []);
      const attempts = async () => (await consumers.status("g")).partitions[0]?.attempts;
      const tried = await attempts();
      const { version } = await consumers.get("g");
      if (how === "resumed") {
        await consumers.setEnabled("g", false);
        await consumers.setEnabled("g", true);
      } else await consumers.retryNow("g");
      assert.deepEqual([await pending(world), await attempts()], [["g t/0"], tried]);
      assert.equal((await consumers.get("g")).version, version + (how === "resumed" ? 2 : 0));
      world.fn.answer = () => undefined;
      world.fn.called();
      assert.equal((await world.delivered()).state, "done");
      assert.deepEqual([world.fn.called(), await world.offset()], [["0: bad"], 1]);
    }),
  ),
  consumerCase("a partition that another one holds is left to it when all is to be tried at once", async (world) => {
    await world.put();
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    const running = world.deliver();
    await world.until(() => world.fn.calls.length === 4);
    world.fn.answer = () => undefined;
    if (world.isShared) await world.log.consumers.retryNow("g");
    assert.equal((await world.settled(running)).state, "done");
    assert.equal(world.fn.calls.length, 5);
  }),
  consumerCase("a consumer's state alone is that of its status", async (world) => {
    const { consumers, topics } = world.log;
    const states = async () => [await consumers.state(await consumers.get("g")), (await consumers.status("g")).state];
    await world.put();
    assert.deepEqual(await states(), ["Enabled", "Enabled"]);
    await world.append("bad", 2);
    world.fn.answer = failsOn("bad");
    await world.delivered({ partition: 2 });
    assert.deepEqual(await states(), ["Problem", "Problem"]);
    await topics.delete("t");
    assert.deepEqual(await states(), ["NoTopic", "NoTopic"]);
    await topics.create({ name: "t" });
    assert.deepEqual(await states(), ["Enabled", "Enabled"], "what failed was another topic's");
    await consumers.setEnabled("g", false);
    assert.deepEqual(await states(), ["Disabled", "Disabled"]);
  }),
  consumerCase("status: leased is what its own consumer delivers", async (world) => {
    await world.put();
    await world.put({ group: "h" });
    await world.append("a");
    const hold = Promise.withResolvers<undefined>();
    world.fn.answer = () => hold.promise;
    const running = world.deliver();
    await world.until(() => world.fn.calls.length === 1);
    const leased = async (group: string) => (await world.log.consumers.status(group)).partitions.map(({ isLeased }) => isLeased);
    assert.deepEqual(
      [await leased("g"), await leased("h")],
      [
        [true, false, false],
        [false, false, false],
      ],
    );
    hold.resolve(undefined);
    await world.settled(running);
  }),
  consumerCase("consumers are made, changed, listed and found", async (world) => {
    const { consumers } = world.log;
    const made = await consumers.put({ group: "b", topic: "t", target: "local:f" });
    assert.deepEqual([made.version, made.createdMs, made.batchSize], [1, world.clock.nowMs(), limits.triggerBatchSizeDefault]);
    assert.deepEqual(await consumers.get("b"), made);
    world.clock.pass(5);
    const changed = await consumers.put({ group: "b", topic: "t", target: "local:f", batchSize: 7 });
    assert.deepEqual([changed.version, changed.createdMs, changed.batchSize], [2, made.createdMs, 7]);
    for (const group of ["a", "bc", "c"]) await consumers.put({ group, topic: "t", target: "local:f" });
    const groups = async (page: Parameters<typeof consumers.list>[0]) => (await consumers.list(page)).map(({ group }) => group);
    assert.deepEqual(await groups({}), ["a", "b", "bc", "c"]);
    assert.deepEqual(await groups({ prefix: "b" }), ["b", "bc"]);
    assert.deepEqual(await groups({ after: "a", limit: 2 }), ["b", "bc"]);
    const unknown = [
      consumers.get("x"),
      consumers.status("x"),
      consumers.setEnabled("x", true),
      consumers.retryNow("x"),
      consumers.remove("x"),
    ];
    for (const code of await Promise.all(unknown.map(codeOf))) assert.equal(code, "group_id_not_found");
    assert.equal(await codeOf(consumers.put({ group: "x", topic: "none", target: "local:f" })), "unknown_topic_or_partition");
    assert.equal(await codeOf(consumers.put({ group: "", topic: "t", target: "local:f" })), "invalid_group_id");
    assert.equal(await codeOf(consumers.put({ group: "x", topic: "t", target: "f" })), "invalid_config");
  }),
];
