import assert from "node:assert/strict";
import type { StrataCase } from "../strata/build.ts";
import { codeOf, Consumer, groupCase, shown } from "./build.ts";

/** Who has which partitions: joining, handing over, leaving, dying. */
export const memberCases: readonly StrataCase[] = [
  groupCase("one member has all, a second gets half once the first has given it back, and nobody loses more than that", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 4 });
    const [a, b] = [new Consumer(log, "a"), new Consumer(log, "b")];
    assert.equal(await a.beat(), "t:0,1,2,3");
    assert.equal(await b.beat(), "");
    const was = a.last?.assigned;
    assert.equal(await a.beat(was), "t:0,1");
    assert.deepEqual(shown(a.last?.revoked ?? new Map()), "t:2,3");
    assert.equal(await b.beat(), "", "the first one still works on them");
    assert.deepEqual(shown(b.last?.awaited ?? new Map()), "t:2,3");
    assert.equal(await a.beat(), "t:0,1");
    assert.equal(await b.beat(), "t:2,3");
    assert.equal((await log.groups.describe("g")).state, "Stable");
    const settled = a.last?.generation;
    for (let nth = 0; nth < 3; nth++) assert.deepEqual([await a.beat(), await b.beat()], ["t:0,1", "t:2,3"]);
    assert.ok((a.last?.generation ?? 0) <= (settled ?? 0) + 1, "generations come to rest");
  }),
  groupCase("a partition changes hands in a generation of its own", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, b] = [new Consumer(log, "a"), new Consumer(log, "b")];
    await a.beat();
    await b.beat();
    await a.beat();
    await a.beat();
    const before = a.last?.generation ?? 0;
    assert.equal(await b.beat(), "t:1");
    assert.ok((b.last?.generation ?? 0) > before);
  }),
  groupCase("who leaves frees what it has at once, and only that moves", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 8 });
    const members = ["a", "b", "c", "d"].map((id) => new Consumer(log, id));
    for (let nth = 0; nth < 6; nth++) for (const each of members) await each.beat();
    const before = members.map((each) => shown(each.last?.assigned ?? new Map()));
    assert.deepEqual(
      before.map((text) => text.split(",").length),
      [2, 2, 2, 2],
    );
    await members[1]?.leave();
    for (let nth = 0; nth < 3; nth++) for (const each of members) if (each.member !== "b") await each.beat();
    for (const [nth, each] of members.entries()) {
      if (each.member === "b") continue;
      const kept = (before[nth] ?? "").slice(2).split(",");
      const now = shown(each.last?.assigned ?? new Map())
        .slice(2)
        .split(",");
      assert.ok(
        kept.every((partition) => now.includes(partition)),
        `${each.member} had ${kept.join()} and has ${now.join()}`,
      );
    }
    assert.equal(
      members.flatMap((each) =>
        each.member === "b"
          ? []
          : shown(each.last?.assigned ?? new Map())
              .slice(2)
              .split(","),
      ).length,
      8,
    );
  }),
  groupCase(
    "who does not beat for its session's timeout is out, its partitions go to others, and it may come back",
    async ({ log, pass }) => {
      await log.topics.create({ name: "t", partitions: 2 });
      const options = { sessionTimeoutMs: 10_000 };
      const [a, b] = [new Consumer(log, "a", options), new Consumer(log, "b", options)];
      for (let nth = 0; nth < 3; nth++) for (const each of [a, b]) await each.beat();
      assert.deepEqual([shown(a.last?.assigned ?? new Map()), shown(b.last?.assigned ?? new Map())], ["t:0", "t:1"]);
      for (let nth = 0; nth < 5; nth++) {
        pass(2_000);
        assert.equal(await b.beat(), "t:1", "it may be late still");
      }
      pass(2_000);
      assert.equal(await b.beat(), "t:0,1");
      assert.equal(await codeOf(a.commit(0, 5)), "unknown_member_id");
      for (const partition of [0, 1]) await b.commit(partition, 7);
      assert.equal(a.last?.joined, false);
      assert.equal(await a.beat(), "", "all that it had is another's");
      assert.equal(a.last.joined, true);
      await b.beat();
      await b.beat();
      const [, partition] = (await a.beat()).split(":");
      assert.equal(await a.acquire(), `t/${partition}@7`);
    },
  ),
  groupCase("more members than partitions wait, and one that waits takes over", async ({ log }) => {
    await log.topics.create({ name: "t" });
    const [a, b, c] = [new Consumer(log, "a"), new Consumer(log, "b"), new Consumer(log, "c")];
    for (let nth = 0; nth < 3; nth++) for (const each of [a, b, c]) await each.beat();
    assert.deepEqual(
      [a, b, c].map((each) => shown(each.last?.assigned ?? new Map())),
      ["t:0", "", ""],
    );
    await a.leave();
    assert.deepEqual([await b.beat(), await c.beat()].sort(), ["", "t:0"]);
  }),
  groupCase("one who joins under an id that is there takes over from it, and the one before is told", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [first, second] = [new Consumer(log, "a", { session: "1" }), new Consumer(log, "a", { session: "2" })];
    assert.equal(await first.beat(), "t:0,1");
    assert.equal(await second.beat(), "t:0,1");
    assert.equal(await codeOf(first.beat()), "fenced_instance_id");
    assert.equal(await codeOf(first.commit(0, 1)), "fenced_instance_id");
    await first.leave();
    assert.equal(await second.beat(), "t:0,1", "one that was replaced leaves nothing");
  }),
  groupCase("a beat that is late gives nothing back that was got since", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, b] = [new Consumer(log, "a"), new Consumer(log, "b")];
    await a.beat();
    const early = { generation: a.last?.generation ?? 0, held: new Map<string, number[]>() };
    await b.beat();
    await a.beat();
    await a.beat();
    assert.equal(await b.beat(), "t:1");
    await b.leave();
    assert.equal(await a.beat(), "t:0,1");
    await b.beat();
    await log.groups.heartbeat("g", "a", { subscription: { topics: ["t"] }, session: "a-1", ...early });
    assert.equal(await b.beat(), "", "what the late beat says is of the time before");
  }),
  groupCase("a beat that is late gives nothing back that its member was left since", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, b, c] = [new Consumer(log, "a"), new Consumer(log, "b"), new Consumer(log, "c")];
    await a.beat();
    await b.beat();
    assert.equal(await a.beat(), "t:0");
    const late = { generation: a.last?.generation ?? 0, held: new Map([["t", [0]]]) };
    await b.leave();
    assert.equal(await a.beat(), "t:0,1", "it has it again before it has given it back");
    await c.beat();
    await log.groups.heartbeat("g", "a", { subscription: { topics: ["t"] }, session: "a-1", ...late });
    assert.equal(await c.beat(), "", "the other one works on it");
    await a.beat();
    await a.beat();
    assert.equal(await c.beat(), "t:1");
  }),
  groupCase("a beat that is late does not bring back who has left", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const [a, b] = [new Consumer(log, "a"), new Consumer(log, "b")];
    for (let nth = 0; nth < 3; nth++) for (const each of [a, b]) await each.beat();
    const { generation } = b.identity;
    await b.leave();
    assert.equal(await a.beat(), "t:0,1");
    const late = log.groups.heartbeat("g", "b", { subscription: { topics: ["t"] }, session: "b-1", generation });
    assert.equal(await codeOf(late), "unknown_member_id");
    assert.equal(await a.beat(), "t:0,1");
    assert.equal((await log.groups.describe("g")).members.length, 1);
  }),
  groupCase("a member without a list of what it works on gives back what the newest answer took away", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    const beat = (member: string, generation?: number) =>
      log.groups.heartbeat("g", member, { subscription: { topics: ["t"] }, ...(generation !== undefined && { generation }) });
    const first = await beat("a");
    await beat("b");
    const second = await beat("a", first.generation);
    assert.deepEqual([shown(second.assigned), shown(second.revoked)], ["t:0", "t:1"]);
    assert.equal(shown((await beat("b")).assigned), "", "it has not seen that answer yet");
    await beat("a", second.generation);
    assert.equal(shown((await beat("b")).assigned), "t:1");
  }),
  groupCase("a topic that grows, comes or goes is shared out anew", async ({ log }) => {
    await log.topics.create({ name: "t" });
    const a = new Consumer(log, "a", { subscription: { prefix: "t" } });
    assert.equal(await a.beat(), "t:0");
    await log.topics.alter("t", { partitions: 3 });
    assert.equal(await a.beat(), "t:0,1,2");
    await log.topics.create({ name: "t2", partitions: 2 });
    assert.equal(await a.beat(), "t:0,1,2 t2:0,1");
    await a.commit(1, 1, "t2");
    await log.topics.delete("t2");
    assert.equal(await a.beat(), "t:0,1,2");
    await log.topics.create({ name: "t2" });
    assert.equal(await a.beat(), "t:0,1,2 t2:0");
    assert.equal(await a.acquire(), "t/0@- t/1@- t/2@- t2/0@-", "nothing is known of the new one");
  }),
  groupCase("a topic that is made anew between two beats is lost first, and then another one", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    await log.topics.create({ name: "u" });
    const a = new Consumer(log, "a", { subscription: { topics: ["t", "u"] } });
    assert.equal(await a.beat(), "t:0,1 u:0");
    await a.acquire();
    await a.commit(0, 7);
    await log.topics.delete("t");
    await log.topics.create({ name: "t", partitions: 3 });
    assert.equal(await a.beat(), "t:2 u:0", "what it holds is of the topic that is gone");
    assert.equal(await a.beat(), "t:0,1,2 u:0");
    assert.equal(await a.acquire(), "t/0@- t/1@- t/2@- u/0@-");
  }),
  groupCase("members that read different topics have only those, as even as can be", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 2 });
    await log.topics.create({ name: "u", partitions: 4 });
    const [a, b] = [
      new Consumer(log, "a", { subscription: { topics: ["t", "u"] } }),
      new Consumer(log, "b", { subscription: { topics: ["u"] } }),
    ];
    for (let nth = 0; nth < 4; nth++) for (const each of [a, b]) await each.beat();
    assert.equal(shown(b.last?.assigned ?? new Map()).split(",").length, 3);
    assert.ok(shown(a.last?.assigned ?? new Map()).startsWith("t:0,1 u:"));
  }),
  groupCase("range gives neighbours, when all ask for it", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 5 });
    const [a, b] = [new Consumer(log, "a", { assignor: "range" }), new Consumer(log, "b", { assignor: "range" })];
    for (let nth = 0; nth < 4; nth++) for (const each of [a, b]) await each.beat();
    assert.deepEqual(
      [a, b].map((each) => shown(each.last?.assigned ?? new Map())),
      ["t:0,1,2", "t:3,4"],
    );
  }),
  groupCase("members that join all at once share it out", async ({ log }) => {
    await log.topics.create({ name: "t", partitions: 6 });
    const members = ["a", "b", "c"].map((id) => new Consumer(log, id));
    for (let nth = 0; nth < 5; nth++) await Promise.all(members.map((each) => each.beat()));
    const all = members.flatMap((each) =>
      shown(each.last?.assigned ?? new Map())
        .slice(2)
        .split(","),
    );
    assert.deepEqual(all.sort(), ["0", "1", "2", "3", "4", "5"]);
  }),
  groupCase("bad ids, subscriptions and timeouts are refused and make no group", async ({ log }) => {
    const beat = { subscription: { topics: ["t"] } };
    assert.equal(await codeOf(log.groups.heartbeat("", "m", beat)), "invalid_group_id");
    assert.equal(await codeOf(log.groups.heartbeat("g\n", "m", beat)), "invalid_group_id");
    assert.equal(await codeOf(log.groups.heartbeat("g", "", beat)), "invalid_request");
    assert.equal(await codeOf(log.groups.heartbeat("g", "m", { subscription: { topics: [] } })), "invalid_request");
    assert.equal(await codeOf(log.groups.heartbeat("g", "m", { subscription: { topics: ["t", "t"] } })), "invalid_request");
    assert.equal(await codeOf(log.groups.heartbeat("g", "m", { subscription: { topics: ["a b"] } })), "invalid_topic");
    assert.equal(await codeOf(log.groups.heartbeat("g", "m", { ...beat, sessionTimeoutMs: 10 })), "invalid_request");
    assert.equal(await codeOf(log.groups.heartbeat("g", "m", { ...beat, generation: -1 })), "invalid_request");
    assert.deepEqual(await log.groups.list({}), []);
  }),
];
