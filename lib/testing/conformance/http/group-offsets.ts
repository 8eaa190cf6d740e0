import assert from "node:assert/strict";
import type { GroupLagBody, GroupOffsetsBody } from "../../../http/group-wire.ts";
import { commit, type GroupWorld, groupCase, queryOf } from "./group-member.ts";
import { type Api, type HttpCase, jsonBody } from "./target.ts";

const lagOf = ({ path }: GroupWorld, api: Api): Promise<GroupLagBody> => api.json(`${path}/lag`);

export const groupOffsetCases: readonly HttpCase[] = [
  groupCase("a member goes on where the group has come to, with what was noted there", { partitions: 2 }, async (api, world) => {
    const { path, topic } = world;
    const ada = await world.join("ada");
    const acquired = () => api.json<GroupOffsetsBody>(`${path}/offsets?${queryOf(ada.identity)}`);
    const nothing = { topic, offset: null, metadata: "", committedMs: 0 };
    assert.deepEqual(await acquired(), { offsets: [0, 1].map((partition) => ({ ...nothing, partition })) });
    assert.deepEqual(await api.json<GroupOffsetsBody>(`${path}/offsets`), { offsets: [] });
    const before = Date.now();
    await ada.commit({ topic, partition: 1, offset: 7, metadata: "half – way" });
    const { offsets } = await acquired();
    const { committedMs = 0 } = offsets[1] ?? {};
    assert.ok(Math.abs(committedMs - before) < 3_600_000);
    const second = { topic, partition: 1, offset: 7, metadata: "half – way", committedMs };
    assert.deepEqual(offsets, [{ ...nothing, partition: 0 }, second]);
    assert.deepEqual(await api.json<GroupOffsetsBody>(`${path}/offsets`), { offsets: [second] });
    await ada.leave();
    assert.equal(await (await world.join("eve")).acquire(), "0@- 1@7");
  }),

  groupCase("a commit is taken whole or not at all, and never goes back", { partitions: 2 }, async (api, world) => {
    const { path, topic } = world;
    const ada = await world.join("ada");
    await ada.commit({ topic, partition: 0, offset: 5 });
    await ada.commit({ topic, partition: 0, offset: 5 });
    const offsets = [
      { topic, partition: 1, offset: 2 },
      { topic, partition: 0, offset: 4 },
    ];
    const back = await api.refused(400, "invalid_request", `${path}/offsets`, jsonBody({ ...ada.identity, offsets }));
    assert.equal(back["committedOffset"], 5);
    const beyond = [offsets[0], { topic, partition: 2, offset: 1 }];
    await api.refused(409, "illegal_generation", `${path}/offsets`, jsonBody({ ...ada.identity, offsets: beyond }));
    assert.equal(await world.committed(), "0@5");
    await ada.commit({ topic, partition: 1, offset: 2 }, { topic, partition: 0, offset: 6 });
    assert.equal(await world.committed(), "0@6 1@2");
  }),

  groupCase(
    "who has lost a partition cannot commit for it, and its next owner goes on where it had come to",
    { partitions: 2 },
    async (api, world) => {
      const { path, topic } = world;
      const ada = await world.join("ada");
      const early = ada.identity;
      const eve = await world.join("eve");
      await ada.beat({ held: { [topic]: [0, 1] } });
      await ada.commit({ topic, partition: 1, offset: 3 });
      const offsets = [{ topic, partition: 1, offset: 4 }];
      const tooSoon = jsonBody({ ...eve.identity, offsets });
      await api.refused(409, "illegal_generation", `${path}/offsets`, tooSoon);
      await ada.beat({ held: { [topic]: [0] } });
      await eve.beat();
      const refused = await api.refused(409, "illegal_generation", `${path}/offsets`, jsonBody({ ...ada.identity, offsets }));
      assert.match(refused.message, /Beat/);
      assert.equal(await eve.acquire(), "1@3");
      await eve.commit({ topic, partition: 1, offset: 8 });
      await eve.leave();
      assert.deepEqual((await ada.beat()).assigned, { [topic]: [0, 1] });
      await api.refused(
        409,
        "illegal_generation",
        `${path}/offsets`,
        jsonBody({ ...early, offsets: [{ topic, partition: 1, offset: 100 }] }),
      );
      assert.equal(await ada.acquire(), "0@- 1@8");
    },
  ),

  groupCase("acquiring is a member's alone, and gives only what it has", { partitions: 2 }, async (api, world) => {
    const { path } = world;
    await api.refused(404, "group_id_not_found", `${path}/offsets?member=ada&generation=1`);
    const ada = await world.join("ada");
    await world.join("eve");
    await ada.beat();
    assert.equal(await ada.acquire(), "0@-", "what it is to give back is not among them");
    await api.refused(404, "unknown_member_id", `${path}/offsets?member=bob&generation=1`);
    await api.refused(409, "fenced_instance_id", `${path}/offsets?member=ada&generation=1`);
  }),

  groupCase("offsets of a group without members are set from outside, to any offset", { partitions: 2 }, async (api, world) => {
    const { path, topic, group } = world;
    const set = (offset: number) => commit(api, group, { offsets: [{ topic, partition: 1, offset, metadata: "reset" }] });
    await set(9);
    const { state, members } = await world.describe();
    assert.deepEqual([state, members], ["Empty", []]);
    await set(2);
    assert.equal(await world.committed(), "1@2");
    const ada = await world.join("ada");
    assert.equal(await ada.acquire(), "0@- 1@2");
    const sent = jsonBody({ offsets: [{ topic, partition: 1, offset: 0 }] });
    const refused = await api.refused(409, "non_empty_group", `${path}/offsets`, sent);
    assert.match(refused.message, /stop/);
    assert.equal(await world.committed(), "1@2");
    await ada.leave();
    await set(0);
    assert.equal(await world.committed(), "1@0");
  }),

  groupCase("no offset is set for what is not there, and no group is made by it", { partitions: 1 }, async (api, world) => {
    const { path, topic } = world;
    const there = { topic, partition: 0, offset: 1 };
    for (const none of [
      { ...there, topic: `${topic}-none` },
      { ...there, partition: 1 },
    ]) {
      await api.refused(404, "unknown_topic_or_partition", `${path}/offsets`, jsonBody({ offsets: [there, none] }));
    }
    await api.refused(404, "group_id_not_found", path);
    await api.refused(404, "group_id_not_found", `${path}/offsets`);
  }),

  groupCase("a group's lag is what it has not come to of what is there", { partitions: 3 }, async (api, world) => {
    const { topic } = world;
    const records = [0, 0, 0, 0, 1].map((partition) => ({ value: "x", partition }));
    await api.produce(topic, records);
    const ada = await world.join("ada");
    const at = (partition: number, highWatermark: number) => ({
      topic,
      partition,
      offset: null,
      logStartOffset: 0,
      highWatermark,
      lag: null,
    });
    assert.deepEqual(await lagOf(world, api), { partitions: [at(0, 4), at(1, 1), at(2, 0)], lag: 0 }, "nothing is committed");
    await ada.commit(...[1, 1, 0].map((offset, partition) => ({ topic, partition, offset })));
    const lags = async (): Promise<readonly unknown[]> => {
      const { partitions, lag } = await lagOf(world, api);
      return [...partitions.map((each) => [each.offset, each.highWatermark, each.lag]), lag];
    };
    assert.deepEqual(await lags(), [[1, 4, 3], [1, 1, 0], [0, 0, 0], 3]);
    await api.produce(topic, [{ value: "x", partition: 2 }]);
    assert.deepEqual(await lags(), [[1, 4, 3], [1, 1, 0], [0, 1, 1], 4]);
    await api.json(`/topics/${topic}/partitions/0/records?before=3`, { method: "DELETE" });
    assert.deepEqual(await lags(), [[1, 4, 1], [1, 1, 0], [0, 1, 1], 2], "what was deleted is no lag");
    await ada.commit({ topic, partition: 0, offset: 99 });
    assert.deepEqual(await lags(), [[99, 4, 0], [1, 1, 0], [0, 1, 1], 1]);
    await ada.leave();
    assert.deepEqual((await lags()).at(-1), 1, "also without members");
  }),

  groupCase("what was committed for a topic is gone with it, also when there is another one of its name", {}, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    await ada.commit({ topic, partition: 0, offset: 5 });
    await api.send(`/topics/${topic}`, { method: "DELETE" });
    assert.equal(await world.committed(), "");
    await api.post("/topics", { name: topic }, 201);
    await ada.beat();
    assert.equal(await ada.acquire(), "0@-");
    await ada.commit({ topic, partition: 0, offset: 1 });
    assert.equal(await world.committed(), "0@1");
  }),
];
