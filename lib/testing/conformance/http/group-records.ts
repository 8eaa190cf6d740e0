import assert from "node:assert/strict";
import type { GroupRecordsBody } from "../../../http/group-wire.ts";
import { groupCase, type GroupMember, groupPath, queryOf } from "./group-member.ts";
import type { Api, HttpCase } from "./target.ts";

/** What a member fetches, as `partition:value`, and where it goes on, as `partition@offset`. */
async function fetched(api: Api, member: GroupMember, query = "autoOffsetReset=earliest"): Promise<readonly [string, string]> {
  const { records, offsets } = await api.json<GroupRecordsBody>(pathOf(member, query));
  const places = [...offsets].sort((a, b) => a.partition - b.partition);
  return [
    records.map(({ partition, value }) => `${partition}:${String(value)}`).join(" "),
    places.map(({ partition, offset }) => `${partition}@${offset}`).join(" "),
  ];
}

function pathOf({ group, identity }: GroupMember, query: string): string {
  return `${groupPath(group)}/records?${queryOf(identity)}&${query}`;
}

export const groupRecordsCases: readonly HttpCase[] = [
  groupCase("a member fetches, commits what the answer says, and goes on from there", { partitions: 2 }, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    await api.produce(topic, [
      { value: "a", partition: 1 },
      { value: "b", partition: 1 },
    ]);
    assert.deepEqual(await fetched(api, ada), ["1:a 1:b", "0@0 1@2"]);
    assert.deepEqual(await fetched(api, ada), ["1:a 1:b", "0@0 1@2"], "nothing was committed beyond the beginning");
    await ada.commit({ topic, partition: 1, offset: 1 });
    assert.deepEqual(await fetched(api, ada), ["1:b", "0@0 1@2"]);
    const positions = encodeURIComponent(`${topic}/1@2,${topic}/0@0`);
    assert.deepEqual(await fetched(api, ada, `positions=${positions}`), ["", "0@0 1@2"], "it has come further than it has committed");
    const [record] = (await api.json<GroupRecordsBody>(pathOf(ada, "format=base64"))).records;
    assert.deepEqual([record?.topic, record?.partition, record?.offset, record?.valueBase64], [topic, 1, 1, "Yg=="]);
  }),

  groupCase("a fetch of a member waits for the first record of any of its partitions", { partitions: 3 }, async (api, world) => {
    const ada = await world.join("ada");
    await fetched(api, ada);
    const waiting = fetched(api, ada, "wait=20000");
    await api.produce(world.topic, [{ value: "late", partition: 2 }]);
    assert.deepEqual(await waiting, ["2:late", "0@0 1@0 2@1"]);
  }),

  groupCase("latest begins where the group has come to, and passes over nothing after that", {}, async (api, world) => {
    const { topic } = world;
    await api.produce(topic, [{ value: "before" }]);
    const ada = await world.join("ada");
    assert.deepEqual(await fetched(api, ada, "autoOffsetReset=latest"), ["", "0@1"]);
    assert.equal(await world.committed(), "0@1");
    await api.produce(topic, [{ value: "after" }]);
    assert.deepEqual(await fetched(api, ada, "autoOffsetReset=latest"), ["0:after", "0@2"]);
  }),

  groupCase("a fetch has no more records than it may, and goes on after them", {}, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    await api.produce(
      topic,
      ["a", "b", "c"].map((value) => ({ value })),
    );
    assert.deepEqual(await fetched(api, ada, "autoOffsetReset=earliest&limit=2"), ["0:a 0:b", "0@2"]);
  }),

  groupCase("of partitions that another member has, nothing is fetched", { partitions: 2 }, async (api, world) => {
    const { topic } = world;
    const ada = await world.join("ada");
    const eve = await world.join("eve");
    await api.produce(topic, [
      { value: "a", partition: 0 },
      { value: "b", partition: 1 },
    ]);
    await ada.beat({ held: { [topic]: [0, 1] } });
    await ada.beat({ held: { [topic]: [0] } });
    await eve.beat();
    assert.deepEqual(await fetched(api, ada), ["0:a", "0@1"]);
    assert.deepEqual(await fetched(api, eve), ["1:b", "1@1"]);
  }),

  groupCase("a fetch of nobody who is there is refused, and so are positions that are none", {}, async (api, world) => {
    const ada = await world.join("ada");
    const of = (query: string): string => `${world.path}/records?${query}`;
    await api.refused(400, "invalid_request", of(""));
    await api.refused(400, "invalid_request", of("member=ada"));
    await api.refused(404, "unknown_member_id", of("member=nobody&generation=1"));
    await api.refused(409, "fenced_instance_id", of(`member=ada&session=other&generation=${ada.identity.generation}`));
    for (const positions of ["x", `${world.topic}/0`, `${world.topic}/0@1,${world.topic}/0@2`, `${world.topic}/0@99999999999999999999`]) {
      await api.refused(400, "invalid_request", pathOf(ada, `positions=${encodeURIComponent(positions)}`));
    }
    await api.refused(400, "invalid_request", pathOf(ada, "autoOffsetReset=first"));
    await api.refused(416, "offset_out_of_range", pathOf(ada, "autoOffsetReset=none"));
  }),
];
