import assert from "node:assert/strict";
import type { GroupDetailBody, GroupListBody } from "../../../http/group-wire.ts";
import { expectEmpty, groupCase, type GroupWorld, groupPath, queryOf } from "./group-member.ts";
import { groupOffsetCases } from "./group-offsets.ts";
import { groupRecordsCases } from "./group-records.ts";
import { groupRefusalCases } from "./group-refusals.ts";
import { groupTransactionCases } from "./group-transactions.ts";
import { type Api, freshName, type HttpCase, jsonBody } from "./target.ts";

const memberCases: readonly HttpCase[] = [
  groupCase("one who joins a group alone has all partitions, and its beats change nothing", { partitions: 3 }, async (_, world) => {
    const ada = await world.join("ada");
    const first = ada.last;
    assert.deepEqual(first, {
      generation: first?.generation,
      joined: true,
      assigned: { [world.topic]: [0, 1, 2] },
      revoked: {},
      awaited: {},
      heartbeatIntervalMs: 5_000,
      sessionTimeoutMs: 45_000,
    });
    assert.ok(first !== undefined && Number.isSafeInteger(first.generation) && first.generation > 0);
    assert.deepEqual(await ada.beat(), { ...first, joined: false });
    assert.deepEqual(await ada.beat({ held: first.assigned }), { ...first, joined: false });
  }),

  groupCase("a partition goes to another member once it is given back, under a newer generation", { partitions: 2 }, async (_, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    const before = ada.last?.generation ?? 0;
    const eve = await world.join("eve");
    assert.deepEqual([eve.last?.assigned, eve.last?.awaited], [{}, { [topic]: [1] }]);
    assert.equal((await world.describe()).state, "Reconciling");
    const both = { [topic]: [0, 1] };
    const { assigned, revoked, generation } = await ada.beat({ held: both });
    assert.deepEqual([assigned, revoked], [{ [topic]: [0] }, { [topic]: [1] }]);
    assert.ok(generation > before);
    await ada.beat({ held: both });
    assert.deepEqual((await eve.beat()).assigned, {}, "it waits as long as the other one works on it");
    assert.deepEqual((await ada.beat({ held: { [topic]: [0] } })).revoked, {});
    assert.deepEqual((await eve.beat()).assigned, { [topic]: [1] });
    assert.ok((eve.last?.generation ?? 0) > generation);
    assert.deepEqual((await ada.beat()).assigned, { [topic]: [0] }, "and nothing else has moved");
    assert.equal((await world.describe()).state, "Stable");
  }),

  groupCase(
    "what a member had goes to others at once when it leaves, and leaving again is no error",
    { partitions: 2 },
    async (_, world) => {
      const ada = await world.join("ada");
      const eve = await world.join("eve");
      await ada.leave();
      assert.deepEqual((await eve.beat()).assigned, { [world.topic]: [0, 1] });
      await ada.leave();
      await eve.leave();
      const { state, members } = await world.describe();
      assert.deepEqual([state, members], ["Empty", []]);
    },
  ),

  groupCase(
    "one who joins under a member's id replaces it, and the one before can do nothing any more",
    { partitions: 1 },
    async (api, world) => {
      const [old, own] = [await world.join("ada"), { topics: [world.topic], session: "second" }];
      await old.commit({ topic: world.topic, partition: 0, offset: 3 });
      const anew = await world.join("ada", own);
      assert.deepEqual(anew.last?.assigned, { [world.topic]: [0] });
      await api.refused(409, "fenced_instance_id", old.path, jsonBody(old.body));
      await api.refused(409, "fenced_instance_id", `${world.path}/offsets?${queryOf(old.identity)}`);
      const offsets = [{ topic: world.topic, partition: 0, offset: 9 }];
      await api.refused(409, "fenced_instance_id", `${world.path}/offsets`, jsonBody({ ...old.identity, offsets }));
      await old.leave();
      assert.deepEqual((await anew.beat()).assigned, { [world.topic]: [0] });
      assert.equal(await anew.acquire(), "0@3");
    },
  ),

  groupCase("a prefix stands for all topics that start so, also those that come later", { partitions: 1 }, async (api, world) => {
    const ada = await world.join("ada", { prefix: world.topic });
    assert.deepEqual(ada.last?.assigned, { [world.topic]: [0] });
    const later = `${world.topic}-later`;
    await api.post("/topics", { name: later, partitions: 2 }, 201);
    try {
      assert.deepEqual((await ada.beat()).assigned, { [world.topic]: [0], [later]: [0, 1] });
      const [member] = (await world.describe()).members;
      assert.deepEqual([member?.prefix, member?.topics], [world.topic, undefined]);
    } finally {
      await api.send(`/topics/${later}`, { method: "DELETE" });
    }
    assert.deepEqual((await ada.beat()).assigned, { [world.topic]: [0] });
  }),

  groupCase("a topic that is not there yet is nobody's until it is", {}, async (api, world) => {
    const later = `${world.topic}-later`;
    const ada = await world.join("ada", { topics: [later] });
    assert.deepEqual(ada.last?.assigned, {});
    await api.post("/topics", { name: later }, 201);
    try {
      assert.deepEqual((await ada.beat()).assigned, { [later]: [0] });
    } finally {
      await api.send(`/topics/${later}`, { method: "DELETE" });
    }
  }),

  groupCase("a group is described with its members, as they said it", { partitions: 4 }, async (_, world) => {
    const before = Date.now();
    const body = { topics: [world.topic], assignor: "range", sessionTimeoutMs: 9_000 } as const;
    const [ada, eve] = [await world.join("ada", body), await world.join("eve", body)];
    assert.deepEqual([ada.last?.heartbeatIntervalMs, ada.last?.sessionTimeoutMs], [1_000, 9_000]);
    const { members, ...found } = await world.describe();
    const { generation } = await eve.beat();
    assert.deepEqual(found, { group: world.group, state: "Reconciling", generation, assignor: "range" });
    const common = { topics: [world.topic], sessionTimeoutMs: 9_000 };
    assert.deepEqual(
      members.map(({ beatMs: _, ...member }) => member),
      [
        { member: "ada", ...common, assigned: { [world.topic]: [0, 1] }, revoked: { [world.topic]: [2, 3] } },
        { member: "eve", ...common, assigned: {}, revoked: {} },
      ],
    );
    // The server's clock may be another one's.
    for (const { beatMs } of members) assert.ok(Math.abs(beatMs - before) < 3_600_000);
  }),
];

