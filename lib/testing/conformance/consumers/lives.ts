import assert from "node:assert/strict";
import { limits } from "../../../core/limits.ts";
import type { StrataCase } from "../strata/build.ts";
import { codeOf, Consumer, errorOf } from "../groups/build.ts";
import { consumerCase } from "./build.ts";
import { failsOn } from "./function.ts";

/** How consumers and their groups come and go. */
export const lifeCases: readonly StrataCase[] = [
  consumerCase("one that is made anew under its name while it runs ends what the one before had begun", async (world) => {
    await world.put({ batchSize: 1 });
    await world.append("a b c");
    world.fn.answer = async (_, nth) => {
      world.clock.pass(limits.deliverSettingsMs);
      if (nth !== 1) return;
      await world.log.consumers.remove("g");
      await world.put({ batchSize: 2, target: "local:other" });
    };
    await world.delivered();
    assert.deepEqual(world.fn.called(), ["0: a", "0: b c"]);
    assert.deepEqual(
      world.fn.consumers.map(({ target }) => target),
      ["local:f", "local:other"],
    );
  }),
  consumerCase(
    "a group is not deleted while a partition of it is delivered: what was begun commits nothing to one made anew",
    async (world) => {
      await world.put({ batchSize: 3 });
      await world.append("a b c");
      const hold = Promise.withResolvers<undefined>();
      world.fn.answer = () => hold.promise;
      const running = world.deliver();
      await world.until(() => world.fn.calls.length === 1);
      await world.log.consumers.remove("g");
      assert.equal(await codeOf(world.log.groups.delete("g")), "non_empty_group");
      hold.resolve(undefined);
      await world.settled(running);
      assert.equal(await world.offset(), 3);
      await world.log.groups.delete("g");
      await world.put();
      world.fn.answer = () => undefined;
      await world.delivered();
      assert.deepEqual(world.fn.called(), ["0: a b c", "0: a b c"]);
    },
  ),
  consumerCase("a group whose delivery has died is deleted once its lease has ended", async (world) => {
    if (!world.isShared) return;
    await world.put();
    await world.append("a");
    const dead = world.open();
    world.fn.answer = () => Promise.withResolvers<undefined>().promise;
    void world.deliver({}, {}, dead.log).catch(() => undefined);
    await world.until(() => world.fn.calls.length === 1);
    dead.watched.intercept = () => Promise.withResolvers<undefined>().promise;
    await world.log.consumers.remove("g");
    assert.equal(await codeOf(world.log.groups.delete("g")), "non_empty_group");
    await world.pass(limits.deliverLeaseMs);
    await world.log.groups.delete("g");
    assert.equal(await codeOf(world.log.groups.committed("g")), "group_id_not_found");
  }),
  consumerCase("of a member that joins and a consumer that is made for its group at the same time, one at most is there", async (world) => {
    const { log } = world;
    const later = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await log.groups.list({ limit: 1 });
    };
    for (let nth = -6; nth <= 16; nth++) {
      const group = `both-${nth}`;
      const [put, joined] = await Promise.allSettled([
        later(-nth).then(() => log.consumers.put({ group, topic: "t", target: "local:f" })),
        later(nth).then(() => log.groups.heartbeat(group, "m", { subscription: { topics: ["t"] } })),
      ]);
      assert.ok(put.status === "rejected" || joined.status === "rejected", `${group}: both`);
      const members = (await log.groups.describe(group)).members.length;
      const consumers = (await log.consumers.list({ prefix: group })).length;
      assert.ok(members + consumers <= 1, `${group}: ${members} members and ${consumers} consumers`);
    }
  }),
  consumerCase("one that is refused since a member joined meanwhile leaves no offsets behind", async (world) => {
    await world.log.topics.create({ name: "wide", partitions: 2 * limits.transactWritesMax });
    await world.append("a b c");
    for (const [topic, nth] of [
      ["t", 1],
      ["wide", 3],
    ] as const) {
      const group = `late-${topic}`;
      const member = new Consumer(world.log, "m", { subscription: { topics: [topic] } }, group);
      let writes = 0;
      world.watched.intercept = async ({ name, args }, run) => {
        const isStart = name === "catalog.transact" && JSON.stringify(args).includes(`"offsets/${group}"`);
        if (isStart && ++writes === nth) await member.beat();
        return await run();
      };
      assert.equal(await codeOf(world.log.consumers.put({ group, topic, target: "local:f" })), "non_empty_group");
      assert.equal(await codeOf(world.log.consumers.get(group)), "group_id_not_found");
      assert.deepEqual(await world.log.groups.committed(group), []);
      assert.match(await member.acquire(), new RegExp(`^${topic}/0@- `));
    }
  }),
  consumerCase("one whose topics are not all there is refused", async (world) => {
    for (const settings of [{ topic: "none" }, { outputTopics: ["out", "none"] }, { onFailure: "kafka://none" }]) {
      const refused = await errorOf(world.put(settings));
      assert.equal(refused?.code, "unknown_topic_or_partition");
      assert.match(refused.message, /none/);
    }
    assert.deepEqual(await world.log.consumers.list({}), []);
    assert.equal(await codeOf(world.log.groups.describe("g")), "group_id_not_found");
  }),
  consumerCase("a group of members gets no consumer, and that of a consumer no members", async (world) => {
    const member = new Consumer(world.log, "m", {}, "g");
    await member.beat();
    assert.equal(await codeOf(world.put()), "non_empty_group");
    await member.leave();
    await world.put();
    assert.equal(await codeOf(member.beat()), "non_empty_group");
    assert.equal(await codeOf(world.log.groups.delete("g")), "non_empty_group");
  }),
  consumerCase("members go on where a consumer was, whatever was set and delivered meanwhile", async (world) => {
    await world.put({ batchSize: 1 });
    await world.log.groups.set("g", [{ topic: "t", partition: 0, offset: 0 }]);
    for (let round = 0; round < 8; round++) {
      await world.append("a");
      await world.delivered();
    }
    await world.log.consumers.remove("g");
    const member = new Consumer(world.log, "m", {}, "g");
    await member.beat();
    assert.match(await member.acquire(), /^t\/0@8 /);
    await member.commit(0, 9);
    assert.equal(await world.offset(), 9);
  }),
  consumerCase("removing it keeps offsets and dead letters, deleting its group does not", async (world) => {
    await world.put({ retryAttempts: 0 });
    await world.append("bad");
    world.fn.answer = failsOn("bad");
    await world.drain();
    await world.log.consumers.remove("g");
    assert.equal(await codeOf(world.log.consumers.remove("g")), "group_id_not_found");
    assert.equal(await codeOf(world.letters()), "group_id_not_found");
    assert.equal(await world.offset(), 1);
    await world.put();
    assert.equal((await world.letters()).length, 1);
    await world.log.consumers.remove("g");
    await world.log.groups.delete("g");
    assert.equal(await codeOf(world.log.groups.committed("g")), "group_id_not_found");
    await world.put();
    assert.deepEqual(await world.letters(), []);
    world.fn.answer = () => undefined;
    await world.drain();
    assert.deepEqual(world.fn.called(), ["0: bad", "0: bad"]);
  }),
  consumerCase("a group with a consumer does not expire", async (world) => {
    await world.put();
    await world.append("a");
    await world.drain();
    world.clock.pass(10 * 60_000 * limits.offsetsRetentionMinutesDefault);
    await world.janitor(Number.MAX_SAFE_INTEGER);
    assert.equal((await world.log.consumers.get("g")).group, "g");
    assert.equal((await world.log.groups.describe("g")).state, "Empty");
  }),
];
