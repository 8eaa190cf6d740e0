import assert from "node:assert/strict";
import { groupLag } from "../../../log/groups/lag.ts";
import { record } from "../log/build.ts";
import type { StrataCase } from "../strata/build.ts";
import { codeOf, Consumer, groupCase } from "./build.ts";

/** How far groups have come: commits and their fences, resets, deletion. */
export const offsetCases: readonly StrataCase[] = [
  groupCase("what is committed is where the next one goes on, and groups do not know each other", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, other] = [new Consumer(log, "a"), new Consumer(log, "a", {}, "other")];
    await a.beat();
    await other.beat();
    assert.equal(await a.acquire(), "t/0@- t/1@-");
    await a.commit(0, 3);
    await log.groups.commit("g", a.identity, [
      { topic: "t", partition: 0, offset: 4, metadata: "here" },
      { topic: "t", partition: 1, offset: 9 },
    ]);
    assert.equal(await a.acquire(), "t/0@4 t/1@9");
    assert.equal(await other.acquire(), "t/0@- t/1@-");
    await a.leave();
    const b = new Consumer(log, "b");
    await b.beat();
    assert.equal(await b.acquire(), "t/0@4 t/1@9");
    await log.topics.create({ name: "t-2" });
    await log.groups.set("third", [
      { topic: "t-2", partition: 0, offset: 1 },
      { topic: "t", partition: 1, offset: 1 },
    ]);
    assert.deepEqual(
      (await log.groups.committed("third")).map(({ topic, partition }) => `${topic}/${partition}`),
      ["t/1", "t-2/0"],
    );
    const [first] = await log.groups.committed("g");
    assert.deepEqual([first?.offset, first?.metadata, first?.committedMs], [4, "here", 1_700_000_000_000]);
  }),
  groupCase("a committed offset never goes back in a generation, and a commit is all or nothing", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const a = new Consumer(log, "a");
    await a.beat();
    await a.commit(0, 5);
    await a.commit(0, 5);
    assert.equal(await codeOf(a.commit(0, 4)), "invalid_request");
    const both = [
      { topic: "t", partition: 1, offset: 2 },
      { topic: "t", partition: 0, offset: 4 },
    ];
    assert.equal(await codeOf(log.groups.commit("g", a.identity, both)), "invalid_request");
    assert.equal(await a.acquire(), "t/0@5 t/1@-");
  }),
  groupCase("who has lost a partition cannot commit for it, also when it gets it back", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, b] = [new Consumer(log, "a"), new Consumer(log, "b")];
    await a.beat();
    const early = a.identity;
    await b.beat();
    await a.beat();
    await a.commit(1, 3);
    await a.beat();
    assert.equal(await b.beat(), "t:1");
    assert.equal(await codeOf(a.commit(1, 4)), "illegal_generation");
    assert.equal(await b.acquire(), "t/1@3");
    await b.commit(1, 8);
    await b.leave();
    assert.equal(await a.beat(), "t:0,1");
    const late = log.groups.commit("g", early, [{ topic: "t", partition: 1, offset: 100 }]);
    assert.equal(await codeOf(late), "illegal_generation");
    assert.equal(await a.acquire(), "t/0@- t/1@8");
    await a.commit(1, 9);
  }),
  groupCase("nobody commits for what it does not have, or without being a member", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const a = new Consumer(log, "a");
    assert.equal(await codeOf(a.commit(0, 1)), "group_id_not_found");
    await a.beat();
    assert.equal(await codeOf(a.commit(2, 1)), "illegal_generation");
    assert.equal(await codeOf(a.commit(0, 1, "u")), "illegal_generation");
    const stranger = { member: "x", generation: a.identity.generation };
    assert.equal(await codeOf(log.groups.commit("g", stranger, [{ topic: "t", partition: 0, offset: 1 }])), "unknown_member_id");
    const future = { ...a.identity, generation: a.identity.generation + 1 };
    assert.equal(await codeOf(log.groups.commit("g", future, [{ topic: "t", partition: 0, offset: 1 }])), "illegal_generation");
    assert.equal(await codeOf(log.groups.commit("g", a.identity, [])), "invalid_request");
    const twice = [0, 0].map((partition) => ({ topic: "t", partition, offset: 1 }));
    assert.equal(await codeOf(log.groups.commit("g", a.identity, twice)), "invalid_request");
    assert.equal(await codeOf(a.commit(0, -1)), "invalid_request");
    assert.equal(await codeOf(a.commit(0, 0.5)), "invalid_request");
    assert.equal(await a.acquire(), "t/0@- t/1@-");
  }),
  groupCase("offsets are set from outside only while the group has no members, to any offset", async ({ log, pass }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const at = (offset: number) => log.groups.set("g", [{ topic: "t", partition: 0, offset }]);
    await at(7);
    assert.equal((await log.groups.describe("g")).state, "Empty");
    const a = new Consumer(log, "a", { sessionTimeoutMs: 6_000 });
    await a.beat();
    assert.equal(await a.acquire(), "t/0@7 t/1@-");
    await a.commit(0, 9);
    assert.equal(await codeOf(at(2)), "non_empty_group");
    pass(6_001);
    await at(2);
    assert.equal(await codeOf(a.commit(0, 10)), "unknown_member_id");
    const b = new Consumer(log, "b");
    await b.beat();
    assert.equal(await b.acquire(), "t/0@2 t/1@-");
    assert.equal(await codeOf(log.groups.set("h", [{ topic: "t", partition: 2, offset: 0 }])), "unknown_topic_or_partition");
    assert.equal(await codeOf(log.groups.set("h", [{ topic: "u", partition: 0, offset: 0 }])), "unknown_topic_or_partition");
    assert.equal(await codeOf(log.groups.committed("h")), "group_id_not_found");
  }),
  groupCase("an offset that was set from outside is not undone by a commit that comes late", async ({ log }) => {
    await log.topics.create({ name: "t" });
    const a = new Consumer(log, "a");
    await a.beat();
    await a.commit(0, 9);
    await a.leave();
    await log.groups.set("g", [{ topic: "t", partition: 0, offset: 2 }]);
    assert.equal(await codeOf(a.commit(0, 10)), "unknown_member_id");
    const b = new Consumer(log, "b");
    await b.beat();
    assert.equal(await b.acquire(), "t/0@2");
    await b.commit(0, 3);
    assert.equal(await b.acquire(), "t/0@3");
  }),
  groupCase("a deleted group is gone with its offsets, and none of its members can commit into its successor", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const a = new Consumer(log, "a");
    await a.beat();
    await a.commit(0, 5);
    assert.equal(await codeOf(log.groups.delete("g")), "non_empty_group");
    const early = a.identity;
    await a.leave();
    await log.groups.delete("g");
    assert.deepEqual(await log.groups.list({}), []);
    assert.equal(await codeOf(log.groups.delete("g")), "group_id_not_found");
    assert.equal(await codeOf(log.groups.describe("g")), "group_id_not_found");
    const again = new Consumer(log, "a");
    await again.beat();
    assert.equal(await again.acquire(), "t/0@- t/1@-");
    assert.ok(again.identity.generation >= early.generation);
  }),
  groupCase("a group with members is not deleted, also when it has committed nothing", async ({ log, pass }) => {
    await log.topics.create({ name: "t" });
    const a = new Consumer(log, "a", { sessionTimeoutMs: 6_000 });
    await a.beat();
    assert.equal(await codeOf(log.groups.delete("g")), "non_empty_group");
    assert.equal(await a.beat(), "t:0");
    assert.equal((await log.groups.describe("g")).members.length, 1);
    pass(6_001);
    const { state, members } = await log.groups.describe("g");
    assert.deepEqual([state, members], ["Empty", []], "who has not beaten for its session is not told of");
    const listed = (await log.groups.list({})).map((group) => `${group.state} ${group.members}`);
    assert.deepEqual(listed, ["Empty 0"], "nor counted");
    await log.groups.delete("g");
    assert.deepEqual(await log.groups.list({}), []);
  }),
  groupCase("the lag is what is there and not come to, by partition, and a topic that is gone has none", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 3 });
    await log.topics.create({ name: "u" });
    const a = new Consumer(log, "a", { subscription: { topics: ["t", "u"] } });
    await a.beat();
    for (const partition of [0, 0, 0, 1]) await log.append("t", { records: [record("r", { partition })] });
    await a.commit(0, 1);
    await log.deleteRecords("t", [{ partition: 0, offset: 2 }]);
    await log.topics.delete("u");
    assert.deepEqual(
      (await groupLag(log, "g")).map(({ topic, partition, offset, lag }) => [topic, partition, offset, lag]),
      [
        ["t", 0, 1, 1],
        ["t", 1, undefined, undefined],
        ["t", 2, undefined, undefined],
      ],
    );
  }),
  groupCase("groups are listed by name, by prefix and page by page, with their states", async ({ log }) => {
    await log.topics.create({ name: "t" });
    for (const group of ["b2", "a", "b1"]) await log.groups.set(group, [{ topic: "t", partition: 0, offset: 1 }]);
    await new Consumer(log, "m", {}, "c").beat();
    const names = async (page: Parameters<typeof log.groups.list>[0]) => (await log.groups.list(page)).map(({ group }) => group);
    assert.deepEqual(await names({}), ["a", "b1", "b2", "c"]);
    assert.deepEqual(await names({ prefix: "b" }), ["b1", "b2"]);
    assert.deepEqual(await names({ after: "b1", limit: 1 }), ["b2"]);
    const states = (await log.groups.list({})).map(({ state, members }) => `${state} ${members}`);
    assert.deepEqual(states, ["Empty 0", "Empty 0", "Empty 0", "Stable 1"]);
  }),
];