/** A group's whole life under an id, with a member of that id. */
async function liveAs(special: string, api: Api, world: GroupWorld): Promise<void> {
  const group = `${world.group} ${special}`;
  // A client takes the segment ".." out of a path, escaped or not.
  const [id, session] = [special === ".." ? "a..b" : special, `${special} 1`];
  const member = await world.join(id, { topics: [world.topic], session }, group);
  await member.commit({ topic: world.topic, partition: 0, offset: 2, metadata: special });
  assert.equal(await member.acquire(), "0@2", special);
  const { members } = await api.json<GroupDetailBody>(groupPath(group));
  assert.deepEqual(
    members.map(({ member }) => member),
    [id],
  );
  const listed = await api.json<GroupListBody>(`/groups?prefix=${encodeURIComponent(group)}`);
  assert.deepEqual(
    listed.groups.map(({ group }) => group),
    [group],
  );
  const next = await api.json<GroupListBody>(`/groups?prefix=${encodeURIComponent(group)}&cursor=${encodeURIComponent(group)}`);
  assert.deepEqual(next, { groups: [] });
  await member.leave();
  await expectEmpty(await api.send(groupPath(group), { method: "DELETE" }));
  await api.refused(404, "group_id_not_found", `${groupPath(group)}/lag`);
}

const lifeCases: readonly HttpCase[] = [
  groupCase("groups are listed by name, by prefix and page by page, with how they are", {}, async (api, world) => {
    const names = ["a", "b", "c"].map((suffix) => `${world.group}-${suffix}`);
    for (const name of names) await world.join("ada", { topics: [world.topic] }, name);
    await expectEmpty(await api.send(`${groupPath(`${world.group}-b`)}/members/ada?session=ada-1`, { method: "DELETE" }));
    const whole = await api.json<GroupListBody>(`/groups?prefix=${world.group}`);
    assert.deepEqual(
      whole.groups.map(({ generation, ...group }) => group),
      names.map((group, nth) => (nth === 1 ? { group, state: "Empty", members: 0 } : { group, state: "Stable", members: 1 })),
    );
    for (const { group, generation } of whole.groups) {
      assert.equal((await api.json<GroupDetailBody>(groupPath(group))).generation, generation);
    }
    assert.equal(whole.nextCursor, undefined);
    const first = await api.json<GroupListBody>(`/groups?prefix=${world.group}&limit=2`);
    assert.deepEqual([first.groups, first.nextCursor], [whole.groups.slice(0, 2), names[1]]);
    const second = await api.json<GroupListBody>(`/groups?prefix=${world.group}&limit=2&cursor=${first.nextCursor ?? ""}`);
    assert.deepEqual(second, { groups: whole.groups.slice(2) });
    assert.deepEqual(await api.json<GroupListBody>(`/groups?prefix=${world.group}-x`), { groups: [] });
  }),

  groupCase("a group is deleted once it has no members, and is gone with its offsets", {}, async (api, world) => {
    const { path, topic } = world;
    const ada = await world.join("ada");
    await ada.commit({ topic, partition: 0, offset: 3 });
    const refused = await api.refused(409, "non_empty_group", path, { method: "DELETE" });
    assert.match(refused.message, /1 member/);
    assert.equal(await world.committed(), "0@3");
    await ada.leave();
    assert.equal(await world.committed(), "0@3", "leaving takes no offset away");
    await expectEmpty(await api.send(path, { method: "DELETE" }));
    for (const gone of [path, `${path}/offsets`, `${path}/lag`]) await api.refused(404, "group_id_not_found", gone);
    await api.refused(404, "group_id_not_found", path, { method: "DELETE" });
    assert.deepEqual(await api.json<GroupListBody>(`/groups?prefix=${world.group}`), { groups: [] });
    assert.equal(await (await world.join("ada")).acquire(), "0@-");
  }),

  groupCase("ids may be in any script, and with spaces", {}, async (api, world) => {
    for (const special of ["a space", "ümläut", "日本語", "🦊", "&=+;:@", "..", "x".repeat(200)]) await liveAs(special, api, world);
    const { length } = freshName();
    const longest = { topics: [world.topic], session: "ü".repeat(249) };
    const { last } = await world.join("ü".repeat(249), longest, world.group + "ü".repeat(249 - length));
    assert.equal(last?.joined, true);
  }),

  groupCase("ids may have the characters that part a path, escaped", {}, async (api, world) => {
    for (const special of ["a/slash", "100%", "%2F", "what?", "#"]) await liveAs(special, api, world);
  }),
];

export const groupCases: readonly HttpCase[] = [
  ...memberCases,
  ...lifeCases,
  ...groupOffsetCases,
  ...groupRefusalCases,
  ...groupRecordsCases,
  ...groupTransactionCases,
];
