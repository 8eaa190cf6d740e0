import assert from "node:assert/strict";
import type { GroupListBody } from "../../../http/group-wire.ts";
import { groupCase, groupPath, memberPath } from "./group-member.ts";
import { type Api, apiCase, freshName, type HttpCase, jsonBody } from "./target.ts";

async function isUnknown(api: Api, path: string): Promise<void> {
  await api.refused(404, "group_id_not_found", path);
}

export const groupRefusalCases: readonly HttpCase[] = [
  groupCase("a beat that is malformed is refused, and makes no group", {}, async (api, world) => {
    const { topic, path } = world;
    const topics = [topic];
    const wrong: readonly unknown[] = [
      "",
      "{",
      "[]",
      {},
      { topics, prefix: topic },
      ...[null, topic, {}, 1, [], [1], [null], [topic, topic], Array.from({ length: 1_001 }, (_, nth) => `t${nth}`)].map((bad) => ({
        topics: bad,
      })),
      ...[null, 1, [topic]].map((prefix) => ({ prefix })),
      ...[null, 1, "x".repeat(250), "a\nb"].map((session) => ({ topics, session })),
      ...[null, "1", -1, 1.5, 2 ** 53].map((generation) => ({ topics, generation })),
      ...[null, [], 1, "0", { [topic]: 0 }, { [topic]: null }, { [topic]: ["0"] }, { [topic]: [-1] }, { [topic]: [0.5] }].map((held) => ({
        topics,
        held,
      })),
      ...[null, "6000", 5_999, 1_800_001, 6_000.5].map((sessionTimeoutMs) => ({ topics, sessionTimeoutMs })),
      ...[null, 1, "roundrobin", "Range"].map((assignor) => ({ topics, assignor })),
      { topics, rackId: "a" },
      `{"topics":["${topic}"],"topics":["${topic}"]}`,
      `{"topics":["${topic}"],"__proto__":{"session":"x"}}`,
    ];
    for (const body of wrong) await api.refused(400, "invalid_request", memberPath(world.group, "ada"), jsonBody(body));
    for (const name of ["", "a b", "..", "x".repeat(250), "ü", "*"]) {
      for (const body of [{ topics: [topic, name] }, { prefix: name }]) {
        await api.refused(400, "invalid_topic", memberPath(world.group, "ada"), jsonBody(body));
      }
    }
    const text = { ...jsonBody({ topics }), headers: { "content-type": "text/plain" } };
    await api.refused(415, "unsupported_media_type", memberPath(world.group, "ada"), text);
    await api.refused(400, "invalid_request", `${memberPath(world.group, "ada")}?session=x`, jsonBody({ topics }));
    await isUnknown(api, path);
  }),

  groupCase("a commit that is malformed is refused, and changes nothing", {}, async (api, world) => {
    const { topic, path } = world;
    const ada = await world.join("ada");
    const good = { topic, partition: 0, offset: 1 };
    const offsets = [good];
    const wrong: readonly unknown[] = [
      "",
      "[]",
      {},
      ada.identity,
      ...[null, good, {}, 1, "x", [], [null], [1], [[]], [{}], [good, good], Array(100).fill(good)].map((bad) => ({
        ...ada.identity,
        offsets: bad,
      })),
      ...[null, 1, {}].map((name) => ({ ...ada.identity, offsets: [{ ...good, topic: name }] })),
      ...[null, "0", -1, 0.5, 2 ** 53].flatMap((number) => [
        { ...ada.identity, offsets: [{ ...good, partition: number }] },
        { ...ada.identity, offsets: [{ ...good, offset: number }] },
      ]),
      ...[null, 1, "x".repeat(4_097), "ü".repeat(2_049)].map((metadata) => ({ ...ada.identity, offsets: [{ ...good, metadata }] })),
      { ...ada.identity, offsets: [{ ...good, leaderEpoch: 1 }] },
      ...[null, 1, "", "x".repeat(250), "a\nb"].map((member) => ({ ...ada.identity, member, offsets })),
      ...[null, 1, "x".repeat(250)].map((session) => ({ ...ada.identity, session, offsets })),
      ...[null, "1", -1, 1.5, 2 ** 53].map((generation) => ({ ...ada.identity, generation, offsets })),
      { member: "ada", session: "ada-1", offsets },
      { session: "ada-1", offsets },
      { generation: 1, offsets },
      { ...ada.identity, offsets, groupId: "x" },
    ];
    for (const body of wrong) await api.refused(400, "invalid_request", `${path}/offsets`, jsonBody(body));
    for (const name of ["", "a b", "ü"]) {
      await api.refused(400, "invalid_topic", `${path}/offsets`, jsonBody({ ...ada.identity, offsets: [{ ...good, topic: name }] }));
    }
    const text = { ...jsonBody({ ...ada.identity, offsets }), headers: { "content-type": "text/plain" } };
    await api.refused(415, "unsupported_media_type", `${path}/offsets`, text);
    assert.equal(await world.committed(), "");
    await ada.commit({ ...good, metadata: "ü".repeat(2_048) });
    assert.equal(await world.committed(), "0@1");
  }),

  groupCase("nobody but a member commits for a group that has members, and only for what it has", {}, async (api, world) => {
    const { topic, path } = world;
    const offsets = [{ topic, partition: 0, offset: 1 }];
    const commit = (identity: object) => jsonBody({ ...identity, offsets });
    await api.refused(404, "group_id_not_found", `${path}/offsets`, commit({ member: "ada", generation: 1 }));
    const ada = await world.join("ada");
    const { session, generation } = ada.identity;
    await api.refused(404, "unknown_member_id", `${path}/offsets`, commit({ member: "bob", session, generation }));
    await api.refused(409, "fenced_instance_id", `${path}/offsets`, commit({ member: "ada", generation }));
    await api.refused(409, "illegal_generation", `${path}/offsets`, commit({ member: "ada", session, generation: 0 }));
    const other = [{ topic: `${topic}-other`, partition: 0, offset: 1 }];
    await api.refused(409, "illegal_generation", `${path}/offsets`, jsonBody({ ...ada.identity, offsets: other }));
    await ada.leave();
    await api.refused(404, "unknown_member_id", `${path}/offsets`, commit(ada.identity));
    assert.equal(await world.committed(), "");
  }),

  groupCase("ids that are none are refused wherever they stand", {}, async (api, world) => {
    const { topic, path } = world;
    const beat = jsonBody({ topics: [topic] });
    const commit = jsonBody({ offsets: [{ topic, partition: 0, offset: 1 }] });
    for (const id of ["a\nb", "\u0000", "\u007f", "\u0085", "x".repeat(250)]) {
      const own = groupPath(id);
      for (const at of [own, `${own}/offsets`, `${own}/lag`]) await api.refused(400, "invalid_group_id", at);
      await api.refused(400, "invalid_group_id", own, { method: "DELETE" });
      await api.refused(400, "invalid_group_id", `${own}/offsets`, commit);
      await api.refused(400, "invalid_group_id", `${own}/offsets?member=ada&generation=1`);
      await api.refused(400, "invalid_group_id", memberPath(id, "ada"), beat);
      await api.refused(400, "invalid_group_id", memberPath(id, "ada"), { method: "DELETE" });
      await api.refused(400, "invalid_request", memberPath(world.group, id), beat);
      await api.refused(400, "invalid_request", memberPath(world.group, id), { method: "DELETE" });
      await api.refused(400, "invalid_request", `${memberPath(world.group, "ada")}?session=${encodeURIComponent(id)}`, {
        method: "DELETE",
      });
      await api.refused(400, "invalid_request", `${path}/offsets?member=${encodeURIComponent(id)}&generation=1`);
    }
    await isUnknown(api, path);
  }),

  apiCase("what is not there of groups is told, and a query that is wrong too", async (api) => {
    const group = freshName();
    const path = groupPath(group);
    for (const at of [path, `${path}/offsets`, `${path}/lag`]) await isUnknown(api, at);
    await api.refused(404, "group_id_not_found", path, { method: "DELETE" });
    for (const query of [
      "member=ada",
      "member=ada&generation=-1",
      "member=ada&generation=x",
      "member=&generation=1",
      "session=x",
      "generation=1",
      "topic=x",
    ]) {
      await api.refused(400, "invalid_request", `${path}/offsets?${query}`);
    }
    for (const query of ["limit=0", "limit=1001", `prefix=${"x".repeat(250)}`, `cursor=${"x".repeat(250)}`, "state=Empty"]) {
      await api.refused(400, "invalid_request", `/groups?${query}`);
    }
    for (const none of [
      "/groups/",
      `${path}/`,
      `${path}/members`,
      `${path}/members/`,
      `${path}/members/ada/x`,
      `${path}/lag/0`,
      `${path}/nope`,
    ]) {
      await api.refused(404, "not_found", none);
    }
    for (const at of [`${path}/members/ada`, path]) await api.refused(405, "method_not_allowed", at, { ...jsonBody({}), method: "PUT" });
    await api.refused(405, "method_not_allowed", `${path}/members/ada`);
    assert.deepEqual(await api.json<GroupListBody>(`/groups?prefix=${group}`), { groups: [] });
  }),
];
